"""A pipeline file and its schema, cross-checked and resolved into columns, tables, topics and a subject."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from weir.catalog.avro import Column, EventSchema, load_event_schema
from weir.catalog.checks import problems_of
from weir.catalog.enriched import enriched_columns
from weir.catalog.json_columns import json_schema
from weir.catalog.retention import GC_GRACE_SECONDS, days_to_seconds
from weir.catalog.sizes import long_extremes, source_bytes, written_bytes
from weir.catalog.spec import Aggregate, Dimension, Engine, Measure, PipelineSpec
from weir.catalog.spec_source import Source
from weir.catalog.tables import Table
from weir.catalog.topics import Topic, event_topic, subject_of, table_topic, table_topic_name
from weir.catalog.types import ColumnType
from weir.config.errors import ConfigError, parse, read_yaml
from weir.config.yaml_text import without

PIPELINE_FILE = "pipeline.yaml"
DEAD_LETTER_PARTITIONS = 1
REFERENCE_PARTITIONS = 1


@dataclass(frozen=True)
class Pipeline:
    """One pipeline, resolved. `folder` holds its files; everything else follows from them and the environment."""

    folder: Path
    spec: PipelineSpec
    schema: EventSchema
    gc_grace_seconds: int = GC_GRACE_SECONDS

    @property
    def name(self) -> str:
        """The pipeline's name, which is also its keyspace."""
        return self.spec.name

    @property
    def subject(self) -> str:
        """The registry subject of the events (TopicNameStrategy, unless another is named); JSON has none."""
        return self.spec.source.subject or subject_of(self.spec.source.topic)

    @cached_property
    def columns(self) -> dict[str, Column]:
        """Every column of an enriched event: the event's, the derived, the rows' bucket, the joined, in this order."""
        return enriched_columns(self.spec, self.schema)

    @cached_property
    def event_columns(self) -> dict[str, Column]:
        """The columns that the source topic carries."""
        return {column.name: column for column in self.schema.columns}

    @cached_property
    def row_table(self) -> Table:
        """The table of enriched events."""
        rows = self.spec.rows
        bucket = rows.bucket
        return Table(
            keyspace=self.name,
            name=rows.table,
            columns={column.name: column.type for column in self.columns.values()},
            partition_key=(*rows.partition_key, *([bucket.column] if bucket else [])),
            clustering_key=tuple(rows.clustering_key),
            ttl_seconds=self._ttl_seconds(rows.ttl_days),
            gc_grace_seconds=self.gc_grace_seconds,
            bucket=bucket.kind if bucket else "",
        )

    @cached_property
    def aggregate_tables(self) -> dict[str, Table]:
        """The table of each aggregate, by name."""
        return {aggregate.table: self._aggregate_table(aggregate) for aggregate in self.spec.aggregates}

    @cached_property
    def reference_tables(self) -> dict[str, Table]:
        """The tables of Dataset B, by name."""
        return {
            name: Table(
                self.name,
                name,
                dict(reference.columns),
                tuple(reference.primary_key),
                gc_grace_seconds=self.gc_grace_seconds,
            )
            for name, reference in self.spec.references.items()
        }

    @property
    def tables(self) -> tuple[Table, ...]:
        """Every table of the pipeline: references, rows, aggregates."""
        return (*self.reference_tables.values(), self.row_table, *self.aggregate_tables.values())

    @property
    def source_retention_hours(self) -> int | None:
        """How long events stay in Kafka; None: for ever."""
        return None if self.spec.legal_hold else self.spec.source.retention_hours

    @property
    def dead_letter_retention_hours(self) -> int | None:
        """How long dead letters stay in Kafka; None: for ever."""
        return None if self.spec.legal_hold else self.spec.dead_letters.retention_hours

    @property
    def source_topic(self) -> Topic:
        """The topic of Dataset A."""
        source = self.spec.source
        return event_topic(source.topic, source.partitions, self.source_retention_hours, source_bytes(self.spec))

    @cached_property
    def written_bytes(self) -> int:
        """The most bytes of a record that the engine writes: of a dead letter, a row, a total, with its key."""
        types = {name: column.type for name, column in self.columns.items()}
        return written_bytes(self.spec, long_extremes(self.spec, types))

    @property
    def dead_letter_topic(self) -> Topic:
        """The topic of records that cannot be decoded."""
        topic, hours = self.spec.dead_letters.topic, self.dead_letter_retention_hours
        return event_topic(topic, DEAD_LETTER_PARTITIONS, hours, self.written_bytes)

    @cached_property
    def table_topics(self) -> dict[str, Topic]:
        """The topic of each table, by its name: Kafka Streams reads references and writes results only in Kafka."""
        source, largest = self.spec.source, self.written_bytes
        rows = event_topic(self._table_topic(self.row_table), source.partitions, self.source_retention_hours, largest)
        references = {
            name: table_topic(self._table_topic(table), REFERENCE_PARTITIONS, largest)
            for name, table in self.reference_tables.items()
        }
        totals = {
            name: table_topic(self._table_topic(table), source.partitions, largest)
            for name, table in self.aggregate_tables.items()
        }
        return {**references, self.row_table.name: rows, **totals}

    def _table_topic(self, table: Table) -> str:
        return table_topic_name(self.name, table.name)

    @property
    def topics(self) -> tuple[Topic, ...]:
        """Every topic that weir makes for the pipeline on its engine: not the source where it is another team's."""
        tables = self.table_topics.values() if self.spec.engine is Engine.KAFKA_STREAMS else ()
        source = (self.source_topic,) if self.spec.source.owned else ()
        return (*source, self.dead_letter_topic, *tables)

    def on(self, engine: Engine) -> Pipeline:
        """The same pipeline on another engine."""
        return replace(self, spec=self.spec.model_copy(update={"engine": engine}))

    def measure_type(self, measure: Measure) -> ColumnType:
        """BIGINT for counts and sums of integers (exact in any order), else the column's own type."""
        if measure.column is None or measure.function == "count":
            return ColumnType.BIGINT
        kind = self.columns[measure.column].type
        return ColumnType.BIGINT if measure.function == "sum" and kind.is_integer else kind

    def _ttl_seconds(self, days: int | None) -> int:
        return 0 if self.spec.legal_hold else days_to_seconds(days)

    def _aggregate_table(self, aggregate: Aggregate) -> Table:
        keys = group_columns(aggregate)
        columns = {dimension.output: self.columns[dimension.column].type for dimension in keys}
        columns |= {name: self.measure_type(measure) for name, measure in aggregate.measures.items()}
        clustering = [key.output for key in keys if key.output not in aggregate.partition_key]
        return Table(
            keyspace=self.name,
            name=aggregate.table,
            columns=columns,
            partition_key=tuple(aggregate.partition_key),
            clustering_key=tuple(clustering),
            ttl_seconds=self._ttl_seconds(aggregate.ttl_days),
            gc_grace_seconds=self.gc_grace_seconds,
        )


def group_columns(aggregate: Aggregate) -> list[Dimension]:
    """What an aggregate groups by, in the order of its primary key."""
    by_output = {dimension.output: dimension for dimension in aggregate.dimensions}
    partition = [by_output.get(name) or Dimension(column=name) for name in aggregate.partition_key]
    return partition + [dimension for name, dimension in by_output.items() if name not in aggregate.partition_key]


def load_pipeline(folder: Path) -> Pipeline:
    """The pipeline in `folder` (its `pipeline.yaml` and the files beside it).

    Raises:
        ConfigError: names the file, every wrong field, its value and the remedy.
    """
    path = folder / PIPELINE_FILE
    spec = parse(PipelineSpec, read_yaml(path), str(path))
    if spec.name != folder.name:
        raise ConfigError(
            str(path), [f"name: {spec.name!r} differs from the folder's name {folder.name!r}; make them the same"]
        )
    schema = _event_schema(folder, spec.source)
    problems = problems_of(spec, schema)
    if problems:
        raise ConfigError(str(path), problems)
    return Pipeline(folder, spec, schema)


def _event_schema(folder: Path, source: Source) -> EventSchema:
    return load_event_schema(folder / source.schema_file) if source.schema_file else json_schema(source.columns)


def program_files(pipeline: Pipeline) -> dict[str, str]:
    """The pipeline's files by name, as its programs get them: without what concerns none, so that it restarts none."""
    names = (PIPELINE_FILE, pipeline.spec.source.schema_file)
    texts = {name: (pipeline.folder / name).read_text(encoding="utf-8") for name in names if name}
    return {**texts, PIPELINE_FILE: without(texts[PIPELINE_FILE], "clients", "access")}


def load_pipelines(root: Path, names: list[str], engine: Engine | None = None) -> list[Pipeline]:
    """The pipelines `names` below `root`, all on `engine` where one is given."""
    loaded = [load_pipeline(root / name) for name in names]
    return [pipeline.on(engine) for pipeline in loaded] if engine else loaded


def pipeline_names(root: Path) -> Iterator[str]:
    """The folders below `root` that hold a pipeline."""
    for path in sorted(root.glob(f"*/{PIPELINE_FILE}")):
        if re.fullmatch(r"[a-z][a-z0-9_]*", path.parent.name):
            yield path.parent.name
