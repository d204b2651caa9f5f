"""What each service promises to the pipelines, asked of the real ones."""

from __future__ import annotations

import json
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import psutil
import pytest
from cassandra.cluster import Cluster, Session
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.admin._resource import ResourceType
from tests.platforms import logs_at_start

from weir.catalog.pipeline import Pipeline, load_pipeline
from weir.catalog.tables import Table
from weir.catalog.topics import Topic
from weir.catalog.types import ColumnType
from weir.clients.http import platform_client
from weir.config.errors import WeirError
from weir.config.repository import REPOSITORY
from weir.local import flink, lifecycle, provision, state
from weir.local.service import CASSANDRA_DATACENTER, LOOPBACK, Context

pytestmark = pytest.mark.contract

TABLE = Table(
    keyspace="contract",
    name="readings",
    columns={"sensor": ColumnType.TEXT, "at": ColumnType.TIMESTAMP, "value": ColumnType.DOUBLE},
    partition_key=("sensor",),
    clustering_key=("at",),
)


@pytest.fixture(scope="module")
def ctx(platform_of: Callable[..., Context]) -> Context:
    """Kafka, Cassandra, the registry and Flink."""
    return platform_of("kafka", "cassandra", "registry", "flink")


@pytest.fixture(scope="module")
def flights() -> Pipeline:
    return load_pipeline(REPOSITORY / "pipelines" / "flights")


@pytest.fixture
def session(ctx: Context) -> Iterator[Session]:
    cluster = Cluster([LOOPBACK], port=ctx.ports.cassandra)
    yield cluster.connect()
    cluster.shutdown()


def process_of(ctx: Context, name: str) -> psutil.Process:
    known = state.read(ctx.paths)
    assert known is not None
    service = known.service(name)
    assert service is not None
    assert service.pid is not None
    return psutil.Process(service.pid)


@pytest.mark.parametrize("name", ["kafka", "cassandra", "registry", "flink-jobmanager", "flink-taskmanager-1"])
def test_it_listens_on_loopback_only(ctx: Context, name: str) -> None:
    listening = [c for c in process_of(ctx, name).net_connections() if c.status == psutil.CONN_LISTEN]
    assert listening
    assert {connection.laddr.ip.removeprefix("::ffff:") for connection in listening} == {LOOPBACK}


@pytest.mark.parametrize("name", ["kafka", "cassandra", "registry", "flink-jobmanager", "flink-taskmanager-1"])
def test_its_log_tells_no_error_at_the_start(ctx: Context, name: str) -> None:
    lines = (logs_at_start(ctx.paths) / f"{name}.log").read_text(errors="replace").splitlines()
    assert lines
    assert [line for line in lines if " ERROR " in line or line.startswith("Exception")] == []


def test_a_misspelt_topic_is_not_made(ctx: Context) -> None:
    errors: list[KafkaError | None] = []
    producer = Producer({"bootstrap.servers": ctx.endpoints.kafka_bootstrap_servers, "message.timeout.ms": 3000})
    producer.produce("flihgts", b"x", on_delivery=lambda error, _: errors.append(error))
    producer.flush(10)
    assert [error.code() for error in errors if error] in (
        [KafkaError.UNKNOWN_TOPIC_OR_PART],
        [KafkaError._MSG_TIMED_OUT],
    )
    assert (
        "flihgts" not in AdminClient({"bootstrap.servers": ctx.endpoints.kafka_bootstrap_servers}).list_topics().topics
    )


def test_records_outlive_a_restart_of_the_broker(ctx: Context) -> None:
    servers = ctx.endpoints.kafka_bootstrap_servers
    provision.create_topics(servers, [Topic("restarted", 1)])
    producer = Producer({"bootstrap.servers": servers, "acks": "all"})
    producer.produce("restarted", b"kept")
    assert producer.flush(10) == 0
    lifecycle.restart(ctx.paths, "kafka")
    consumer = Consumer({"bootstrap.servers": servers, "group.id": "contract", "auto.offset.reset": "earliest"})
    consumer.subscribe(["restarted"])
    message = consumer.poll(30)
    consumer.close()
    assert message is not None
    assert message.value() == b"kept"


def test_a_transaction_may_last_as_long_as_the_stack_says(ctx: Context) -> None:
    allowed = {
        "bootstrap.servers": ctx.endpoints.kafka_bootstrap_servers,
        "transactional.id": "contract",
        "transaction.timeout.ms": ctx.stack.flink.transaction_timeout_seconds * 1000,
    }
    Producer(allowed).init_transactions(30)
    with pytest.raises(KafkaException) as refused:
        Producer(allowed | {"transaction.timeout.ms": 2 * allowed["transaction.timeout.ms"]}).init_transactions(30)
    assert refused.value.args[0].code() == KafkaError.INVALID_TRANSACTION_TIMEOUT


def test_cassandra_keeps_rows_over_a_restart_in_the_trie_format(ctx: Context) -> None:
    provision.create_tables(ctx.endpoints, [TABLE])
    insert = "INSERT INTO contract.readings (sensor, at, value) VALUES ('a', '2013-01-01', 1.5)"
    run_cql(ctx, insert)
    lifecycle.restart(ctx.paths, "cassandra")
    assert run_cql(ctx, "SELECT value FROM contract.readings WHERE sensor = 'a'") == [(1.5,)]
    sstables = [path.name for path in (ctx.paths.data("cassandra") / "data").rglob("*-Data.db")]
    assert sstables
    assert all("-bti-" in name for name in sstables)


def test_the_datacenter_is_the_one_that_clients_are_told(session: Session) -> None:
    row = session.execute("SELECT data_center, release_version FROM system.local").one()
    assert row is not None
    assert row.data_center == CASSANDRA_DATACENTER


def test_schema_ids_outlive_a_restart_of_the_registry(ctx: Context, flights: Pipeline) -> None:
    provision.register_subjects(ctx.endpoints.registry_url, [flights])
    before = schema_id(ctx, flights)
    lifecycle.restart(ctx.paths, "registry")
    assert schema_id(ctx, flights) == before
    provision.register_subjects(ctx.endpoints.registry_url, [flights])
    assert schema_id(ctx, flights) == before, "registering again changes nothing"


def test_flink_offers_the_slots_and_checkpoints_of_the_stack(ctx: Context) -> None:
    with platform_client(10, base_url=ctx.endpoints.flink_url, login=ctx.endpoints.flink_login) as client:
        overview = client.get("/overview").json()
        settings = {entry["key"]: entry["value"] for entry in client.get("/jobmanager/config").json()}
    assert overview["slots-total"] == ctx.stack.flink.task_slots * ctx.stack.flink.task_managers
    assert settings["execution.checkpointing.dir"] == flink.checkpoint_folder(ctx).as_uri()
    assert settings["execution.checkpointing.externalized-checkpoint-retention"] == "RETAIN_ON_CANCELLATION"


def test_flink_knows_the_connectors(ctx: Context) -> None:
    names = {path.name.rsplit("-", 1)[0] for path in (ctx.toolchain.home("flink") / "lib").glob("*.jar")}
    assert {"flink-connector-cassandra", "flink-avro-registry"} <= names


def test_provisioning_twice_changes_nothing(ctx: Context, flights: Pipeline, session: Session) -> None:
    provision.provision(ctx.endpoints, [flights])
    first = described(session, flights.name)
    provision.provision(ctx.endpoints, [flights])
    assert described(session, flights.name) == first
    assert {table.name for table in flights.tables} <= set(first)
    wanted = {topic.name: topic.partitions for topic in flights.topics}
    assert wanted.items() <= topics_of(ctx).items()


def test_a_new_column_is_added_and_rows_stay(ctx: Context) -> None:
    provision.create_tables(ctx.endpoints, [TABLE])
    run_cql(ctx, "INSERT INTO contract.readings (sensor, at, value) VALUES ('b', '2013-01-01', 2.5)")
    wider = replace(TABLE, columns={**TABLE.columns, "unit": ColumnType.TEXT})
    provision.create_tables(ctx.endpoints, [wider])
    assert run_cql(ctx, "SELECT value, unit FROM contract.readings WHERE sensor = 'b'") == [(2.5, None)]


def test_a_changed_lifetime_is_applied_and_rows_stay(ctx: Context) -> None:
    provision.create_tables(ctx.endpoints, [TABLE])
    run_cql(ctx, "INSERT INTO contract.readings (sensor, at, value) VALUES ('c', '2013-01-01', 3.5)")
    for changed in (replace(TABLE, ttl_seconds=90 * 86_400, gc_grace_seconds=3600), TABLE):
        provision.create_tables(ctx.endpoints, [changed])
        found = run_cql(
            ctx,
            "SELECT default_time_to_live, gc_grace_seconds, compaction['class'] FROM system_schema.tables "
            "WHERE keyspace_name = 'contract' AND table_name = 'readings'",
        )
        kind = "TimeWindow" if changed.ttl_seconds else "SizeTiered"
        strategy = f"org.apache.cassandra.db.compaction.{kind}CompactionStrategy"
        assert found == [(changed.ttl_seconds, changed.gc_grace_seconds, strategy)]
    assert run_cql(ctx, "SELECT value FROM contract.readings WHERE sensor = 'c'") == [(3.5,)]


def test_another_key_or_type_is_refused_and_says_why(ctx: Context) -> None:
    provision.create_tables(ctx.endpoints, [TABLE])
    refused = r"readings: its key is \(\(sensor\), at\) but the pipeline file says \(\(sensor\)\); a primary key cannot"
    with pytest.raises(WeirError, match=refused):
        provision.create_tables(ctx.endpoints, [replace(TABLE, clustering_key=())])
    other = replace(TABLE, columns={**TABLE.columns, "value": ColumnType.TEXT})
    with pytest.raises(WeirError, match=r"readings\.value: its type is double but the pipeline file says text"):
        provision.create_tables(ctx.endpoints, [other])


def test_another_number_of_partitions_is_refused_and_says_why(ctx: Context) -> None:
    servers = ctx.endpoints.kafka_bootstrap_servers
    provision.create_topics(servers, [Topic("ordered", 2)])
    with pytest.raises(WeirError, match=r"ordered has 2 partitions, but its pipeline file says 3; .*breaks the order"):
        provision.create_topics(servers, [Topic("ordered", 3)])


def test_a_changed_topic_setting_is_applied(ctx: Context) -> None:
    servers = ctx.endpoints.kafka_bootstrap_servers
    for hours in ("1000", "2000"):
        provision.create_topics(servers, [Topic("kept", 1, {"retention.ms": hours})])
    resource = ConfigResource(ResourceType.TOPIC, "kept")
    client = AdminClient({"bootstrap.servers": servers})
    assert client.describe_configs([resource])[resource].result(30)["retention.ms"].value == "2000"


def test_an_incompatible_schema_is_refused_with_the_registrys_reason(ctx: Context, flights: Pipeline) -> None:
    provision.register_subjects(ctx.endpoints.registry_url, [flights])
    schema = json.loads(flights.schema.text)
    schema["fields"].append({"name": "added_without_default", "type": "string"})
    changed = replace(flights, schema=replace(flights.schema, text=json.dumps(schema)))
    with pytest.raises(WeirError, match=f"the registry refused the schema of subject {flights.subject}"):
        provision.register_subjects(ctx.endpoints.registry_url, [changed])


def test_secrets_are_made_once_and_for_their_owner_only(ctx: Context) -> None:
    path = ctx.secret_file("contract-key")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(ctx.secret("contract-key")) >= 43
    assert ctx.secret("contract-key") == ctx.secret("contract-key")


def test_a_second_look_at_the_toolchain_is_quick(toolchain_for: Callable) -> None:
    """It looks at names and stamps; looking at what is in the folders would take minutes."""
    begun = time.perf_counter()
    found = toolchain_for("kafka", "cassandra", "registry", "flink")
    assert time.perf_counter() - begun < 10
    assert all(Path(home).is_dir() for home in found.homes.values())


def topics_of(ctx: Context) -> dict[str, int]:
    """Topic -> number of partitions."""
    client = AdminClient({"bootstrap.servers": ctx.endpoints.kafka_bootstrap_servers})
    return {name: len(topic.partitions) for name, topic in client.list_topics(timeout=30).topics.items()}


def schema_id(ctx: Context, pipeline: Pipeline) -> int:
    return httpx.get(f"{ctx.endpoints.registry_url}/subjects/{pipeline.subject}/versions/latest").json()["id"]


def run_cql(ctx: Context, statement: str) -> list[tuple]:
    cluster = Cluster([LOOPBACK], port=ctx.ports.cassandra)
    try:
        return [tuple(row) for row in cluster.connect().execute(statement)]
    finally:
        cluster.shutdown()


def described(session: Session, keyspace: str) -> dict[str, str]:
    """Table -> its id and options, which a table made anew would change."""
    rows = session.execute("SELECT table_name, id FROM system_schema.tables WHERE keyspace_name = %s", (keyspace,))
    return {row.table_name: str(row.id) for row in rows}
