"""The Flink job on the real services, in small: nothing lost or counted twice, across stops, upgrades and replays."""

from __future__ import annotations

import shutil
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from confluent_kafka.admin import AdminClient
from tests.platforms import PIPELINE_SERVICES

from weir.catalog.dataset import Dataset, load_dataset
from weir.catalog.engine_names import consumer_group
from weir.catalog.pipeline import Pipeline, load_pipeline
from weir.catalog.tables import Table
from weir.config.embedded import ReplayConfig
from weir.config.errors import WeirError
from weir.embedded import flink, jobs
from weir.embedded.context import REPOSITORY
from weir.embedded.provision import provision
from weir.embedded.service import Context
from weir.proof.cassandra import load_references, session_of
from weir.proof.drain import wait_until_drained
from weir.proof.flink_rest import FlinkRest
from weir.proof.monitor import JobCounters
from weir.proof.rejoin import Rejoined, rejoin
from weir.proof.replay import replay
from weir.proof.verify import Verification, verify

pytestmark = [pytest.mark.pipeline, pytest.mark.timeout(900)]

FLIGHTS = REPOSITORY / "pipelines" / "flights"
REPLAY = ReplayConfig(events_per_second=2000, duplicate_ratio=0.2, out_of_order_ratio=0.1, poison_events=30, seed=7)
STOP_TIMEOUT_SECONDS = 120


@pytest.fixture(scope="module")
def ctx(platform_of: Callable[..., Context]) -> Context:
    """A platform without dashboards."""
    return platform_of(*PIPELINE_SERVICES)


@dataclass(frozen=True)
class Flights:
    """The flights pipeline under a name of its own, so that tests share services and nothing else."""

    ctx: Context
    folder: Path

    @property
    def pipeline(self) -> Pipeline:
        return load_pipeline(self.folder)

    @property
    def dataset(self) -> Dataset:
        return load_dataset(self.folder)

    @property
    def manifests(self) -> Path:
        return self.folder.parent / "manifests"

    def with_aggregates(self, *tables: str) -> Pipeline:
        """Writes the pipeline file with just these tables of totals, and makes what is missing."""
        document = yaml.safe_load((FLIGHTS / "pipeline.yaml").read_text(encoding="utf-8"))
        name = self.folder.name
        document |= {
            "name": name,
            "source": document["source"] | {"topic": f"{name}.events"},
            "dead_letters": document["dead_letters"] | {"topic": f"{name}.dead-letters"},
            "aggregates": [entry for entry in document["aggregates"] if entry["table"] in tables],
        }
        (self.folder / "pipeline.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
        provision(self.ctx.endpoints, [self.pipeline])
        return self.pipeline

    def send(self, skip: int, limit: int) -> None:
        replay(self.ctx.endpoints, self.pipeline, self.dataset, REPLAY, self.manifests, skip=skip, limit=limit)

    def verified(self) -> Verification:
        return verify(self.ctx.endpoints, self.pipeline, self.dataset, self.manifests)


@pytest.fixture
def flights(ctx: Context, tmp_path: Path):
    """The pipeline of one test; its job is ended with it."""
    folder = tmp_path / f"flights{uuid.uuid4().hex[:8]}"
    folder.mkdir()
    for name in ("flight.avsc", "dataset.yaml"):
        shutil.copy(FLIGHTS / name, folder)
    made = Flights(ctx, folder)
    load_references(ctx.endpoints, made.with_aggregates("traffic_by_day", "delays_by_hour"), made.dataset)
    yield made
    jobs.stop_all(ctx, STOP_TIMEOUT_SECONDS)


def cells(ctx: Context, table: Table) -> list[dict[str, Any]]:
    """Every row, with the write time of every cell that is not part of the key."""
    values = [name for name in table.columns if name not in table.primary_key]
    names = [*table.columns, *(f"WRITETIME({name})" for name in values)]
    with session_of(ctx.endpoints) as session:
        found = session.execute(f"SELECT {', '.join(names)} FROM {table.qualified_name}")
        rows = [dict(zip(names, row, strict=True)) for row in found]
    return sorted(rows, key=lambda row: [str(row[name]) for name in table.primary_key])


def forget_offsets(ctx: Context, pipeline: Pipeline) -> None:
    """Removes the committed offsets, so that waiting for them means waiting for the next job."""
    client = AdminClient({"bootstrap.servers": ctx.endpoints.kafka_bootstrap_servers})
    group = consumer_group(pipeline)
    client.delete_consumer_groups([group])[group].result()


def test_an_upgrade_keeps_what_was_seen_and_duplicates_across_it_are_dropped(ctx: Context, flights: Flights):
    with ThreadPoolExecutor(2) as pool:
        first, other = pool.map(lambda _: jobs.submit(ctx, flights.pipeline), range(2))
    assert other == first, "two that submit at once make one job"
    assert jobs.submit(ctx, flights.pipeline) == first, "nothing changed, so the job is left alone"
    flights.send(skip=0, limit=1500)
    wait_until_drained(ctx.endpoints, flights.pipeline)

    before = flights.pipeline
    upgraded = flights.with_aggregates("traffic_by_day", "delays_by_hour", "fleet_by_month")
    second = jobs.submit(ctx, upgraded)
    assert second != first
    flights.send(skip=1000, limit=1500)
    wait_until_drained(ctx.endpoints, upgraded)

    added = cells(ctx, upgraded.aggregate_tables["fleet_by_month"])
    assert sum(row["flights"] for row in added) == 1000, "500 of the 1500 were seen before the upgrade"
    flights.with_aggregates(*before.aggregate_tables)
    result = flights.verified()
    assert result.correct, result
    assert result.sent.distinct == 2500
    assert result.sent.duplicates >= 500
    assert result.dead_letters.found == 2 * REPLAY.poison_events
    rows = cells(ctx, before.row_table)
    assert any(row["tailnum"] and row["plane_model"] is None for row in rows), "the planes table lacks some aircraft"


def test_a_cancelled_job_goes_on_from_its_last_checkpoint(ctx: Context, flights: Flights):
    rest = FlinkRest(ctx.endpoints.flink_url)
    first = jobs.submit(ctx, flights.pipeline)
    flights.send(skip=0, limit=1000)
    wait_until_drained(ctx.endpoints, flights.pipeline)
    rest.cancel(first, STOP_TIMEOUT_SECONDS)

    flights.send(skip=500, limit=1000)
    assert jobs.submit(ctx, flights.pipeline) != first
    result = flights.verified()
    assert result.correct, result
    assert result.sent.distinct == 1500


def test_rows_are_joined_anew_after_a_reference_changed_and_no_replay_undoes_it(ctx: Context, flights: Flights):
    pipeline = flights.pipeline
    airlines = pipeline.reference_tables["airlines"].qualified_name
    with session_of(ctx.endpoints) as session:
        session.execute(f"UPDATE {airlines} SET name = 'misspelt' WHERE carrier = 'UA'")
    jobs.submit(ctx, pipeline)
    flights.send(skip=0, limit=800)
    assert not flights.verified().rows.correct
    load_references(ctx.endpoints, pipeline, flights.dataset)

    year = (date(2013, 1, 1), date(2014, 1, 1))
    assert rejoin(ctx.endpoints, pipeline, date(2012, 1, 1), date(2013, 1, 1)).compared == 0
    wrong = flights.verified().rows.wrong
    assert wrong > 50
    assert rejoin(ctx.endpoints, pipeline, *year) == Rejoined(compared=800, mended=wrong)
    assert flights.verified().rows.correct
    assert rejoin(ctx.endpoints, pipeline, *year) == Rejoined(compared=800, mended=0)

    jobs.stop_all(ctx, STOP_TIMEOUT_SECONDS)
    with session_of(ctx.endpoints) as session:
        session.execute(f"UPDATE {airlines} SET name = 'misspelt' WHERE carrier = 'UA'")
    forget_offsets(ctx, pipeline)
    jobs.submit(ctx, pipeline, from_empty=True)
    wait_until_drained(ctx.endpoints, pipeline)
    assert flights.verified().rows.correct, "the replayed events are older than what mended their rows"


def test_late_events_reach_rows_and_totals_and_are_counted(ctx: Context, flights: Flights):
    jobs.submit(ctx, flights.pipeline)
    flights.send(skip=300_000, limit=500)
    wait_until_drained(ctx.endpoints, flights.pipeline)
    flights.send(skip=0, limit=500)
    result = flights.verified()
    assert result.correct, result
    assert result.sent.distinct == 1000
    with FlinkRest(ctx.endpoints.flink_url) as flink_client:
        late = JobCounters(flink_client, flights.pipeline, ["late_events"])
        deadline = time.monotonic() + 20
        while late.read().get("late_events", 0) < 500 and time.monotonic() < deadline:
            time.sleep(0.5)
        assert late.read() == {"late_events": 500}


def test_a_job_without_its_state_is_refused(ctx: Context, flights: Flights):
    jobs.submit(ctx, flights.pipeline)
    flights.send(skip=0, limit=300)
    wait_until_drained(ctx.endpoints, flights.pipeline)
    stopped = jobs.stop_all(ctx, STOP_TIMEOUT_SECONDS)
    assert stopped[flights.pipeline.name]

    for folder in (flink.checkpoint_folder(ctx), flink.savepoint_folder(ctx)):
        shutil.rmtree(folder / flights.pipeline.name)
    with pytest.raises(WeirError, match="no savepoint or checkpoint is left"):
        jobs.submit(ctx, flights.pipeline)
    assert FlinkRest(ctx.endpoints.flink_url).running(flights.pipeline.name) is None


def test_reading_the_whole_topic_again_into_filled_tables_changes_no_cell(ctx: Context, flights: Flights):
    pipeline = flights.pipeline
    jobs.submit(ctx, pipeline)
    flights.send(skip=0, limit=2000)
    assert flights.verified().correct
    tables = (pipeline.row_table, *pipeline.aggregate_tables.values())
    before = {table.name: cells(ctx, table) for table in tables}
    jobs.stop_all(ctx, STOP_TIMEOUT_SECONDS)

    forget_offsets(ctx, pipeline)
    jobs.submit(ctx, pipeline, from_empty=True)
    wait_until_drained(ctx.endpoints, pipeline)
    assert {table.name: cells(ctx, table) for table in tables} == before
