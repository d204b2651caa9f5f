"""Who may talk to whom, on which ports, and why: the table that network policies and their documentation come from."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from weir.catalog.spec import Engine
from weir.catalog.spec_clients import Client
from weir.components.flink import settings as flink
from weir.components.network_endpoints import (
    AGENTS,
    OUTSIDE,
    Endpoint,
    Endpoints,
    bucket_ports,
    component,
    endpoints,
    kafka_ports,
    registry_ports,
    role,
    service,
)
from weir.config.cassandra import CassandraProvider
from weir.config.kafka import CLIENT_PORT, EXTERNAL_PORT, ExternalListenerType, KafkaProvider
from weir.config.kubernetes import FlinkOperatorProvider
from weir.config.stack import StackConfig

HTTPS = 443
API_SERVER = (HTTPS, 6443)
"""Of its Service, and of the server itself."""


@dataclass(frozen=True)
class Flow:
    """`source` opens connections to `target`; nothing else may, and nothing on other ports."""

    name: str
    source: Endpoint
    target: Endpoint
    ports: tuple[int, ...]
    why: str
    udp: bool = False
    """The same ports for UDP, too."""


def flows(
    stack: StackConfig, engines: Collection[Engine] = (Engine.FLINK,), clients: Collection[Client] = ()
) -> list[Flow]:
    """Every flow of `stack`, whose pipelines run on `engines` and have `clients`, in the order of their names."""
    sides = endpoints(stack)
    found = [*_kafka(stack, sides), *_cassandra(stack, sides), *_flink(stack, sides), *_serving(stack, sides)]
    found += [*_storage(stack, sides), *_clients(stack, sides, clients)]
    if Engine.KAFKA_STREAMS in engines:
        found += _streams(stack, sides)
    found += [
        Flow("dns", sides.everyone, sides.dns, tuple(stack.security.network.dns.ports), "names of services", udp=True),
        Flow(
            "metrics",
            sides.monitoring,
            sides.everyone,
            (9000, 9249, 9404),
            "Prometheus reads what registry and Cassandra (9000), Flink (9249) and Kafka (9404) measure",
        ),
    ]
    return sorted(found, key=lambda flow: flow.name)


def _kafka(stack: StackConfig, sides: Endpoints) -> Iterator[Flow]:
    provider = stack.kafka.provider
    own_registry = () if stack.registry.existing else (sides.registry,)
    for source in (sides.flink, *own_registry, sides.monitor):
        if provider is KafkaProvider.AIVEN:
            ports, why = (443, *range(12691, 12701)), "events at Aiven, whose service says its ports"
            yield Flow(f"{source.name}-to-aiven", source, sides.outside, ports, why)
        else:
            why = "events of an existing Kafka" if stack.kafka.existing else "events, over TLS, each client by name"
            yield Flow(f"{source.name}-to-kafka", source, sides.kafka, kafka_ports(stack), why)
    if provider is KafkaProvider.STRIMZI:
        ports = (8443, 9090, 9091, 9093, 9404)
        yield Flow("kafka-internal", sides.kafka, sides.kafka, ports, "replication, controllers, Cruise Control")
        yield Flow("operators-to-kafka", sides.operators, sides.kafka, ports, "Strimzi rolls brokers one by one")
        yield Flow("kafka-to-kubernetes", sides.kafka, sides.kubernetes, API_SERVER, "topic and user operators")
    if provider is KafkaProvider.EXISTING:
        ports, why = kafka_ports(stack), "checks, and weir's own topics"
        yield Flow("kafka-setup-to-kafka", sides.kafka_setup, sides.kafka, ports, why)
        if stack.registry.existing:
            yield Flow("kafka-setup-to-registry", sides.kafka_setup, sides.registry, registry_ports(stack), "schemas")
    if provider is KafkaProvider.PLAIN:
        yield Flow("kafka-internal", sides.kafka, sides.kafka, (9094, 9095), "replication, controllers")
        yield Flow("kafka-setup-to-kafka", sides.kafka_setup, sides.kafka, (9094,), "topics, users, rules and quotas")


def _clients(stack: StackConfig, sides: Endpoints, clients: Collection[Client]) -> Iterator[Flow]:
    """Where somebody else runs Kafka, clients do not come through the platform's namespace."""
    if stack.kafka.provider in (KafkaProvider.AIVEN, KafkaProvider.EXISTING):
        return
    pods = {(client.namespace, tuple(sorted(client.pod_labels.items()))) for client in clients if client.namespace}
    if pods:
        source = Endpoint("clients", elsewhere=tuple(sorted(pods)))
        yield Flow("clients-to-kafka", source, sides.kafka, (CLIENT_PORT,), "their topics, over TLS, each by name")
        yield Flow("clients-to-registry", source, sides.registry, (8080,), "schemas of what they write and read")
    listener = stack.kafka.external_listener
    if listener is not None:
        # An ingress controller passes connections on as its own.
        networks = Endpoint("clients outside", cidrs=tuple(listener.allowed_cidrs))
        source = sides.ingress if listener.type is ExternalListenerType.INGRESS else networks
        yield Flow("outside-to-kafka", source, sides.kafka, (EXTERNAL_PORT,), "the same, from outside the cluster")


def _cassandra(stack: StackConfig, sides: Endpoints) -> Iterator[Flow]:
    for source in (sides.flink, sides.trino, sides.monitor):
        yield Flow(f"{source.name}-to-cassandra", source, sides.cassandra, (9042,), "rows, by a role of its own")
    ports, why = (7000, 7001, 9042), "copies between nodes, repairs, and the schema-and-roles job"
    yield Flow("cassandra-internal", sides.cassandra, sides.cassandra, ports, why)
    if stack.cassandra.provider is CassandraProvider.K8SSANDRA:
        # Neither asks who calls: the management interface makes a superuser, Medusa restores a backup.
        cass, k8ssandra = sides.cass_operator, sides.k8ssandra_operator
        nodes = Endpoint("nodes and Reaper", pods=(role("cassandra"),))
        yield Flow("cassandra-management", nodes, nodes, (8080,), "Reaper's repairs, through the management interface")
        yield Flow("cass-operator-to-cassandra", cass, sides.cassandra, (8080,), "the management interface: starts")
        why = "the management interface, and Medusa's backups"
        yield Flow("k8ssandra-operator-to-cassandra", k8ssandra, sides.cassandra, (8080, 50051), why)


def _flink(stack: StackConfig, sides: Endpoints) -> Iterator[Flow]:
    ports = (*flink.BETWEEN_PODS, flink.REST_PORT)
    yield Flow("flink-internal", sides.flink, sides.flink, ports, "job manager and task managers, over mutual TLS")
    yield Flow("operators-to-flink", sides.operators, sides.flink, (flink.REST_PORT,), "savepoints and the job's state")
    if stack.operators.flink is FlinkOperatorProvider.PLAIN:
        yield Flow("operators-to-kubernetes", sides.operators, sides.kubernetes, API_SERVER, "the operator makes pods")
    registry = registry_ports(stack)
    yield Flow("flink-to-registry", sides.flink, sides.registry, registry, "schemas of events")
    yield Flow("monitor-to-flink", sides.monitor, sides.flink, (flink.REST_PORT,), "the job's state and counters")
    yield Flow("monitor-to-registry", sides.monitor, sides.registry, registry, "schemas of the events that it samples")
    own = component("registry")
    yield Flow("registry-internal", own, sides.registry, registry, "schemas are registered")
    yield Flow("flink-to-kubernetes", sides.flink, sides.kubernetes, API_SERVER, "the leader's lease")


def _storage(stack: StackConfig, sides: Endpoints) -> Iterator[Flow]:
    """To the bucket, and to whoever hands out credentials for it: the same pods need both."""
    retention, ports = stack.retention, bucket_ports(stack)
    users = {
        "backups in object storage": (sides.cassandra, retention.backups.enabled),
        "checkpoints and savepoints": (sides.flink, stack.storage.object_storage is not None),
        "closed segments in object storage": (sides.kafka, retention.tiered_storage.enabled),
    }
    for why, (source, uses_it) in users.items():
        if uses_it:
            to_bucket = Flow(f"{source.name}-to-bucket", source, sides.bucket, ports, why)
            yield to_bucket
            yield from _identity(stack, to_bucket)


def _identity(stack: StackConfig, to_bucket: Flow) -> Iterator[Flow]:
    """To the agent on the node; without one, to the cloud's token service, if the flow to the bucket is not as wide."""
    store, source, why = stack.storage.object_storage, to_bucket.source, "credentials for object storage"
    if store is None or not store.workload_identity:
        return
    agents = AGENTS[stack.security.network.identity_agent]
    for number, (address, port) in enumerate(agents):
        name = f"{source.name}-to-identity{f'-{number + 1}' if number else ''}"
        yield Flow(name, source, Endpoint("the node's identity agent", cidrs=(address,)), (port,), why)
    if not agents and not (to_bucket.target.outside and HTTPS in to_bucket.ports):
        yield Flow(f"{source.name}-to-identity", source, OUTSIDE, (HTTPS,), why)


def _streams(stack: StackConfig, sides: Endpoints) -> Iterator[Flow]:
    for source in (sides.streams, sides.loader, sides.references):
        yield Flow(
            f"{source.name}-to-kafka", source, sides.kafka, kafka_ports(stack), "events, rows and totals, each by name"
        )
        why = "schemas of events, rows and totals"
        yield Flow(f"{source.name}-to-registry", source, sides.registry, registry_ports(stack), why)
    yield Flow("metrics-of-streams", sides.monitoring, sides.streams, (8080,), "Prometheus reads failures and counts")
    for source in (sides.loader, sides.references):
        yield Flow(f"{source.name}-to-cassandra", source, sides.cassandra, (9042,), "rows, by a role of its own")
    if stack.kafka.provider is KafkaProvider.STRIMZI:
        yield Flow("loader-internal", sides.loader, sides.loader, (8083,), "workers tell their leader of changes")
        yield Flow("operators-to-loader", sides.operators, sides.loader, (8083,), "connectors, and failed tasks")


def _serving(stack: StackConfig, sides: Endpoints) -> Iterator[Flow]:
    port = 8443 if stack.security.tls else 8080
    yield Flow("superset-to-trino", sides.superset, sides.trino, (port,), "queries of dashboards")
    yield Flow("trino-internal", sides.trino, sides.trino, (port,), "coordinator and workers")
    yield Flow("superset-internal", sides.superset, sides.superset, (8088,), "the dashboards' job waits for Superset")
    for name, given, target in (
        ("metadata", stack.superset.metadata_database, sides.postgresql),
        ("cache", stack.superset.cache, sides.valkey),
    ):
        default = 5432 if name == "metadata" else 6379
        if given is None:
            yield Flow(f"superset-to-{name}", sides.superset, target, (default,), f"Superset's own {name}")
        else:
            yield Flow(f"superset-to-{name}", sides.superset, service(given.host), (given.port,), f"the given {name}")
    if stack.security.allowed_ingress_namespaces:
        yield Flow("ingress-to-superset", sides.ingress, sides.superset, (8088,), "people, through an ingress")
    if stack.trino.client_namespaces:
        why = "people's tools in the cluster, by password"
        yield Flow("tools-to-trino", sides.trino_clients, sides.trino, (port,), why)
    if stack.trino.allowed_cidrs:
        why = "people's tools outside, by password"
        yield Flow("people-to-trino", sides.trino_people, sides.trino, (port,), why)
    if stack.superset.sign_in is not None:
        issuer = urlsplit(stack.superset.sign_in.issuer_url)
        target, ports = service(issuer.hostname or ""), (issuer.port or HTTPS,)
        yield Flow("superset-to-sign-in", sides.superset, target, ports, "the identity provider")


def table(stack: StackConfig) -> list[str]:
    """The flows as rows of a Markdown table."""
    rows = ["| flow | from | to | ports | for |", "|---|---|---|---|---|"]
    rows += [
        f"| `{flow.name}` | {flow.source.name} | {flow.target.name} | {_ports(flow)} | {flow.why} |"
        for flow in flows(stack)
    ]
    return rows


def _ports(flow: Flow) -> str:
    return ", ".join(str(port) for port in flow.ports) + (" (UDP and TCP)" if flow.udp else "")
