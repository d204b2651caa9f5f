"""The sides of flows: how a stack's pods are found, and what lies beyond them."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from weir.config.cassandra import CassandraProvider
from weir.config.existing import ExistingKafka
from weir.config.kafka import CLIENT_PORT, KafkaProvider
from weir.config.kubernetes import FlinkOperatorProvider
from weir.config.network import IdentityAgent
from weir.config.operators import operators_namespace, reach_in
from weir.config.stack import StackConfig
from weir.config.storage import ObjectStorage
from weir.config.superset import SupersetProvider

REGISTRY_PORT = 8080
COMPONENT_LABEL = "app.kubernetes.io/component"
ROLE_LABEL = "weir.io/component"
"""On pods that an operator makes: the recommended labels are its own there."""

Labels = tuple[tuple[str, str], ...]
Agents = tuple[tuple[str, int], ...]

AGENTS: dict[IdentityAgent, Agents] = {
    IdentityAgent.NONE: (),
    IdentityAgent.EKS_POD_IDENTITY: (("169.254.170.23/32", 80),),
    IdentityAgent.GKE_METADATA: (("169.254.169.252/32", 988), ("169.254.169.254/32", 80)),
}
"""Agent -> where it answers.

EKS: the user guide's "Set up the Amazon EKS Pod Identity Agent". GKE: "Network policy and Workload Identity" in the
guide to network policies: port 988 of .252 from 1.21 on, port 80 of .254 with Dataplane V2.
"""


@dataclass(frozen=True)
class Endpoint:
    """One side of a flow: pods of the platform, pods in other namespaces, or addresses."""

    name: str
    pods: tuple[Labels, ...] = ()
    """Each entry finds some of the pods."""
    namespaces: tuple[str, ...] = ()
    namespaces_pods: Labels = ()
    """Which pods of `namespaces`; without labels, all of them."""
    elsewhere: tuple[tuple[str, Labels], ...] = ()
    """Pods of other teams: a namespace, and which pods of it; without labels, all of them."""
    cidrs: tuple[str, ...] = ()
    outside: bool = False
    """All addresses but the cloud's metadata service."""
    everyone: bool = False
    """All pods of the namespace."""
    every_namespace: bool = False
    """All pods of all namespaces."""


OUTSIDE = Endpoint("addresses outside", outside=True)


def component(name: str, *others: Labels) -> Endpoint:
    """The pods that weir makes for a component, and those that an operator makes for it."""
    return Endpoint(name, (((COMPONENT_LABEL, name),), *others))


def role(name: str) -> Labels:
    """Pods that an operator makes, by the label that weir has it put on them."""
    return ((ROLE_LABEL, name),)


@dataclass(frozen=True)
class Endpoints:
    """The sides of all flows of one stack."""

    kafka: Endpoint
    kafka_setup: Endpoint
    cassandra: Endpoint
    flink: Endpoint
    streams: Endpoint
    loader: Endpoint
    references: Endpoint
    monitor: Endpoint
    registry: Endpoint
    trino: Endpoint
    trino_clients: Endpoint
    trino_people: Endpoint
    superset: Endpoint
    postgresql: Endpoint
    valkey: Endpoint
    operators: Endpoint
    cass_operator: Endpoint
    k8ssandra_operator: Endpoint
    monitoring: Endpoint
    ingress: Endpoint
    dns: Endpoint
    kubernetes: Endpoint
    bucket: Endpoint
    everyone: Endpoint = Endpoint("every pod", everyone=True)
    outside: Endpoint = OUTSIDE


def endpoints(stack: StackConfig) -> Endpoints:
    """How the pods of `stack` are found, and what they reach beyond them."""
    security, network = stack.security, stack.security.network
    strimzi = stack.kafka.provider is KafkaProvider.STRIMZI
    k8ssandra = stack.cassandra.provider is CassandraProvider.K8SSANDRA
    operated = stack.superset.provider is SupersetProvider.OPERATOR
    api_server = tuple(network.api_server_cidrs)
    return Endpoints(
        kafka=_existing_kafka(stack.kafka.existing)
        if stack.kafka.existing
        else component("kafka", *([(("strimzi.io/cluster", "kafka"),)] if strimzi else [])),
        kafka_setup=component("kafka-setup"),
        cassandra=component("cassandra", *([role("cassandra")] if k8ssandra else [])),
        flink=component("flink"),
        streams=component("kafka-streams"),
        loader=component("loader", *([role("loader")] if strimzi else [])),
        references=component("references"),
        monitor=component("monitor"),
        registry=service(urlsplit(stack.registry.existing.url).hostname or "")
        if stack.registry.existing
        else component("registry"),
        trino=component("trino"),
        trino_clients=Endpoint("pods of people", namespaces=tuple(stack.trino.client_namespaces)),
        trino_people=Endpoint("people outside", cidrs=tuple(stack.trino.allowed_cidrs)),
        superset=component("superset", *([role("superset")] if operated else [])),
        postgresql=component("superset-postgresql"),
        valkey=component("superset-valkey"),
        operators=_operators(stack),
        cass_operator=_operator(stack, "cass-operator"),
        k8ssandra_operator=_operator(stack, "k8ssandra-operator"),
        monitoring=Endpoint("monitoring", namespaces=(security.monitoring_namespace,)),
        ingress=Endpoint("ingress controllers", namespaces=tuple(security.allowed_ingress_namespaces)),
        dns=Endpoint(
            "the cluster's DNS",
            namespaces=tuple(network.dns.namespaces),
            namespaces_pods=tuple(sorted(network.dns.pod_labels.items())),
            cidrs=tuple(network.dns.cidrs),
        ),
        kubernetes=Endpoint("the API server", cidrs=api_server) if api_server else OUTSIDE,
        bucket=_bucket(stack),
    )


def kafka_ports(stack: StackConfig) -> tuple[int, ...]:
    """Where clients of the platform find Kafka."""
    return stack.kafka.existing.listener_ports if stack.kafka.existing else (CLIENT_PORT,)


def registry_ports(stack: StackConfig) -> tuple[int, ...]:
    """Where they find the registry."""
    existing = stack.registry.existing
    return (port_of_url(existing.url),) if existing else (REGISTRY_PORT,)


def bucket_ports(stack: StackConfig) -> tuple[int, ...]:
    """Where object storage listens: as the stack says, else as its address says."""
    given = tuple(stack.security.network.object_storage.ports)
    return given or (port_of(stack.storage.object_storage),)


def port_of(store: ObjectStorage | None) -> int:
    """The port of the service's address; that of HTTPS where it is the cloud's own."""
    return port_of_url(store.endpoint_url or "" if store else "")


def port_of_url(address: str) -> int:
    """The port that an address names, else that of its scheme."""
    url = urlsplit(address)
    return url.port or (80 if url.scheme == "http" else 443)


def namespace_of(host: str) -> str | None:
    """The namespace that a name inside the cluster has: `storage` of `minio.storage.svc.cluster.local`."""
    service, inside, domain = host.rstrip(".").partition(".svc")
    _, _, namespace = service.rpartition(".")
    return namespace if inside and service.count(".") and domain in ("", ".cluster.local") else None


def service(host: str) -> Endpoint:
    """A service that another team runs: in the cluster, where its name says so, or anywhere outside."""
    namespace = namespace_of(host)
    return Endpoint(f"namespace {namespace}", namespaces=(namespace,)) if namespace else OUTSIDE


def _existing_kafka(existing: ExistingKafka) -> Endpoint:
    """As its settings say; else in the namespaces that the brokers' names say, or, where one says none, anywhere."""
    if existing.cidrs:
        return Endpoint("the existing Kafka", cidrs=tuple(existing.cidrs))
    namespaces = {namespace_of(host) for host in existing.hosts}
    found = tuple(sorted(name for name in namespaces if name))
    return OUTSIDE if None in namespaces else Endpoint("the existing Kafka", namespaces=found)


def _bucket(stack: StackConfig) -> Endpoint:
    given = stack.security.network.object_storage
    if given.namespaces or given.cidrs:
        return Endpoint("object storage", namespaces=tuple(given.namespaces), cidrs=tuple(given.cidrs))
    store = stack.storage.object_storage
    return service(urlsplit(store.endpoint_url or "" if store else "").hostname or "")


def _operators(stack: StackConfig) -> Endpoint:
    """Those of the charts in their namespace; weir's own Deployment of Flink's shares the platform's namespace."""
    plain = stack.operators.flink is FlinkOperatorProvider.PLAIN
    return Endpoint(
        "the operators",
        pods=((((COMPONENT_LABEL, "operators"),),) if plain else ()),
        namespaces=((operators_namespace(stack),) if reach_in(stack) else ()),
    )


def _operator(stack: StackConfig, name: str) -> Endpoint:
    """One of the charts' operators, by the label that its chart gives the pod."""
    return Endpoint(name, namespaces=(operators_namespace(stack),), namespaces_pods=(("app.kubernetes.io/name", name),))
