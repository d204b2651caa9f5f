"""What a pipeline's engine calls its groups, topics and connectors in Kafka."""

from __future__ import annotations

from weir.catalog.own_names import LETTERS_PREFIX, kubernetes_name
from weir.catalog.pipeline import Pipeline
from weir.catalog.topics import Topic


def consumer_group(pipeline: Pipeline) -> str:
    """The group whose committed offsets show how far a job has come; its transactional ids begin with the same text."""
    return f"weir-{pipeline.name}"


def totals_group(pipeline: Pipeline) -> str:
    """The group, and application of Kafka Streams, that adds rows up to totals."""
    return f"{consumer_group(pipeline)}-totals"


def by_id_topics(pipeline: Pipeline) -> list[str]:
    """Where Kafka Streams puts events together by id (it makes the name); none where their producers do."""
    return [] if pipeline.spec.source.partitioned_by_id else [f"{consumer_group(pipeline)}-by-id-repartition"]


def by_group_topics(pipeline: Pipeline) -> list[str]:
    """Where it puts rows together for each table of totals."""
    return [f"{totals_group(pipeline)}-{aggregate.table}-repartition" for aggregate in pipeline.spec.aggregates]


def seen_topic(pipeline: Pipeline) -> str:
    """The copy of the ids seen."""
    return f"{consumer_group(pipeline)}-seen-changelog"


def totals_topics(pipeline: Pipeline) -> list[str]:
    """The copies of the totals of each table."""
    return [f"{totals_group(pipeline)}-{aggregate.table}-changelog" for aggregate in pipeline.spec.aggregates]


def internal_topics(pipeline: Pipeline) -> list[str]:
    """All topics that Kafka Streams makes for itself."""
    return [
        *by_id_topics(pipeline),
        *by_group_topics(pipeline),
        seen_topic(pipeline),
        *totals_topics(pipeline),
    ]


def connector_name(pipeline: Pipeline) -> str:
    """The connector's name, which Kubernetes takes, too."""
    return f"weir-{kubernetes_name(pipeline.name)}"


def loader_group(pipeline: Pipeline) -> str:
    """The consumer group that Connect gives the connector: it commits what is written."""
    return f"connect-{connector_name(pipeline)}"


def loader_name(pipeline: Pipeline) -> str:
    """The Connect cluster of a pipeline, and the group of its workers."""
    return f"loader-{kubernetes_name(pipeline.name)}"


def loaded_tables(pipeline: Pipeline) -> dict[str, str]:
    """Topic -> table of everything that the engine writes."""
    tables = (pipeline.row_table, *pipeline.aggregate_tables.values())
    return {pipeline.table_topics[table.name].name: table.name for table in tables}


def loader_topics(pipeline: Pipeline) -> tuple[Topic, ...]:
    """What Connect keeps in Kafka: one partition of configuration, as it insists on; offsets and states are few."""
    compacted = {"cleanup.policy": "compact"}
    return tuple(Topic(f"{loader_name(pipeline)}-{what}", 1, compacted) for what in ("configs", "offsets", "status"))


def letters_transactional_id(pipeline: Pipeline) -> str:
    """The id under which letters are sent back.

    It does not begin as the job's ids do: a restarted job ends all transactions on its topics that do.
    """
    return f"{LETTERS_PREFIX}{pipeline.name}"


def letters_group(pipeline: Pipeline) -> str:
    """The group of whoever reads letters to work on them. It commits nothing."""
    return f"{LETTERS_PREFIX}{pipeline.name}"
