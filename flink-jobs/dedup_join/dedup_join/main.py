"""The entry point: arguments in, a submitted job out. The only file that knows PyFlink; no event passes through it."""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from pyflink.table import EnvironmentSettings, TableEnvironment  # pyright: ignore[reportMissingImports]

from dedup_join.lookups import fold_projections
from dedup_join.plan import link
from dedup_join.settings import Settings, Sinks, Stage
from dedup_join.statements import JobStatements, job_statements
from weir.catalog.pipeline import Pipeline, load_pipeline


def main() -> None:
    """Reads the arguments, compiles the job and submits it, detached."""
    arguments = _arguments()
    pipeline = load_pipeline(arguments.pipeline)
    settings = Settings(
        kafka_bootstrap_servers=arguments.kafka_bootstrap_servers,
        registry_url=arguments.registry_url,
        cassandra_contact_points=tuple(arguments.cassandra_contact_point),
        cassandra_datacenter=arguments.cassandra_datacenter,
        transaction_timeout_seconds=arguments.transaction_timeout_seconds,
        last_stage=arguments.last_stage,
        sinks=arguments.sinks,
        kafka_properties=dict(arguments.kafka_property),
        cassandra_options=dict(arguments.cassandra_option),
        registry_options=dict(arguments.registry_option),
    )
    environment = table_environment()
    with tempfile.TemporaryDirectory() as folder:
        plan = compiled(
            environment,
            pipeline,
            job_statements(pipeline, settings),
            Path(folder),
            arguments.deduplication_horizon_hours,
        )
        environment.execute_sql(f"EXECUTE PLAN '{plan.as_uri()}'")


def table_environment() -> TableEnvironment:
    """A streaming environment; everything else about it comes from the cluster's and the job's configuration."""
    environment = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
    # Part of what the statements mean: days and hours are UTC.
    environment.get_config().set("table.local-time-zone", "UTC")
    return environment


def compiled(
    environment: TableEnvironment, pipeline: Pipeline, statements: JobStatements, folder: Path, horizon_hours: int
) -> Path:
    """The linked plan of the job (see `plan`), in a file below `folder`."""
    for definition in statements.definitions:
        environment.execute_sql(definition)
    core = folder / "core.json"
    environment.execute_sql(f"COMPILE PLAN '{core.as_uri()}' FOR {statements.core}")
    totals = {
        table: json.loads(environment.compile_plan_sql(insert).as_json_string())
        for table, insert in statements.totals.items()
    }
    rows = fold_projections(json.loads(core.read_text(encoding="utf-8")))
    plan = link(rows, totals, pipeline.row_table.name, horizon_hours)
    linked = folder / "job.json"
    linked.write_text(json.dumps(plan), encoding="utf-8")
    return linked


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dedup_join", description=__doc__)
    parser.add_argument("--pipeline", type=Path, required=True, help="the pipeline's folder")
    parser.add_argument("--kafka-bootstrap-servers", required=True)
    parser.add_argument("--registry-url", required=True)
    parser.add_argument("--cassandra-contact-point", action="append", required=True, help="host:port; may be repeated")
    parser.add_argument("--cassandra-datacenter", required=True)
    parser.add_argument("--transaction-timeout-seconds", type=int, required=True)
    parser.add_argument("--deduplication-horizon-hours", type=int, required=True, help="how long an id is known")
    parser.add_argument("--last-stage", type=Stage, choices=list(Stage), default=Stage.AGGREGATE)
    parser.add_argument("--sinks", type=Sinks, choices=list(Sinks), default=Sinks.TABLES)
    for option, what in (
        ("kafka-property", "clients"),
        ("cassandra-option", "connector"),
        ("registry-option", "format"),
    ):
        parser.add_argument(f"--{option}", type=_pair, action="append", default=[], help=f"name=value, of the {what}")
    return parser.parse_args()


def _pair(text: str) -> tuple[str, str]:
    """`name=value`; the value may hold further signs of equality."""
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not name=value")
    return name, value


if __name__ == "__main__":
    main()
