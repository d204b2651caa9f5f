"""Who may talk to whom, on which ports, and why: the table that network policies and their documentation come from."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from weir.catalog.spec import Engine
from weir.components.network_endpoints import AGENTS, OUTSIDE, Endpoint, Endpoints, bucket_ports, endpoints, service
from weir.config.cassandra import CassandraProvider
from weir.config.kafka import KafkaProvider
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


def flows(stack: StackConfig, engines: Collection[Engine] = (Engine.FLINK,)) -> list[Flow]:
    """Every flow of `stack`, whose pipelines run on `engines`, in the order of their names."""
    sides = endpoints(stack)
    found = [*_kafka(stack, sides), *_cassandra(stack, sides), *_flink(stack, sides), *_serving(stack, sides)]
    found += _storage(stack, sides)
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
    for source in (sides.flink, sides.registry, sides.monitor):
        if provider is KafkaProvider.AIVEN:
            ports, why = (443, *range(12691, 12701)), "events at Aiven, whose service says its ports"
            yield Flow(f"{source.name}-to-aiven", source, sides.outside, ports, why)
        else:
            yield Flow(f"{source.name}-to-kafka", source, sides.kafka, (9093,), "events, over TLS, each client by name")
    if provider is KafkaProvider.STRIMZI:
        ports = (8443, 9090, 9091, 9093, 9404)
        yield Flow("kafka-internal", sides.kafka, sides.kafka, ports, "replication, controllers, Cruise Control")
        yield Flow("operators-to-kafka", sides.operators, sides.kafka, ports, "Strimzi rolls brokers one by one")
        yield Flow("kafka-to-kubernetes", sides.kafka, sides.kubernetes, API_SERVER, "topic and user operators")
    if provider is KafkaProvider.PLAIN:
        yield Flow("kafka-internal", sides.kafka, sides.kafka, (9094, 9095), "replication, controllers")
        yield Flow("kafka-setup-to-kafka", sides.kafka_setup, sides.kafka, (9094,), "topics, users, rules and quotas")


def _cassandra(stack: StackConfig, sides: Endpoints) -> Iterator[Flow]:
    for source in (sides.flink, sides.trino, sides.monitor):
        yield Flow(f"{source.name}-to-cassandra", source, sides.cassandra, (9042,), "rows, by a role of its own")
    yield Flow(
        "cassandra-internal",
        sides.cassandra,
        sides.cassandra,
        (7000, 7001, 8080, 9042),
        "copies between nodes, repairs, and the schema-and-roles job",
    )
    if stack.cassandra.provider is CassandraProvider.K8SSANDRA:
        why = "the management interface, Reaper and Medusa: for the operators alone"
        yield Flow("operators-to-cassandra", sides.operators, sides.cassandra, (8080, 9042, 50051), why)


def _flink(stack: StackConfig, sides: Endpoints) -> Iterator[Flow]:
    ports = (6121, 6122, 6123, 6124, 8081)
    yield Flow("flink-internal", sides.flink, sides.flink, ports, "job manager and task managers, over mutual TLS")
    yield Flow("operators-to-flink", sides.operators, sides.flink, (8081,), "savepoints and the job's state")
    if stack.operators.flink is FlinkOperatorProvider.PLAIN:
        yield Flow("operators-to-kubernetes", sides.operators, sides.kubernetes, API_SERVER, "the operator makes pods")
    yield Flow("flink-to-registry", sides.flink, sides.registry, (8080,), "schemas of events")
    yield Flow("monitor-to-flink", sides.monitor, sides.flink, (8081,), "the job's state and counters")
    yield Flow("monitor-to-registry", sides.monitor, sides.registry, (8080,), "schemas of the events that it samples")
    yield Flow("registry-internal", sides.registry, sides.registry, (8080,), "schemas are registered")
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
        yield Flow(f"{source.name}-to-kafka", source, sides.kafka, (9093,), "events, rows and totals, each by name")
        yield Flow(f"{source.name}-to-registry", source, sides.registry, (8080,), "schemas of events, rows and totals")
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
    if stack.superset.oauth is not None:
        yield Flow("superset-to-login", sides.superset, sides.outside, (443,), "the identity provider")


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
