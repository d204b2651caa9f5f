"""What must hold between the groups of a stack file. Pure; every finding is one line for a person."""

from __future__ import annotations

from collections.abc import Iterator

from weir.config import existing_rules, operators
from weir.config.cassandra import CassandraProvider
from weir.config.existing import ExistingAuthentication, RegistryProvider
from weir.config.flink import SIZED_FIELDS
from weir.config.kafka import ExternalListenerType, KafkaProvider
from weir.config.network import IdentityAgent
from weir.config.security import CertificateSource, SecretName
from weir.config.stack_settings import StackSettings, Target
from weir.config.streams import SIZED_STREAMS_FIELDS

# The operator's limit for the name of a FlinkDeployment, of which it makes the names of pods and services.
LONGEST_JOB_NAME = 45


def problems_of(stack: StackSettings) -> list[str]:
    """Every rule that the stack breaks, each as `field: what is wrong; what to do`."""
    rules = (
        *(_pipelines, _target, _overrides, _storage, _kafka, existing_rules.problems_of, _external_listener),
        *(_superset, _trino, _images, _promotions, _certificates, _network, operators.problems_of, _secrets),
    )
    return [problem for rule in rules for problem in rule(stack)]


def _secrets(stack: StackSettings) -> Iterator[str]:
    """The secrets of services that exist already: weir generates all others, and cannot make these up."""
    if stack.target is Target.EMBEDDED:
        return
    store, kafka = stack.storage.object_storage, stack.kafka.existing
    login = kafka.authentication if kafka else ExistingAuthentication.NONE
    registry = stack.registry.existing
    needed = {
        SecretName.SUPERSET_SIGN_IN_CLIENT_SECRET: ("superset.sign_in", stack.superset.sign_in),
        SecretName.METADATA_DATABASE_PASSWORD: ("superset.metadata_database", stack.superset.metadata_database),
        SecretName.CACHE_PASSWORD: ("superset.cache", stack.superset.cache),
        SecretName.OBJECT_STORAGE_ACCESS_KEY: ("storage.object_storage", store and not store.workload_identity),
        SecretName.OBJECT_STORAGE_SECRET_KEY: ("storage.object_storage", store and not store.workload_identity),
        SecretName.TRINO_PASSWORDS: ("trino.groups", stack.trino.groups),
        SecretName.KAFKA_PASSWORD: ("kafka.existing", login is ExistingAuthentication.SCRAM),
        SecretName.KAFKA_CLIENT_CERTIFICATE: ("kafka.existing", login is ExistingAuthentication.MTLS),
        SecretName.REGISTRY_PASSWORD: ("registry.existing", registry and registry.username),
        SecretName.KAFKA_CLIENT_KEY: ("kafka.existing", login is ExistingAuthentication.MTLS),
    }
    for name, (setting, wanted) in needed.items():
        if wanted and name not in stack.given_secrets:
            instead = ", or set storage.object_storage.workload_identity" if setting.startswith("storage") else ""
            yield f"{name}: missing; {setting} needs it. Run `pulumi config set --secret weir:{name}`{instead}"


def _pipelines(stack: StackSettings) -> Iterator[str]:
    twice = sorted({name for name in stack.pipelines if stack.pipelines.count(name) > 1})
    if twice:
        yield f"pipelines: {', '.join(twice)} is listed twice; list each once"
    groups = {
        "workload.pipelines": stack.workload.pipelines,
        "retention.pipelines": stack.retention.pipelines,
        "resources.flink": stack.resources.flink,
        "resources.streams": stack.resources.streams,
        "flink.state_decisions": stack.flink.state_decisions,
    }
    for field, group in groups.items():
        for name in group:
            if name not in stack.pipelines:
                yield (
                    f"{field}.{name}: the stack runs no pipeline with this name (it runs "
                    f"{', '.join(stack.pipelines)}); correct the name, or add it to pipelines"
                )


def _target(stack: StackSettings) -> Iterator[str]:
    if stack.target is Target.EMBEDDED:
        return
    for name in SIZED_FIELDS:
        if name in stack.flink.model_fields_set:
            yield (
                f"flink.{name}: sizing sets it on kubernetes; remove it, or override it for one pipeline with "
                f"resources.flink.<pipeline>{_override_of(name)}"
            )
    for name in SIZED_STREAMS_FIELDS & stack.streams.model_fields_set:
        yield f"streams.{name}: sizing sets it on kubernetes; remove it, or override resources.streams.<pipeline>"
    for name in stack.pipelines:
        if len(name) > LONGEST_JOB_NAME:
            yield (
                f"pipelines: {name!r} has {len(name)} characters, but a FlinkDeployment's name may have at most "
                f"{LONGEST_JOB_NAME}; shorten it"
            )


def _override_of(name: str) -> str:
    return {"task_managers": ".parallelism (task managers follow from it)"}.get(name, f".{name}")


def _overrides(stack: StackSettings) -> Iterator[str]:
    brokers, factor = stack.resources.kafka.brokers, stack.availability.kafka_replication_factor
    if brokers is not None and brokers < factor:
        yield (
            f"resources.kafka.brokers {brokers} is below availability.kafka_replication_factor {factor}; each copy "
            "needs its own broker: raise the brokers, or lower the factor"
        )
    controllers = stack.resources.kafka.controllers
    if controllers is not None and controllers % 2 == 0:
        yield (
            f"resources.kafka.controllers {controllers} is even; a quorum of {controllers} survives no more failures "
            f"than one of {controllers - 1}: use an odd number"
        )
    nodes, racks = stack.resources.cassandra.nodes_per_rack, len(stack.availability.zones)
    copies = stack.availability.cassandra_replication_factor
    if nodes is not None and nodes * racks < copies:
        yield (
            f"resources.cassandra.nodes_per_rack {nodes} in {racks} rack(s) makes {nodes * racks} nodes, fewer than "
            f"availability.cassandra_replication_factor {copies}; raise the nodes, or lower the factor"
        )
    for name, job in stack.resources.flink.items():
        if job.parallelism is not None and job.parallelism > stack.flink.max_parallelism:
            yield (
                f"resources.flink.{name}.parallelism {job.parallelism} is above flink.max_parallelism "
                f"{stack.flink.max_parallelism}; lower it (raising max_parallelism makes existing savepoints unusable)"
            )


def _storage(stack: StackSettings) -> Iterator[str]:
    store = stack.storage.object_storage
    if store is not None:
        if stack.availability.protect and store.encryption is None:
            yield (
                "storage.object_storage.encryption: missing, but availability.protect is true; set `algorithm` to "
                "aes256, to kms with a key, or to bucket where the bucket encrypts by default"
            )
        return
    wanting = {
        "retention.backups.enabled": stack.retention.backups.enabled,
        "retention.tiered_storage.enabled": stack.retention.tiered_storage.enabled,
        "availability.highly_available": stack.availability.highly_available and stack.target is Target.KUBERNETES,
    }
    for field, wanted in wanting.items():
        if wanted:
            yield f"{field}: needs a bucket, but storage.object_storage is missing; add it, or set {field} to false"


def _external_listener(stack: StackSettings) -> Iterator[str]:
    listener = stack.kafka.external_listener
    if listener is None:
        return
    if stack.target is Target.EMBEDDED:
        yield "kafka.external_listener: the embedded target's Kafka listens to this machine alone; remove it"
    if listener.type is ExternalListenerType.INGRESS and not stack.security.allowed_ingress_namespaces:
        yield (
            "kafka.external_listener.type: ingress needs a controller that may reach Kafka; name its namespace in "
            "security.allowed_ingress_namespaces"
        )


def _kafka(stack: StackSettings) -> Iterator[str]:
    if stack.kafka.provider is not KafkaProvider.AIVEN:
        return
    if stack.registry.provider is RegistryProvider.EXISTING:
        yield "registry.provider: existing, but Aiven's Kafka brings its own registry; remove registry"
    if stack.target is Target.EMBEDDED:
        yield (
            "kafka.provider: aiven is a managed service, but the embedded target runs its own broker; use target "
            "kubernetes"
        )
    if stack.availability.kafka_replication_factor < 2:
        yield "availability.kafka_replication_factor: Aiven topics need at least 2 copies; set it to 2 or more"


def _superset(stack: StackSettings) -> Iterator[str]:
    sign_in = stack.superset.sign_in
    if stack.availability.protect and stack.superset.host and not sign_in:
        yield (
            "superset.sign_in: missing; a protected environment with superset.host must not depend on a single "
            "password: add the identity provider, or remove host"
        )
    for name in sign_in.groups.readers_of if sign_in else ():
        if name not in stack.pipelines:
            yield (
                f"superset.sign_in.groups.readers_of.{name}: no such pipeline in this stack; name one of pipelines, or "
                "remove it"
            )


def _trino(stack: StackSettings) -> Iterator[str]:
    trino = stack.trino
    if trino.groups and stack.target is Target.EMBEDDED:
        yield (
            "trino.groups: the embedded target's Trino answers on loopback and asks nobody for a password; remove "
            "them, or use target kubernetes"
        )
    if trino.groups and not stack.security.tls:
        yield "trino.groups: people log in by password, which needs encryption; set security.tls to true"
    for name, group in trino.groups.items():
        for pipeline in group.pipelines:
            if pipeline not in stack.pipelines:
                yield (
                    f"trino.groups.{name}.pipelines: the stack runs no pipeline {pipeline!r} (it runs "
                    f"{', '.join(stack.pipelines)}); correct the name, or add it to pipelines"
                )


def _certificates(stack: StackSettings) -> Iterator[str]:
    if stack.security.certificates is not CertificateSource.GENERATED:
        return
    if stack.security.certificate_issuer is not None:
        yield (
            "security.certificate_issuer: needs cert-manager, but security.certificates is generated; remove the "
            "issuer, or set certificates to cert-manager"
        )
    if stack.availability.protect:
        yield (
            "security.certificates: generated certificates are never renewed, but the stack is protected "
            "(availability.protect); set it to cert-manager"
        )
    operated = {
        "kafka.provider": stack.kafka.provider in (KafkaProvider.PLAIN, KafkaProvider.EXISTING),
        "cassandra.provider": stack.cassandra.provider is CassandraProvider.PLAIN,
    }
    for field, plain in operated.items():
        if not plain:
            yield (
                f"{field}: its operator needs cert-manager, but security.certificates is generated; set {field} to "
                "plain, or certificates to cert-manager"
            )


def _network(stack: StackSettings) -> Iterator[str]:
    network, store = stack.security.network, stack.storage.object_storage
    if not network.dns.namespaces and not network.dns.cidrs:
        yield (
            "security.network.dns: neither namespaces nor cidrs, so pods could find no service by its name; give the "
            "namespaces of the DNS pods, or the addresses"
        )
    if network.dns.pod_labels and not network.dns.namespaces:
        yield "security.network.dns.pod_labels: there are no namespaces to look for them in; add dns.namespaces"
    if network.object_storage.model_fields_set and store is None:
        yield (
            "security.network.object_storage: says where the bucket's service answers, but storage.object_storage is "
            "missing; add it, or remove this"
        )
    if network.identity_agent is not IdentityAgent.NONE and not (store and store.workload_identity):
        yield (
            f"security.network.identity_agent: {network.identity_agent.value} hands credentials to pods that have an "
            "identity, but storage.object_storage.workload_identity is not true; set it, or remove the agent"
        )


def _images(stack: StackSettings) -> Iterator[str]:
    if stack.images.require_digests is False and stack.availability.protect:
        yield (
            "images.require_digests: false, but availability.protect is true, and a tag can become another image; "
            "remove it, and pin the images with `weir images pin`"
        )


def _promotions(stack: StackSettings) -> Iterator[str]:
    if stack.promotions.from_environment == stack.environment:
        yield (
            f"promotions.from_environment: {stack.environment!r} is this environment itself; name the one before it, "
            "or remove it"
        )
