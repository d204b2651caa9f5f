"""The rules, each a plain function from a resource to what is wrong with it. Nothing but the standard library.

They look at what is sent to the cluster, not at the program that made it, so they also hold for what a person adds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pods import containers_of, pod_specs_of, required_containers

OWNER_LABEL = "weir.io/owner"
ENVIRONMENT_LABEL = "weir.io/environment"
STATE_DECISION = "weir.io/state-decision"
PLAIN_HTTP = "weir.io/plain-http"
"""An annotation: the reason why something speaks HTTP in clear all the same."""
HTTP_PORTS = (80, 8000, 8080, 8081, 8088)
IMAGES_LABEL = "weir.io/images"
BY_DIGEST = "by-digest"
KEPT_ENVIRONMENTS = ("staging", "prod")
"""Where data is not to be lost by a mistake."""
PRODUCTION = "prod"

STATEFUL_KINDS = ("Kafka", "KafkaNodePool", "KafkaTopic", "K8ssandraCluster", "StatefulSet", "FlinkDeployment")
_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")
_SECRET_NAME = re.compile(r"(password|secret|token|private_?key|credential)s?$", re.IGNORECASE)


@dataclass(frozen=True)
class Resource:
    """A resource as Pulumi is about to make it; `props` in the names of Kubernetes."""

    type: str
    name: str
    props: Mapping[str, Any]
    protect: bool = False

    @property
    def kind(self) -> str:
        """The kind, and nothing for what is not a Kubernetes object."""
        return str(self.props.get("kind", "")) if self.type.startswith("kubernetes:") else ""

    @property
    def spec(self) -> Mapping[str, Any]:
        """Its spec."""
        return self.props.get("spec") or {}

    @property
    def labels(self) -> Mapping[str, str]:
        """Its labels."""
        return (self.props.get("metadata") or {}).get("labels") or {}

    @property
    def annotations(self) -> Mapping[str, str]:
        """Its annotations."""
        return (self.props.get("metadata") or {}).get("annotations") or {}

    @property
    def environment(self) -> str:
        """The environment that it is labelled with, or tagged with where it is a cloud's."""
        tags = {tag.get("key"): tag.get("value") for tag in self.props.get("tags") or []}
        return str(self.labels.get(ENVIRONMENT_LABEL) or tags.get("environment") or "")


Check = Callable[[Resource], Iterable[str]]


@dataclass(frozen=True)
class Rule:
    """A rule: what it demands, and the function that finds what breaks it."""

    name: str
    description: str
    check: Check


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
    return [
        Violation(rule.name, f"{resource.kind or resource.type} {resource.name}", problem)
        for resource in resources
        for rule in RULES
        for problem in rule.check(resource)
    ]


def owned(resource: Resource) -> Iterator[str]:
    """Somebody answers for every object."""
    if not resource.kind:
        return
    for label in (OWNER_LABEL, ENVIRONMENT_LABEL):
        if not resource.labels.get(label):
            yield f"no label {label}; take metadata from Site.metadata"


def protected(resource: Resource) -> Iterator[str]:
    """A stateful resource of a kept environment is protected."""
    stateful = resource.kind in STATEFUL_KINDS or resource.type.startswith("aiven:index/kafka")
    if stateful and resource.environment in KEPT_ENVIRONMENTS and not resource.protect:
        yield "it holds data and is not protected; make it with Component.keeper"


def volumes_outlive(resource: Resource) -> Iterator[str]:
    """Deleting an object does not delete its volumes."""
    if resource.environment not in KEPT_ENVIRONMENTS:
        return
    if resource.kind == "KafkaNodePool" and any(volume.get("deleteClaim") for volume in _volumes(resource)):
        yield "spec.storage: deleteClaim is true; the volumes would go with the pool"
    if resource.kind == "StatefulSet" and resource.spec.get("volumeClaimTemplates"):
        policy = resource.spec.get("persistentVolumeClaimRetentionPolicy") or {}
        if policy.get("whenDeleted", "Retain") != "Retain" or policy.get("whenScaled", "Retain") != "Retain":
            yield "spec.persistentVolumeClaimRetentionPolicy: not Retain; the volumes would go with the pods"
    if resource.kind == "K8ssandraCluster":
        for datacenter in resource.spec.get("cassandra", {}).get("datacenters", []):
            kept = datacenter.get("metadata", {}).get("annotations", {})
            if kept.get("cassandra.datastax.com/delete-pvc") != "false":
                yield (
                    'spec.cassandra.datacenters: the annotation cassandra.datastax.com/delete-pvc is not "false"; '
                    "the volumes would go with the datacenter"
                )


def encrypted(resource: Resource) -> Iterator[str]:
    """Nothing talks in clear."""
    if resource.kind == "Kafka":
        for listener in resource.spec.get("kafka", {}).get("listeners", []):
            if not listener.get("tls"):
                yield f"spec.kafka.listeners.{listener.get('name')}: tls is off"
            if not listener.get("authentication"):
                yield f"spec.kafka.listeners.{listener.get('name')}: no authentication"
    if resource.kind == "K8ssandraCluster":
        yield from _encrypted_cassandra(resource.spec)
    if resource.kind == "FlinkDeployment":
        settings = resource.spec.get("flinkConfiguration", {})
        if str(settings.get("security.ssl.internal.enabled")).lower() != "true":
            yield "spec.flinkConfiguration: security.ssl.internal.enabled is not true"
        rest = str(settings.get("security.ssl.rest.enabled")).lower() == "true"
        if not rest and not resource.annotations.get(PLAIN_HTTP):
            yield f"spec.flinkConfiguration: security.ssl.rest.enabled is not true; or say why in {PLAIN_HTTP}"
    if resource.kind == "Service" and not resource.annotations.get(PLAIN_HTTP):
        for port in resource.spec.get("ports", []):
            if port.get("name") == "http" or port.get("port") in HTTP_PORTS:
                yield f"spec.ports: {port['port']} is HTTP in clear; serve HTTPS, or say why not in {PLAIN_HTTP}"
    if resource.kind == "Ingress" and not resource.spec.get("tls"):
        yield "spec.tls: missing; people would log in in clear"


def not_exposed(resource: Resource) -> Iterator[str]:
    """No service leaves the cluster by itself; what people reach goes through an ingress."""
    if resource.kind == "Service" and resource.spec.get("type", "ClusterIP") not in {"ClusterIP", "ExternalName"}:
        yield f"spec.type: {resource.spec['type']} opens it to outside the cluster; use ClusterIP and an ingress"


def retention_set(resource: Resource) -> Iterator[str]:
    """Every topic says how long it keeps what."""
    if resource.kind == "KafkaTopic":
        config = resource.spec.get("config", {})
        if "compact" not in str(config.get("cleanup.policy", "")) and "retention.ms" not in config:
            yield "spec.config: no retention.ms; the broker's default would decide"


def replicated(resource: Resource) -> Iterator[str]:
    """Production survives a broker's or a zone's loss."""
    if resource.environment != PRODUCTION:
        return
    if resource.kind == "KafkaTopic":
        if resource.spec.get("replicas", 0) < 3:
            yield f"spec.replicas: {resource.spec.get('replicas')}; production keeps 3 copies"
        if int(resource.spec.get("config", {}).get("min.insync.replicas", 0)) < 2:
            yield "spec.config: min.insync.replicas is below 2; an acknowledged event could have one copy"
    if resource.kind == "Kafka":
        config = resource.spec.get("kafka", {}).get("config", {})
        if str(config.get("unclean.leader.election.enable", "false")).lower() != "false":
            yield "spec.kafka.config: unclean.leader.election.enable is on; it elects a leader that lacks events"
    if resource.kind == "K8ssandraCluster":
        for datacenter in resource.spec.get("cassandra", {}).get("datacenters", []):
            if len(datacenter.get("racks", [])) < 3:
                yield "spec.cassandra.datacenters: fewer than 3 racks; a zone's loss would lose the quorum"


def state_kept(resource: Resource) -> Iterator[str]:
    """A job's upgrade keeps its state, unless a person decided otherwise in the stack file."""
    if resource.kind != "FlinkDeployment" or resource.annotations.get(STATE_DECISION):
        return
    if resource.spec.get("job", {}).get("upgradeMode") == "stateless":
        yield "spec.job.upgradeMode: stateless forgets every event that was seen; use savepoint"


def sized(resource: Resource) -> Iterator[str]:
    """Every container says what it needs and what it may take at most."""
    for path, container in containers_of(resource.kind, resource.props):
        given = container.get("resources") or {}
        for bound, names in (("requests", ("cpu", "memory")), ("limits", ("cpu", "memory"))):
            for name in names:
                if not (given.get(bound) or {}).get(name):
                    yield f"{path}: no resources.{bound}.{name}"


def pinned(resource: Resource) -> Iterator[str]:
    """Every image is one certain image."""
    for path, image in _images(resource):
        yield from (f"{path}.image: {image!r} {problem}" for problem in _unpinned(image))


def by_digest(resource: Resource) -> Iterator[str]:
    """Where an environment takes its images by digest, every image has one: a tag can become another image."""
    if resource.labels.get(IMAGES_LABEL) != BY_DIGEST:
        return
    for path, image in _images(resource):
        if not _DIGEST.search(image):
            yield f"{path}.image: {image!r} has no digest; promote it, or write images.digests"


def restricted(resource: Resource) -> Iterator[str]:
    """Every pod meets the `restricted` Pod Security Standard, init and side containers too."""
    for path, pod in pod_specs_of(resource.kind, resource.props):
        for name in ("hostNetwork", "hostPID", "hostIPC"):
            if pod.get(name):
                yield f"{path}.{name}: the pod would see the node"
        for volume in pod.get("volumes") or []:
            if "hostPath" in volume:
                yield f"{path}.volumes.{volume.get('name')}: hostPath reaches into the node"
        for where, container in required_containers(resource.kind, path, pod):
            yield from (f"{where}.{problem}" for problem in _unrestricted(container, pod.get("securityContext") or {}))


def no_idle_tokens(resource: Resource) -> Iterator[str]:
    """A pod that does not speak to Kubernetes has no token for it."""
    for path, pod in pod_specs_of(resource.kind, resource.props):
        if not pod.get("serviceAccountName") and pod.get("automountServiceAccountToken") is not False:
            yield f"{path}: mounts the default service account's token; set automountServiceAccountToken to false"


def no_clear_secrets(resource: Resource) -> Iterator[str]:
    """Secrets lie in Secrets: not in environment variables, arguments or ConfigMaps."""
    for path, container in containers_of(resource.kind, resource.props):
        for variable in container.get("env") or []:
            if _SECRET_NAME.search(str(variable.get("name", ""))) and variable.get("value"):
                yield f"{path}.env.{variable['name']}: a secret in clear; take it from a Secret"
    if resource.kind == "ConfigMap":
        for key in resource.props.get("data") or {}:
            if _SECRET_NAME.search(key):
                yield f"data.{key}: a secret in clear; put it into a Secret"


def narrow(resource: Resource) -> Iterator[str]:
    """A network policy names whom it lets through, and on which ports."""
    if resource.kind != "NetworkPolicy":
        return
    for direction, peers in (("ingress", "from"), ("egress", "to")):
        for rule in resource.spec.get(direction) or []:
            if not rule.get("ports"):
                yield f"spec.{direction}: a rule without ports opens all of them"
            if not rule.get(peers) and direction == "ingress":
                yield f"spec.{direction}: a rule without `{peers}` opens it to everybody"


def enforced(resource: Resource) -> Iterator[str]:
    """A namespace refuses pods that are not restricted."""
    if resource.kind == "Namespace" and resource.labels.get("pod-security.kubernetes.io/enforce") != "restricted":
        yield "metadata.labels: pod-security.kubernetes.io/enforce is not restricted"


def _volumes(resource: Resource) -> list[Mapping[str, Any]]:
    storage = resource.spec.get("storage") or {}
    return [storage, *(storage.get("volumes") or [])]


def _encrypted_cassandra(spec: Mapping[str, Any]) -> Iterator[str]:
    cassandra = spec.get("cassandra", {})
    for store in ("serverEncryptionStores", "clientEncryptionStores"):
        if not cassandra.get(store):
            yield f"spec.cassandra.{store}: missing; connections would be in clear"
    settings = cassandra.get("config", {}).get("cassandraYaml", {})
    client = settings.get("client_encryption_options", {})
    if not client.get("enabled") or client.get("optional"):
        yield "spec.cassandra.config.cassandraYaml.client_encryption_options: must be enabled and not optional"
    if settings.get("server_encryption_options", {}).get("internode_encryption") != "all":
        yield "spec.cassandra.config.cassandraYaml.server_encryption_options.internode_encryption: must be all"
    if not spec.get("auth"):
        yield "spec.auth: is off; anybody could read and write"


def _images(resource: Resource) -> Iterator[tuple[str, str]]:
    """The images that it names, each with the path of what runs it."""
    for path, container in containers_of(resource.kind, resource.props):
        if image := container.get("image"):
            yield path, str(image)
    if resource.kind == "FlinkDeployment":
        yield "spec", str(resource.spec.get("image", ""))


def _unpinned(image: str) -> Iterator[str]:
    if _DIGEST.search(image):
        return
    tag = image.rpartition("/")[2].partition(":")[2]
    if not tag:
        yield "has no tag; pin its version"
    elif tag == "latest":
        yield "is whatever is newest; pin its version"


def _unrestricted(container: Mapping[str, Any], pod: Mapping[str, Any]) -> Iterator[str]:
    own = container.get("securityContext") or {}
    if own.get("privileged"):
        yield "securityContext.privileged: is true"
    if own.get("allowPrivilegeEscalation") is not False:
        yield "securityContext.allowPrivilegeEscalation: is not false"
    if "ALL" not in ((own.get("capabilities") or {}).get("drop") or []):
        yield "securityContext.capabilities.drop: does not have ALL"
    if (own.get("capabilities") or {}).get("add"):
        yield "securityContext.capabilities.add: adds some"
    if own.get("runAsNonRoot", pod.get("runAsNonRoot")) is not True:
        yield "securityContext.runAsNonRoot: is not true"
    if own.get("runAsUser", pod.get("runAsUser")) == 0:
        yield "securityContext.runAsUser: is root"
    profile = own.get("seccompProfile") or pod.get("seccompProfile") or {}
    if profile.get("type") not in {"RuntimeDefault", "Localhost"}:
        yield "securityContext.seccompProfile.type: is not RuntimeDefault"


RULES = tuple(
    Rule(check.__name__.replace("_", "-"), (check.__doc__ or "").strip(), check)
    for check in (
        owned,
        protected,
        volumes_outlive,
        encrypted,
        not_exposed,
        retention_set,
        replicated,
        state_kept,
        sized,
        pinned,
        by_digest,
        restricted,
        no_idle_tokens,
        no_clear_secrets,
        narrow,
        enforced,
    )
)
