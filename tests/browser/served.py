"""A platform that serves the flights dashboard, and the data that its tables are filled with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from weir.catalog.pipeline import Pipeline
from weir.catalog.platform import PIPELINE_HEALTH
from weir.clients.cassandra import session_of
from weir.clients.cassandra_rows import write_rows
from weir.clients.superset import import_dashboards
from weir.config.repository import REPOSITORY
from weir.local import superset
from weir.local.service import Context
from weir.verify import oracle
from weir.verify.dataset import EVENTS, listed

if TYPE_CHECKING:
    import duckdb

SAMPLES = 60
SAMPLE_INTERVAL_SECONDS = 5


@dataclass(frozen=True)
class Served:
    """A running platform whose dashboard has data. `dataset` holds the original events, in DuckDB."""

    ctx: Context
    pipeline: Pipeline
    dataset: duckdb.DuckDBPyConnection
    url: str

    @property
    def password_file(self) -> Path:
        return superset.password_file(self.ctx)


def import_flights(ctx: Context, flights: Pipeline) -> str:
    """Imports the repository's dashboard; its address."""
    root = REPOSITORY / "dashboards"
    return import_dashboards(ctx.endpoints, superset.password_file(ctx), root, [flights])[flights.name]


def fill(ctx: Context, flights: Pipeline, dataset: duckdb.DuckDBPyConnection) -> None:
    """Writes every aggregate as it must be, and five minutes of a monitor's samples that end now."""
    oracle.compute(dataset, flights, np.arange(len(dataset.table(EVENTS))))
    with session_of(ctx.endpoints) as session:
        for name, table in flights.aggregate_tables.items():
            write_rows(
                session, table, dataset.table(oracle.expected_table(name)).project(listed(table.columns)).fetchall()
            )
        rows = [tuple(sample.get(name) for name in PIPELINE_HEALTH.columns) for sample in samples(flights.name)]
        write_rows(session, PIPELINE_HEALTH, rows)


def samples(pipeline: str) -> Iterator[dict[str, object]]:
    """What a monitor writes while 5,000 events a second arrive, one in ten of them a duplicate."""
    begin = datetime.now(UTC).replace(tzinfo=None) - timedelta(seconds=SAMPLES * SAMPLE_INTERVAL_SECONDS)
    for number in range(SAMPLES):
        at = begin + timedelta(seconds=number * SAMPLE_INTERVAL_SECONDS)
        received = number * 25_000
        distinct = received * 9 // 10
        yield {
            "pipeline": pipeline,
            "day": at.date(),
            "at": at,
            "received": received,
            "distinct_events": distinct,
            "duplicates": received - distinct,
            "dead_letters": number,
            "rows_written": distinct,
            "late_events": 0,
            "consumer_lag": 0,
            "freshness_p50_milliseconds": 40.0 + number % 7,
            "freshness_p99_milliseconds": 180.0 + 10 * (number % 5),
        }
    # The last one, as it is while Flink is away.
    at = begin + timedelta(seconds=SAMPLES * SAMPLE_INTERVAL_SECONDS)
    yield {"pipeline": pipeline, "day": at.date(), "at": at}
