"""The rules, each a plain function from a resource to what is wrong with it. Nothing but the standard library.

They look at what is sent to the cluster, not at the program that made it, so they also hold for what a person adds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from access_rules import audited, authenticated, authorized, closed, least_rights, narrow_acls, strong_keys
from network_rules import denied_by_default, narrow, not_exposed
from pod_rules import by_digest, no_idle_tokens, pinned, read_only, restricted, sized
from resources import ENVIRONMENT_LABEL, OWNER_LABEL, Resource, Rule, StackRule
from secret_rules import no_clear_secrets
from storage_rules import encrypted_at_rest

STATE_DECISION = "weir.io/state-decision"
PLAIN_HTTP = "weir.io/plain-http"
"""An annotation: the reason why something speaks HTTP in clear all the same."""
HTTP_PORTS = (80, 8000, 8080, 8081, 8088)
STATEFUL_KINDS = ("Kafka", "KafkaNodePool", "KafkaTopic", "K8ssandraCluster", "StatefulSet", "FlinkDeployment")


@dataclass(frozen=True)
class Violation:
    """A resource that breaks a rule."""

    rule: str
    resource: str
    problem: str

    def __str__(self) -> str:
        return f"{self.resource}: {self.problem} ({self.rule})"


def violations(resources: Iterable[Resource]) -> list[Violation]:
    """Whatever is wrong with any of `resources`, in their order."""
    return [_violation(rule.name, one, problem) for one in resources for rule in RULES for problem in rule.check(one)]


def stack_violations(resources: Iterable[Resource]) -> list[Violation]:
    """Whatever is wrong with a whole stack: with each of its resources, and with all of them together."""
    listed = list(resources)
    missing = (_violation(rule.name, one, problem) for rule in STACK_RULES for one, problem in rule.check(listed))
    return [*violations(listed), *missing]


def _violation(rule: str, resource: Resource, problem: str) -> Violation:
    return Violation(rule, f"{resource.kind or resource.type} {resource.name}", problem)


def owned(resource: Resource) -> Iterator[str]:
    """Every object has an owner."""
    if not resource.kind:
        return
    for label in (OWNER_LABEL, ENVIRONMENT_LABEL):
        if not resource.labels.get(label):
            yield f"metadata.labels: no label {label}; take the metadata from Site.metadata"


def protected(resource: Resource) -> Iterator[str]:
    """A stateful resource of an environment that keeps its data is protected."""
    stateful = resource.kind in STATEFUL_KINDS or resource.type.startswith("aiven:index/kafka")
    if stateful and resource.keeps_data and not resource.protect:
        yield "holds data but is not protected; create it with Component.keeper"


def volumes_outlive(resource: Resource) -> Iterator[str]:
    """Deleting an object does not delete its volumes."""
    if not resource.keeps_data:
        return
    if resource.kind == "KafkaNodePool" and any(volume.get("deleteClaim") for volume in _volumes(resource)):
        yield "spec.storage: deleteClaim is true, so the volumes would be deleted with the pool; set it to false"
    if resource.kind == "StatefulSet" and resource.spec.get("volumeClaimTemplates"):
        policy = resource.spec.get("persistentVolumeClaimRetentionPolicy") or {}
        if policy.get("whenDeleted", "Retain") != "Retain" or policy.get("whenScaled", "Retain") != "Retain":
            yield (
                "spec.persistentVolumeClaimRetentionPolicy: not Retain, so the volumes would be deleted with the "
                "pods; set it to Retain"
            )
    if resource.kind == "K8ssandraCluster":
        for datacenter in resource.spec.get("cassandra", {}).get("datacenters", []):
            kept = datacenter.get("metadata", {}).get("annotations", {})
            if kept.get("cassandra.datastax.com/delete-pvc") != "false":
                yield (
                    'spec.cassandra.datacenters: the annotation cassandra.datastax.com/delete-pvc is not "false", '
                    "so the volumes would be deleted with the datacenter; set it"
                )


def encrypted(resource: Resource) -> Iterator[str]:
    """Nothing talks in clear."""
    if resource.kind == "Kafka":
        for listener in resource.spec.get("kafka", {}).get("listeners", []):
            if not listener.get("tls"):
                yield f"spec.kafka.listeners.{listener.get('name')}: TLS is off; turn it on"
            if not listener.get("authentication"):
                yield f"spec.kafka.listeners.{listener.get('name')}: no authentication; require it"
    if resource.kind == "K8ssandraCluster":
        yield from _encrypted_cassandra(resource.spec)
    if resource.kind == "FlinkDeployment":
        settings = resource.spec.get("flinkConfiguration", {})
        if str(settings.get("security.ssl.internal.enabled")).lower() != "true":
            yield "spec.flinkConfiguration: security.ssl.internal.enabled is not true; set it to true"
        rest = str(settings.get("security.ssl.rest.enabled")).lower() == "true"
        if not rest and not resource.annotations.get(PLAIN_HTTP):
            yield (
                "spec.flinkConfiguration: security.ssl.rest.enabled is not true; set it to true, or give the "
                f"reason in {PLAIN_HTTP}"
            )
    if resource.kind == "Service" and not resource.annotations.get(PLAIN_HTTP):
        for port in resource.spec.get("ports", []):
            if port.get("name") == "http" or port.get("port") in HTTP_PORTS:
                yield f"spec.ports: {port['port']} serves plain HTTP; serve HTTPS, or give the reason in {PLAIN_HTTP}"
    if resource.kind == "Ingress" and not resource.spec.get("tls"):
        yield "spec.tls: missing, so people would log in unencrypted; add it"


def retention_set(resource: Resource) -> Iterator[str]:
    """Every topic sets its retention."""
    if resource.kind == "KafkaTopic":
        config = resource.spec.get("config", {})
        if "compact" not in str(config.get("cleanup.policy", "")) and "retention.ms" not in config:
            yield "spec.config: no retention.ms, so the broker's default would apply; set it"


def replicated(resource: Resource) -> Iterator[str]:
    """Data that is kept survives a broker's or a zone's loss."""
    if not resource.keeps_data:
        return
    if resource.kind == "KafkaTopic":
        if resource.spec.get("replicas", 0) < 3:
            yield f"spec.replicas: {resource.spec.get('replicas')}; data that is kept needs 3 copies"
        if int(resource.spec.get("config", {}).get("min.insync.replicas", 0)) < 2:
            yield (
                "spec.config: min.insync.replicas is below 2, so an acknowledged event could have a single copy; "
                "set it to 2"
            )
    if resource.kind == "Kafka":
        config = resource.spec.get("kafka", {}).get("config", {})
        if str(config.get("unclean.leader.election.enable", "false")).lower() != "false":
            yield (
                "spec.kafka.config: unclean.leader.election.enable is on, so a leader that lacks events could be "
                "elected; turn it off"
            )
    if resource.kind == "K8ssandraCluster":
        for datacenter in resource.spec.get("cassandra", {}).get("datacenters", []):
            if len(datacenter.get("racks", [])) < 3:
                yield "spec.cassandra.datacenters: fewer than 3 racks, so losing a zone would lose the quorum; use 3"


def state_kept(resource: Resource) -> Iterator[str]:
    """A job's upgrade keeps its state, unless a person decided otherwise in the stack file."""
    if resource.kind != "FlinkDeployment" or resource.annotations.get(STATE_DECISION):
        return
    if resource.spec.get("job", {}).get("upgradeMode") == "stateless":
        yield "spec.job.upgradeMode: stateless loses the deduplication state; use savepoint"


def enforced(resource: Resource) -> Iterator[str]:
    """A namespace refuses pods that are not restricted."""
    if resource.kind == "Namespace" and resource.labels.get("pod-security.kubernetes.io/enforce") != "restricted":
        yield "metadata.labels: pod-security.kubernetes.io/enforce is not restricted; set it"


def _volumes(resource: Resource) -> list[Mapping[str, Any]]:
    storage = resource.spec.get("storage") or {}
    return [storage, *(storage.get("volumes") or [])]


def _encrypted_cassandra(spec: Mapping[str, Any]) -> Iterator[str]:
    cassandra = spec.get("cassandra", {})
    for store in ("serverEncryptionStores", "clientEncryptionStores"):
        if not cassandra.get(store):
            yield f"spec.cassandra.{store}: missing, so connections would not be encrypted; add it"
    settings = cassandra.get("config", {}).get("cassandraYaml", {})
    client = settings.get("client_encryption_options", {})
    if not client.get("enabled") or client.get("optional"):
        yield "spec.cassandra.config.cassandraYaml.client_encryption_options: must be enabled, and not optional"
    if settings.get("server_encryption_options", {}).get("internode_encryption") != "all":
        yield "spec.cassandra.config.cassandraYaml.server_encryption_options.internode_encryption: must be all"
    if not spec.get("auth"):
        yield "spec.auth: off, so anybody could read and write; turn it on"


def _named(check: Callable[..., object]) -> tuple[str, str]:
    return check.__name__.replace("_", "-"), (check.__doc__ or "").strip()


RULES = tuple(
    Rule(*_named(check), check)
    for check in (
        owned,
        protected,
        volumes_outlive,
        encrypted,
        encrypted_at_rest,
        not_exposed,
        retention_set,
        replicated,
        state_kept,
        sized,
        pinned,
        by_digest,
        restricted,
        read_only,
        no_idle_tokens,
        no_clear_secrets,
        narrow,
        least_rights,
        narrow_acls,
        authorized,
        authenticated,
        audited,
        closed,
        strong_keys,
        enforced,
    )
)
STACK_RULES = tuple(StackRule(*_named(check), check) for check in (denied_by_default,))
