"""Rules of who may do what: rights in Kubernetes and Kafka, logins, audit, keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from resources import Resource

GRANTING_VERBS = ("escalate", "bind", "impersonate")
"""They hand on rights that their holder lacks. Source: "RBAC Good Practices" in Kubernetes' documentation."""
POWERFUL_RESOURCES = (
    "secrets",
    "pods/exec",
    "pods/attach",
    "pods/portforward",
    "pods/ephemeralcontainers",
    "nodes/proxy",
    "serviceaccounts/token",
)
"""Each reads every Secret of the namespace, or runs as any of its pods. Source: as above."""
EVERYBODY = ("system:anonymous", "system:unauthenticated", "system:authenticated", "system:serviceaccounts")
POWERFUL_ROLES = ("cluster-admin", "admin", "edit")
RSA_BITS = 2048
"""NIST SP 800-57: the shortest RSA key for use until 2030."""
ECDSA_BITS = 256


def least_rights(resource: Resource) -> Iterator[str]:
    """A role lists what it allows, without Secrets, other people's pods, or rights to hand on."""
    if resource.kind in {"Role", "ClusterRole"}:
        for index, rule in enumerate(resource.props.get("rules") or []):
            yield from (f"rules.{index}.{problem}" for problem in _broad(rule))
    if resource.kind in {"RoleBinding", "ClusterRoleBinding"}:
        role = (resource.props.get("roleRef") or {}).get("name")
        if role in POWERFUL_ROLES:
            yield f"roleRef.name: {role} may do nearly everything; bind a role that lists what is needed"
        for subject in resource.props.get("subjects") or []:
            if subject.get("name") in EVERYBODY:
                yield f"subjects: {subject['name']} is everybody; name the account"


def narrow_acls(resource: Resource) -> Iterator[str]:
    """A user of Kafka has rules of its own, each for certain operations on certain names."""
    if resource.kind == "KafkaUser":
        if not resource.spec.get("authentication"):
            yield "spec.authentication: missing, so the user could not be told from others; set it"
        rules = (resource.spec.get("authorization") or {}).get("acls") or []
        if not rules:
            yield "spec.authorization.acls: empty; list what the user may do"
        for index, rule in enumerate(rules):
            target = rule.get("resource") or {}
            operations = [str(name) for name in rule.get("operations") or ["All"]]
            for problem in _broad_acl(operations, target.get("name"), target.get("type") == "cluster"):
                yield f"spec.authorization.acls.{index}.{problem}"
    if resource.type.startswith("aiven:index/kafkaNativeAcl"):
        cluster = resource.props.get("resourceType") == "Cluster"
        yield from _broad_acl([str(resource.props.get("operation"))], resource.props.get("resourceName"), cluster)
    if resource.type.startswith("aiven:index/kafkaAcl"):
        yield from _broad_acl([str(resource.props.get("permission"))], resource.props.get("topic"), False)


def authorized(resource: Resource) -> Iterator[str]:
    """Kafka asks for each request whether its user may do that."""
    if resource.kind != "Kafka":
        return
    kafka = resource.spec.get("kafka") or {}
    rights = kafka.get("authorization") or {}
    if not rights.get("type"):
        yield "spec.kafka.authorization: missing, so every user could read and write everything; set type: simple"
    if {"User:*", "User:ANONYMOUS"} & set(rights.get("superUsers") or []):
        yield "spec.kafka.authorization.superUsers: everybody; name the users"
    if str((kafka.get("config") or {}).get("allow.everyone.if.no.acl.found", "false")).lower() == "true":
        yield "spec.kafka.config: allow.everyone.if.no.acl.found is on, so what no rule names is open; turn it off"


def audited(resource: Resource) -> Iterator[str]:
    """Where data is kept, Cassandra writes down who logged in and who changed what."""
    if resource.kind != "K8ssandraCluster" or not resource.keeps_data:
        return
    cassandra = resource.spec.get("cassandra") or {}
    parts = [("spec.cassandra", cassandra)]
    parts += [
        (f"spec.cassandra.datacenters.{index}", part) for index, part in enumerate(cassandra.get("datacenters") or [])
    ]
    for path, part in parts:
        settings = (part.get("config") or {}).get("cassandraYaml")
        if settings is None and part is not cassandra:
            continue
        audit = (settings or {}).get("audit_logging_options") or {}
        if part is not cassandra and not audit:
            continue
        if audit.get("enabled") is not True:
            yield f"{path}.config.cassandraYaml.audit_logging_options.enabled: is not true; set it to true"
        kept = str(audit.get("included_categories", ""))
        dropped = str(audit.get("excluded_categories", ""))
        for category in ("AUTH", "DCL", "DDL"):
            if (kept and category not in kept) or category in dropped:
                yield f"{path}.config.cassandraYaml.audit_logging_options: leaves out {category}; include it"


def closed(resource: Resource) -> Iterator[str]:
    """A running Flink cluster takes no new job: whoever may send one runs code of his own in it."""
    if resource.kind != "FlinkDeployment":
        return
    settings = resource.spec.get("flinkConfiguration") or {}
    if str(settings.get("web.submit.enable", "true")).lower() != "false":
        yield "spec.flinkConfiguration: web.submit.enable is not false; set it to false"


def authenticated(resource: Resource) -> Iterator[str]:
    """Trino knows who asks."""
    if resource.kind != "ConfigMap":
        return
    settings = _properties(str((resource.props.get("data") or {}).get("config.properties", "")))
    # Without TLS there can be no logins; `encrypted` keeps a protected environment from being without.
    if settings.get("coordinator") != "true" or "http-server.https.port" not in settings:
        return
    if not settings.get("http-server.authentication.type"):
        yield "data.config.properties: no http-server.authentication.type, so anybody could query; set it"
    if settings.get("http-server.authentication.allow-insecure-over-http") == "true":
        yield "data.config.properties: http-server.authentication.allow-insecure-over-http is true; remove it"
    if settings.get("http-server.http.enabled", "true") != "false":
        yield "data.config.properties: http-server.http.enabled is not false; set it to false"


def strong_keys(resource: Resource) -> Iterator[str]:
    """No key is short enough to be broken."""
    if resource.kind != "Certificate":
        return
    key = resource.spec.get("privateKey") or {}
    algorithm, size = key.get("algorithm", "RSA"), key.get("size")
    least = {"RSA": RSA_BITS, "ECDSA": ECDSA_BITS}.get(algorithm)
    if least and size is not None and size < least:
        yield f"spec.privateKey.size: {size} bits are too few for {algorithm}; use at least {least}"


def _broad(rule: Mapping[str, Any]) -> Iterator[str]:
    for field in ("verbs", "resources", "apiGroups", "nonResourceURLs"):
        if "*" in (rule.get(field) or []):
            yield f"{field}: * allows what nobody has thought of; list them"
    for verb in GRANTING_VERBS:
        if verb in (rule.get("verbs") or []):
            yield f"verbs: {verb} hands on rights that the account lacks; remove it"
    for name in rule.get("resources") or []:
        if name in POWERFUL_RESOURCES or str(name).endswith("/*"):
            yield f"resources: {name} gives more than it says; mount what the pod needs instead"


def _broad_acl(operations: list[str], name: Any, cluster: bool) -> Iterator[str]:
    for operation in operations:
        if operation.lower() in {"all", "admin"}:
            yield f"operations: {operation} allows everything; list them"
        elif cluster and operation.lower() in {"alter", "clusteraction"}:
            yield f"operations: {operation} on the cluster changes other users' rights; remove it"
    if not cluster and name in {"*", "", None}:
        yield f"resource.name: {name!r} is every one; name it"


def _properties(text: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in text.splitlines() if not line.lstrip().startswith("#"))
    return {name.strip(): value.strip() for name, equals, value in pairs if equals}
