"""The Flink job on the real services, in small: nothing lost or counted twice, across stops, upgrades and replays."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
import yaml
from confluent_kafka.admin import AdminClient
from tests.pipeline.own_name import named
from tests.pipeline.stored import cells
from tests.platforms import PIPELINE_SERVICES
from tests.waiting import wait_until

from weir.catalog.dataset import Dataset, load_dataset
from weir.catalog.engine_names import consumer_group
from weir.catalog.pipeline import Pipeline, load_pipeline
from weir.clients.cassandra import session_of
from weir.clients.counters import JobCounters
from weir.clients.flink_rest import FlinkRest
from weir.config.embedded import ReplayConfig
from weir.config.errors import WeirError
from weir.config.repository import REPOSITORY
from weir.local import flink, jobs
from weir.local.provision import provision
from weir.local.service import Context
from weir.verify.drain import wait_until_drained
from weir.verify.rejoin import Rejoined, rejoin
from weir.verify.replay import replay
from weir.verify.seeding import load_references
from weir.verify.verify import Verification, verify

pytestmark = [pytest.mark.pipeline, pytest.mark.timeout(900)]

FLIGHTS = REPOSITORY / "pipelines" / "flights"
REPLAY = ReplayConfig(events_per_second=2000, duplicate_ratio=0.2, out_of_order_ratio=0.1, poison_events=30, seed=7)
STOP_TIMEOUT_SECONDS = 120
METRICS_SECONDS = 90


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
        document = named(self.folder.name, document)
        document["aggregates"] = [entry for entry in document["aggregates"] if entry["table"] in tables]
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


def forget_offsets(ctx: Context, pipeline: Pipeline) -> None:
    """Removes the committed offsets, so that waiting for them means waiting for the next job."""
    client = AdminClient({"bootstrap.servers": ctx.endpoints.kafka_bootstrap_servers})
    group = consumer_group(pipeline)
    client.delete_consumer_groups([group])[group].result()


def test_an_upgrade_keeps_seen_ids_and_drops_duplicates_across_it(ctx: Context, flights: Flights):
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


def test_a_cancelled_job_goes_on_and_one_without_its_state_is_refused(ctx: Context, flights: Flights):
    """Half of what it reads first is late: rows and totals take it, and it is counted."""
    rest, pipeline = FlinkRest.of(ctx.endpoints), flights.pipeline
    first = jobs.submit(ctx, pipeline)
    flights.send(skip=300_000, limit=500)
    wait_until_drained(ctx.endpoints, pipeline)
    flights.send(skip=0, limit=500)
    wait_until_drained(ctx.endpoints, pipeline)
    late = JobCounters(rest, pipeline, ["late_events"])
    wait_until("late events are counted", lambda: late.read().get("late_events", 0) >= 500, METRICS_SECONDS)
    assert late.read() == {"late_events": 500}
    rest.cancel(first, STOP_TIMEOUT_SECONDS)

    flights.send(skip=250, limit=500)
    assert jobs.submit(ctx, pipeline) != first, "from its last checkpoint"
    result = flights.verified()
    assert result.correct, result
    assert result.sent.distinct == 1250

    assert jobs.stop_all(ctx, STOP_TIMEOUT_SECONDS)[pipeline.name]
    for folder in (flink.checkpoint_folder(ctx), flink.savepoint_folder(ctx)):
        shutil.rmtree(folder / pipeline.name)
    with pytest.raises(WeirError, match="there is no savepoint or checkpoint in"):
        jobs.submit(ctx, pipeline)
    assert rest.running(pipeline.name) is None


def test_no_replay_undoes_rows_joined_again_after_a_reference_changed(ctx: Context, flights: Flights):
    pipeline = flights.pipeline
    airlines = pipeline.reference_tables["airlines"].qualified_name
    with session_of(ctx.endpoints) as session:
        session.execute(f"UPDATE {airlines} SET name = 'misspelt' WHERE carrier = 'UA'")
    jobs.submit(ctx, pipeline)
    flights.send(skip=0, limit=800)
    assert flights.verified().corrected_references == {"airlines": 1}
    load_references(ctx.endpoints, pipeline, flights.dataset)

    year = (date(2013, 1, 1), date(2014, 1, 1))
    assert rejoin(ctx.endpoints, pipeline, date(2012, 1, 1), date(2013, 1, 1)).compared == 0
    wrong = flights.verified().rows.wrong
    assert wrong > 50
    assert rejoin(ctx.endpoints, pipeline, *year) == Rejoined(compared=800, mended=wrong)
    assert flights.verified().rows.correct
    assert rejoin(ctx.endpoints, pipeline, *year) == Rejoined(compared=800, mended=0)
    tables = (pipeline.row_table, *pipeline.aggregate_tables.values())
    before = {table.name: cells(ctx, table) for table in tables}

    jobs.stop_all(ctx, STOP_TIMEOUT_SECONDS)
    with session_of(ctx.endpoints) as session:
        session.execute(f"UPDATE {airlines} SET name = 'misspelt' WHERE carrier = 'UA'")
    forget_offsets(ctx, pipeline)
    jobs.submit(ctx, pipeline, from_empty=True)
    wait_until_drained(ctx.endpoints, pipeline)
    assert {table.name: cells(ctx, table) for table in tables} == before, "what is replayed is older"
