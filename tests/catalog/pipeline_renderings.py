"""Everything that follows from a pipeline's files, on both engines, made without any service."""

from __future__ import annotations

import json
import re
import traceback
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import duckdb
from tests.sizing.stacks import SMALL, stack_of

from dedup_join.settings import Settings
from dedup_join.statements import JobStatements, job_statements
from weir.catalog.avro_types import parse_avro
from weir.catalog.database import Database, database_of
from weir.catalog.engine_names import loaded_tables
from weir.catalog.environment import resolve
from weir.catalog.flink import JobFiles, flink_configuration, job_arguments
from weir.catalog.loader import connector_config
from weir.catalog.migration import Existing, migration
from weir.catalog.outputs import avro_record
from weir.catalog.pipeline import Pipeline, load_pipelines
from weir.catalog.principals import principals_of
from weir.catalog.spec import Engine
from weir.catalog.spec_source import SourceFormat
from weir.catalog.streams import streams_plan
from weir.catalog.subjects import subjects_of, subjects_to_json
from weir.components.flink.deployment import deployment_name
from weir.components.streams.application import application_name
from weir.config.endpoints import Endpoints
from weir.config.errors import WeirError
from weir.sizing import SizingRefused, plan_for
from weir.verify import oracle
from weir.verify.dataset import EVENT_INDEX, EVENTS, SQL_TYPES, quoted, reference_table

ENDPOINTS = Endpoints.of_pod(
    registry="http://registry/", kafka="kafka:9092", cassandra=("cassandra:9042",), datacenter="dc1"
)
LONGEST_FLINK_DEPLOYMENT = 45
LONGEST_STATEFUL_SET = 52
"""Kubernetes labels its pods with its name and eleven characters more."""
LONGEST_KAFKA_USER = 64
LONGEST_PROBLEM = 500


def faults_of(folder: Path) -> tuple[bool, str]:
    """Whether the pipeline is accepted, and what is wrong with that, or with how it is refused; empty when nothing."""
    try:
        pipeline = loaded(folder)
    except SizingRefused as refused:
        return False, _untold(str(refused))
    except WeirError as error:
        return False, _unclear(folder, str(error))
    except Exception:
        return False, traceback.format_exc()
    try:
        render(pipeline)
    except Exception:
        return True, traceback.format_exc()
    return True, ""


def _unclear(folder: Path, message: str) -> str:
    """A refusal names the file, and for each thing that is wrong the field and what to do, on one line."""
    source, *problems = message.split("\n")
    unclear = [problem for problem in problems if ": " not in problem or len(problem) > LONGEST_PROBLEM]
    unclear += [word for word in ("Traceback", "pydantic", "Input should", "validation error") if word in message]
    if not problems or unclear or (str(folder) not in source and "stack" not in source):
        return f"unclear: {message}"
    return ""


def _untold(message: str) -> str:
    """A refusal of sizing says what runs out, which setting limits it, and the nearest load, without an exponent."""
    told = re.fullmatch(
        r"no plan fits this workload; the bottleneck is [^(]+ \(.+\)(\n  nearest feasible .*)*", message
    )
    return "" if told and "e+" not in message else f"unclear: {message}"


def loaded(folder: Path) -> Pipeline:
    """The pipeline as every command loads it, sized on both engines.

    Raises:
        WeirError: it is refused.
    """
    (pipeline,) = load_pipelines(folder.parent, [folder.name])
    stack = stack_of({**SMALL, "pipelines": [pipeline.name]})
    for engine in Engine:
        plan_for(resolve(stack, [pipeline.on(engine)]))
    return pipeline


def statements(pipeline: Pipeline) -> JobStatements:
    """The SQL of its Flink job."""
    settings = Settings(
        kafka_bootstrap_servers=ENDPOINTS.kafka_bootstrap_servers,
        registry_url=ENDPOINTS.registry_url,
        cassandra_contact_points=ENDPOINTS.cassandra_contact_points,
        cassandra_datacenter=ENDPOINTS.cassandra_datacenter,
        transaction_timeout_seconds=900,
    )
    return job_statements(pipeline, settings)


def render(pipeline: Pipeline) -> None:
    """Renders all of it; an exception or a failed assertion is a fault."""
    _render_database(pipeline)
    _render_names(pipeline)
    _render_engines(pipeline)
    _ask_oracle(pipeline)


def _render_database(pipeline: Pipeline) -> None:
    wanted = database_of([pipeline], {"dc1": 3}, with_roles=True)
    assert Database.from_json(wanted.to_json()) == wanted
    changes = migration(wanted, Existing({}, {})).changes
    assert len(changes) == len(wanted.keyspaces) + len(wanted.tables)


def _render_names(pipeline: Pipeline) -> None:
    assert len(deployment_name(pipeline)) <= LONGEST_FLINK_DEPLOYMENT
    assert len(application_name(pipeline)) <= LONGEST_STATEFUL_SET
    for engine in Engine:
        assert max(len(user.name) for user in principals_of(pipeline.on(engine))) <= LONGEST_KAFKA_USER


def _render_engines(pipeline: Pipeline) -> None:
    stack = stack_of()
    assert statements(pipeline).core
    flink_configuration(stack.flink, pipeline)
    job_arguments(JobFiles("python", "job.zip", "/pipeline"), ENDPOINTS, stack.flink, pipeline)
    plan = json.loads(streams_plan(stack.streams, ENDPOINTS, pipeline))
    assert len(plan["columns"]) == len(pipeline.columns)
    for schema in schemas_of(pipeline):
        parse_avro(schema)
    connector_config(stack.streams, ENDPOINTS, pipeline, loaded_tables(pipeline), replication_factor=1)
    avro = pipeline.spec.source.format is SourceFormat.AVRO
    assert len(json.loads(subjects_to_json(subjects_of([pipeline])))) == avro


def schemas_of(pipeline: Pipeline) -> Iterator[str]:
    """Avro schemas of its events, where they are Avro, and of all its tables."""
    if pipeline.spec.source.format is SourceFormat.AVRO:
        yield pipeline.schema.text
    for table in pipeline.tables:
        yield avro_record(pipeline, table.name)


def _ask_oracle(pipeline: Pipeline) -> None:
    """The oracle's own SQL, of no events."""
    connection = _duckdb()
    connection.execute("CREATE SCHEMA empty; USE empty")
    columns = [f"{quoted(column.name)} {SQL_TYPES[column.type]}" for column in pipeline.event_columns.values()]
    connection.execute(f"CREATE TABLE {EVENTS} ({EVENT_INDEX} BIGINT, {', '.join(columns)})")
    connection.execute("CREATE TABLE sent_events (sent_index BIGINT)")
    for name, table in pipeline.reference_tables.items():
        typed = ", ".join(f"{quoted(column)} {SQL_TYPES[kind]}" for column, kind in table.columns.items())
        connection.execute(f"CREATE TABLE {reference_table(name)} ({typed})")
    rows = oracle.expected_table(pipeline.row_table.name)
    connection.execute(f"CREATE TABLE {rows} AS {oracle.rows_query(pipeline)}")
    oracle.compute_totals(connection, pipeline)
    connection.execute("USE main; DROP SCHEMA empty CASCADE")


@cache
def _duckdb() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1})
