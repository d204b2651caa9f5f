"""Makes on the running services what the pipelines ask for: topics, subjects, keyspaces and tables.

Everything is additive and may run again: what exists stays, what is missing is added, and a difference that cannot be
mended without losing data is an error that names both sides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.admin._resource import ResourceType
from confluent_kafka.cimpl import NewTopic

from weir.catalog.database import Database
from weir.catalog.migration import migration
from weir.catalog.pipeline import Pipeline
from weir.catalog.platform import PLATFORM_TABLES
from weir.catalog.tables import Table
from weir.catalog.topics import Topic
from weir.config.endpoints import Endpoints
from weir.config.errors import ConfigError, WeirError
from weir.database.describe import existing_schema
from weir.database.migrate import migrate
from weir.database.session import Access, session_of
from weir.embedded.schema_gate import findings_of, registered_versions
from weir.registry.subjects import register_subjects
from weir.sizing.plan import PlatformPlan

if TYPE_CHECKING:
    from confluent_kafka.admin._metadata import TopicMetadata

TIMEOUT_SECONDS = 60
REPLICATION_FACTOR = 1


def provision(endpoints: Endpoints, pipelines: Iterable[Pipeline], plan: PlatformPlan | None = None) -> None:
    """Topics, subjects and tables of `pipelines`, the three side by side.

    Topics and tables are those of the environment's `plan`; without one, as the pipeline files say, for one machine.

    Raises:
        WeirError: an existing topic, schema or table contradicts a pipeline file; then nothing was changed.
    """
    wanted = list(pipelines)
    check(endpoints, wanted)
    topics, tables = _of_files(wanted)
    if plan:
        topics, tables = _of_plan(plan, topics)
    with ThreadPoolExecutor(max_workers=3) as pool:
        work = [
            pool.submit(create_topics, endpoints.kafka_bootstrap_servers, topics),
            pool.submit(register_subjects, endpoints.registry_url, wanted),
            pool.submit(create_tables, endpoints, tables),
        ]
    for future in work:
        future.result()


def _of_plan(plan: PlatformPlan, known: Iterable[Topic]) -> tuple[list[Topic], list[Table]]:
    """The plan's topics and tables, and of the `known` topics those that no plan sizes (an engine's own)."""
    topics = {topic.name: Topic(topic.name, topic.partitions, dict(topic.config)) for topic in plan.kafka.topics}
    own = [topic for topic in known if topic.name not in topics]
    return [*topics.values(), *own], list(plan.cassandra.tables)


def _of_files(pipelines: Iterable[Pipeline]) -> tuple[list[Topic], list[Table]]:
    wanted = list(pipelines)
    tables = [table for pipeline in wanted for table in pipeline.tables]
    return [topic for pipeline in wanted for topic in pipeline.topics], [*PLATFORM_TABLES, *tables]


def check(endpoints: Endpoints, pipelines: Iterable[Pipeline]) -> None:
    """Compares what is there with what `pipelines` ask for, and changes nothing.

    Raises:
        WeirError: lists every topic, schema and table that contradicts a pipeline file.
    """
    wanted = list(pipelines)
    tables = [table for pipeline in wanted for table in pipeline.tables]
    with ThreadPoolExecutor(max_workers=3) as pool:
        work = [
            pool.submit(_topic_conflicts, endpoints, [topic for pipeline in wanted for topic in pipeline.topics]),
            pool.submit(_schema_conflicts, endpoints.registry_url, wanted),
            pool.submit(_table_conflicts, endpoints, tables),
        ]
    if problems := [problem for future in work for problem in future.result()]:
        raise WeirError("\n".join(["nothing was changed, because this cannot be:", *(f"  {p}" for p in problems)]))


def _topic_conflicts(endpoints: Endpoints, topics: Iterable[Topic]) -> list[str]:
    client = AdminClient({"bootstrap.servers": endpoints.kafka_bootstrap_servers, "log_level": 0})
    try:
        existing = client.list_topics(timeout=TIMEOUT_SECONDS).topics
    except KafkaException as error:
        raise WeirError(f"Kafka does not tell its topics: {error.args[0].str()}") from None
    found = [_partition_conflict(existing, topic) for topic in topics]
    return [problem for problem in found if problem]


def _schema_conflicts(registry_url: str, pipelines: Iterable[Pipeline]) -> list[str]:
    return [
        f"schema of {pipeline.subject}: {finding}"
        for pipeline in pipelines
        for finding in findings_of(pipeline, registered_versions(registry_url, pipeline.subject))
    ]


def _table_conflicts(endpoints: Endpoints, tables: Iterable[Table]) -> list[str]:
    with session_of(_access(endpoints)) as session:
        try:
            migration(_database(endpoints, tables), existing_schema(session))
        except ConfigError as error:
            return error.problems
    return []


def create_topics(bootstrap_servers: str, topics: Iterable[Topic]) -> None:
    """Creates missing topics, adds missing partitions, and sets the settings that a topic file names.

    Raises:
        WeirError: a topic has more partitions than its pipeline asks for (Kafka cannot remove any).
    """
    client = AdminClient({"bootstrap.servers": bootstrap_servers, "log_level": 0})
    try:
        existing = client.list_topics(timeout=TIMEOUT_SECONDS).topics
        for topic in topics:
            if topic.name not in existing:
                _result(client.create_topics([_new(topic)], operation_timeout=TIMEOUT_SECONDS))
                continue
            if problem := _partition_conflict(existing, topic):
                raise WeirError(problem)
            _result(client.incremental_alter_configs([_settings(topic)]))
    except KafkaException as error:
        raise WeirError(f"Kafka refused a topic: {error.args[0].str()}") from None


def create_tables(endpoints: Endpoints, tables: Iterable[Table]) -> None:
    """Creates missing keyspaces and tables, adds missing columns, and sets the options that a pipeline names.

    Raises:
        WeirError: an existing table has another key, or a column of another type.
    """
    with session_of(_access(endpoints)) as session:
        migrate(session, _database(endpoints, tables))


def _access(endpoints: Endpoints) -> Access:
    return Access(endpoints.cassandra_contact_points, endpoints.cassandra_datacenter)


def _database(endpoints: Endpoints, tables: Iterable[Table]) -> Database:
    return Database({endpoints.cassandra_datacenter: REPLICATION_FACTOR}, tuple(tables))


def _partition_conflict(existing: Mapping[str, TopicMetadata], topic: Topic) -> str | None:
    if topic.name not in existing:
        return None
    count = len(existing[topic.name].partitions)
    if count == topic.partitions:
        return None
    return (
        f"topic {topic.name} has {count} partitions and its pipeline asks for {topic.partitions}: another "
        "number sends a key elsewhere and so breaks its order; use a new topic, or correct the pipeline"
    )


def _new(topic: Topic) -> NewTopic:
    return NewTopic(topic.name, topic.partitions, REPLICATION_FACTOR, config=dict(topic.config))


def _settings(topic: Topic) -> ConfigResource:
    entries = [
        ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET) for name, value in topic.config.items()
    ]
    return ConfigResource(ResourceType.TOPIC, topic.name, incremental_configs=entries)


def _result(futures: dict) -> None:  # type: ignore[type-arg]
    for future in futures.values():
        future.result(TIMEOUT_SECONDS)
