"""Makes on the running services what the pipelines ask for: topics, subjects, keyspaces and tables.

Everything is additive and may run again: what exists stays, what is missing is added, and a difference that cannot be
mended without losing data is an error that names both sides.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from weir.catalog.database import Database
from weir.catalog.existing_topics import ExistingSetup
from weir.catalog.migration import migration
from weir.catalog.pipeline import Pipeline
from weir.catalog.platform import PLATFORM_TABLES
from weir.catalog.tables import Table
from weir.catalog.topics import Topic
from weir.clients.cassandra import Access, admin_session
from weir.clients.kafka_admin import Access as KafkaAdministrator
from weir.clients.kafka_admin import Tell, partitions
from weir.config.endpoints import Endpoints
from weir.config.errors import ConfigError, WeirError
from weir.incluster.database.describe import existing_schema
from weir.incluster.database.migrate import migrate
from weir.incluster.kafka import existing as existing_kafka
from weir.incluster.kafka.topics import TopicRules, apply_topics, partition_conflicts
from weir.incluster.subjects import register_subjects
from weir.local.schema_gate import findings_of, registered_versions
from weir.sizing.plan import PlatformPlan

REPLICATION_FACTOR = 1


def provision(
    endpoints: Endpoints,
    pipelines: Iterable[Pipeline],
    plan: PlatformPlan | None = None,
    existing: ExistingSetup | None = None,
    *,
    warn: Tell = lambda _: None,
) -> None:
    """Topics, subjects and tables of `pipelines`, the three side by side.

    Topics and tables are those of the environment's `plan`; without one, as the pipeline files say, for one machine.
    `existing` is what must hold on a Kafka that is not weir's; what a person should know of it goes to `warn`.

    Raises:
        WeirError: an existing topic, schema or table contradicts a pipeline file; then nothing was changed.
    """
    wanted = list(pipelines)
    check(endpoints, wanted, existing, warn=warn)
    copies = existing.replication_factor if existing else REPLICATION_FACTOR
    topics, tables = _of_files(wanted)
    if plan:
        topics, tables = _of_plan(plan, topics)
    with ThreadPoolExecutor(max_workers=3) as pool:
        work = [
            pool.submit(create_topics, endpoints.kafka_bootstrap_servers, topics, copies),
            pool.submit(register_subjects, endpoints.registry_url, wanted),
            pool.submit(create_tables, endpoints, tables),
        ]
    for future in work:
        future.result()


def _of_plan(plan: PlatformPlan, known: Iterable[Topic]) -> tuple[list[Topic], list[Table]]:
    """The plan's topics and tables, and of the `known` topics those that no plan sizes (an engine's own)."""
    topics = {topic.name: topic for topic in plan.kafka.topics}
    own = [topic for topic in known if topic.name not in topics]
    return [*topics.values(), *own], list(plan.cassandra.tables)


def _of_files(pipelines: Iterable[Pipeline]) -> tuple[list[Topic], list[Table]]:
    wanted = list(pipelines)
    tables = [table for pipeline in wanted for table in pipeline.tables]
    return [topic for pipeline in wanted for topic in pipeline.topics], [*PLATFORM_TABLES, *tables]


def check(
    endpoints: Endpoints,
    pipelines: Iterable[Pipeline],
    existing: ExistingSetup | None = None,
    *,
    warn: Tell = lambda _: None,
) -> None:
    """Compares what is there with what `pipelines` ask for, and changes nothing.

    Raises:
        WeirError: lists every topic, schema and table that contradicts a pipeline file.
    """
    wanted = list(pipelines)
    topics = [topic for pipeline in wanted for topic in pipeline.topics]
    tables = [table for pipeline in wanted for table in pipeline.tables]
    with ThreadPoolExecutor(max_workers=4) as pool:
        work = [
            pool.submit(_topic_conflicts, endpoints, [] if existing else topics),
            pool.submit(_schema_conflicts, endpoints.registry_url, wanted),
            pool.submit(_table_conflicts, endpoints, tables),
            pool.submit(_shortfalls, endpoints, existing, warn),
        ]
    if problems := [problem for future in work for problem in future.result()]:
        raise WeirError(
            "\n".join(["nothing was changed, because these changes are impossible:", *(f"  {p}" for p in problems)])
        )


def _topic_conflicts(endpoints: Endpoints, topics: Iterable[Topic]) -> list[str]:
    existing = partitions(KafkaAdministrator(endpoints.kafka_bootstrap_servers).client())
    return partition_conflicts(existing, topics, may_grow=False)


def _shortfalls(endpoints: Endpoints, existing: ExistingSetup | None, warn: Tell) -> list[str]:
    """What does not fit on a Kafka that is not weir's."""
    if existing is None:
        return []
    found = existing_kafka.check(KafkaAdministrator.of(endpoints).client(), endpoints.registry_url, existing)
    return existing_kafka.refused(found, warn)


def _schema_conflicts(registry_url: str, pipelines: Iterable[Pipeline]) -> list[str]:
    return [
        f"schema of {pipeline.subject}: {finding}"
        for pipeline in pipelines
        if pipeline.spec.source.owned
        for finding in findings_of(pipeline, registered_versions(registry_url, pipeline.subject))
    ]


def _table_conflicts(endpoints: Endpoints, tables: Iterable[Table]) -> list[str]:
    with admin_session(Access.of(endpoints)) as session:
        try:
            migration(_database(endpoints, tables), existing_schema(session))
        except ConfigError as error:
            return error.problems
    return []


def create_topics(bootstrap_servers: str, topics: Iterable[Topic], copies: int = REPLICATION_FACTOR) -> None:
    """Creates missing topics, with `copies` of each, and sets the settings that a topic file names.

    Raises:
        WeirError: topics have another number of partitions than their pipelines ask for; then nothing was changed.
    """
    client = KafkaAdministrator(bootstrap_servers).client()
    apply_topics(client, topics, TopicRules(copies, may_grow=False))


def create_tables(endpoints: Endpoints, tables: Iterable[Table]) -> None:
    """Creates missing keyspaces and tables, adds missing columns, and sets the options that a pipeline names.

    Raises:
        WeirError: an existing table has another key, or a column of another type.
    """
    with admin_session(Access.of(endpoints)) as session:
        migrate(session, _database(endpoints, tables))


def _database(endpoints: Endpoints, tables: Iterable[Table]) -> Database:
    return Database({endpoints.cassandra_datacenter: REPLICATION_FACTOR}, tuple(tables))
