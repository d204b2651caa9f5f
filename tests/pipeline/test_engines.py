"""One pipeline, one replay, two engines: the same rows, totals and write times, cell by cell."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from tests.pipeline.orders import write_orders_pipeline
from tests.platforms import PIPELINE_SERVICES
from tests.waiting import wait_until

from weir.catalog.dataset import load_dataset
from weir.catalog.loader import connector_config
from weir.catalog.pipeline import Pipeline, load_pipeline
from weir.catalog.tables import Table
from weir.config.embedded import ReplayConfig
from weir.embedded import engines, jobs, provision
from weir.embedded.context import REPOSITORY
from weir.embedded.service import Context
from weir.proof.cassandra import load_references, session_of
from weir.proof.loader import LoaderClient
from weir.proof.manifest import load_manifests
from weir.proof.monitor import LoadedRows
from weir.proof.references import publish_references
from weir.proof.replay import replay
from weir.proof.streams import StreamsClient
from weir.proof.verify import Verification, verify

pytestmark = [pytest.mark.pipeline, pytest.mark.timeout(900)]

ORDERS = 20_000
FLIGHTS = 6_000
REPLAY = ReplayConfig(events_per_second=0, duplicate_ratio=0.3, out_of_order_ratio=0.1, poison_events=21, seed=5)
STOP_TIMEOUT_SECONDS = 120


@pytest.fixture(scope="module")
def ctx(platform_of: Callable[..., Context]) -> Iterator[Context]:
    context = platform_of(*PIPELINE_SERVICES)
    yield context
    jobs.stop_all(context, STOP_TIMEOUT_SECONDS)


@dataclass(frozen=True)
class Twins:
    """A pipeline on Flink, and its copy on Kafka Streams: same source topic, own tables and dead letters."""

    ctx: Context
    flink: Pipeline
    streams: Pipeline

    @property
    def manifests(self) -> Path:
        return self.flink.folder.parent / "manifests"

    def deploy(self) -> None:
        for pipeline in (self.flink, self.streams):
            provision.provision(self.ctx.endpoints, [pipeline])
            load_references(self.ctx.endpoints, pipeline, load_dataset(pipeline.folder))
            engines.submit(self.ctx, pipeline)

    def send(self, limit: int) -> None:
        """One replay, which both pipelines take as theirs."""
        dataset = load_dataset(self.flink.folder)
        sent = replay(self.ctx.endpoints, self.flink, dataset, REPLAY, self.manifests, limit=limit)
        sent.model_copy(update={"pipeline": self.streams.name}).write(self.manifests)

    def verified(self, pipeline: Pipeline) -> Verification:
        return verify(self.ctx.endpoints, pipeline, load_dataset(pipeline.folder), self.manifests)


def twins(ctx: Context, folder: Path) -> Twins:
    """`folder` holds the pipeline for Flink; its copy beside it is `<name>_streams`."""
    copy = folder.with_name(f"{folder.name}_streams")
    shutil.copytree(folder, copy)
    document = yaml.safe_load((folder / "pipeline.yaml").read_text(encoding="utf-8"))
    letters = {**document["dead_letters"], "topic": f"{document['dead_letters']['topic']}.streams"}
    document |= {"name": copy.name, "engine": "kafka-streams", "dead_letters": letters}
    (copy / "pipeline.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    return Twins(ctx, load_pipeline(folder), load_pipeline(copy))


@pytest.fixture(scope="module")
def orders(ctx: Context, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twins]:
    folder = write_orders_pipeline(tmp_path_factory.mktemp("engines"), orders=ORDERS)
    yield from _deployed(ctx, _renamed(folder, "orders_twice"), ORDERS)


@pytest.fixture(scope="module")
def flights(ctx: Context, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twins]:
    folder = tmp_path_factory.mktemp("engines") / "flights"
    shutil.copytree(REPOSITORY / "pipelines" / "flights", folder)
    yield from _deployed(ctx, _renamed(folder, "flights_twice"), FLIGHTS)


def _renamed(folder: Path, name: str) -> Path:
    """The same pipeline under a name of its own, for the tests that share these services."""
    target = folder.rename(folder.with_name(name))
    file = target / "pipeline.yaml"
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    prefix = name.replace("_", "-")
    document["source"]["topic"] = f"{prefix}.events"
    document["dead_letters"]["topic"] = f"{prefix}.dead-letters"
    file.write_text(yaml.safe_dump(document | {"name": name}), encoding="utf-8")
    return target


def _deployed(ctx: Context, folder: Path, events: int) -> Iterator[Twins]:
    pair = twins(ctx, folder)
    pair.deploy()
    pair.send(events)
    yield pair
    engines.stop(ctx, [pair.streams])


@pytest.mark.parametrize("name", ["orders", "flights"])
def test_both_engines_give_every_row_and_total_as_the_original_data_says(
    name: str, request: pytest.FixtureRequest
) -> None:
    pair: Twins = request.getfixturevalue(name)
    for pipeline in (pair.flink, pair.streams):
        result = pair.verified(pipeline)
        assert result.correct, (pipeline.spec.engine, result)
        assert result.sent.duplicates > 0
        assert result.dead_letters.found == REPLAY.poison_events


@pytest.mark.parametrize("name", ["orders", "flights"])
def test_both_engines_write_the_same_cells_with_the_same_write_times(name: str, request: pytest.FixtureRequest) -> None:
    pair: Twins = request.getfixturevalue(name)
    for pipeline in (pair.flink, pair.streams):
        assert pair.verified(pipeline).correct
    tables = [(pair.flink.row_table, pair.streams.row_table)]
    tables += [(table, pair.streams.aggregate_tables[key]) for key, table in pair.flink.aggregate_tables.items()]
    for of_flink, of_streams in tables:
        expected = cells(pair.ctx, of_flink)
        assert expected, of_flink.name
        assert cells(pair.ctx, of_streams) == expected, of_flink.name


def test_a_second_replay_on_kafka_streams_changes_no_cell(orders: Twins) -> None:
    assert orders.verified(orders.streams).correct
    tables = (orders.streams.row_table, *orders.streams.aggregate_tables.values())
    before = {table.name: cells(orders.ctx, table) for table in tables}
    orders.send(ORDERS)
    again = orders.verified(orders.streams)
    assert again.correct
    assert again.replays == len(load_manifests(orders.manifests, orders.streams.name)) == 2
    assert {table.name: cells(orders.ctx, table) for table in tables} == before


def test_a_changed_reference_row_is_published_and_a_deleted_one_too(orders: Twins) -> None:
    pipeline, endpoints = orders.streams, orders.ctx.endpoints
    assert publish_references(endpoints, pipeline)["products"].written == 0, "nothing changed yet"
    with session_of(endpoints) as session:
        session.execute(f"UPDATE {pipeline.name}.products SET title = 'renamed' WHERE sku = 'sku-1'")
        session.execute(f"DELETE FROM {pipeline.name}.products WHERE sku = 'sku-2'")
    changed = publish_references(endpoints, pipeline)
    assert (changed["products"].written, changed["products"].deleted) == (1, 1)
    assert (changed["shops"].written, changed["shops"].deleted) == (0, 0)


def test_the_monitor_tells_how_many_rows_are_in_cassandra(orders: Twins) -> None:
    assert orders.verified(orders.streams).correct
    client = StreamsClient(orders.ctx.endpoints.streams_url)
    distinct = client.pipeline(orders.streams.name)["counters"]["distinct_events"]
    loaded = LoadedRows(orders.ctx.endpoints, orders.streams)
    try:
        assert loaded.written(distinct) == distinct == ORDERS
    finally:
        loaded.close()


def test_a_failed_task_of_the_loader_is_started_again(orders: Twins) -> None:
    """It fails because its table is not there yet, and stays so until it is told to start."""
    ctx, pipeline, name = orders.ctx, orders.streams, "late-table"
    assert orders.verified(pipeline).correct
    topic = pipeline.table_topics[pipeline.row_table.name].name
    settings = ctx.stack.streams, ctx.endpoints, pipeline, {topic: "late_orders"}
    config = connector_config(*settings, replication_factor=1)
    client = LoaderClient(ctx.endpoints.loader_url)
    httpx.put(f"{ctx.endpoints.loader_url}/connectors/{name}/config", json=config, timeout=60).raise_for_status()
    try:
        wait_until("the tasks fail", lambda: states(client, name) == {"FAILED"}, STOP_TIMEOUT_SECONDS, 0.5)
        assert client.restart_failed(pipeline.name) == [], "another's tasks are not touched"
        table = replace(pipeline.row_table, name="late_orders")
        with session_of(ctx.endpoints) as session:
            session.execute(table.create_statement())
        assert "late_orders" in " ".join(client.restart_failed(name))
        wait_until("the tasks run", lambda: states(client, name) == {"RUNNING"}, STOP_TIMEOUT_SECONDS, 0.5)
        wait_until("every row is there", lambda: len(cells(ctx, table)) == ORDERS, STOP_TIMEOUT_SECONDS, 0.5)
    finally:
        httpx.delete(f"{ctx.endpoints.loader_url}/connectors/{name}", timeout=60)


def states(client: LoaderClient, name: str) -> set[str]:
    return {task["state"] for task in client.status(name).get("tasks", [])}


def cells(ctx: Context, table: Table) -> list[dict[str, Any]]:
    """Every row, with the write time of every cell that is not part of the key."""
    values = [name for name in table.columns if name not in table.primary_key]
    names = [*table.columns, *(f"WRITETIME({name})" for name in values)]
    with session_of(ctx.endpoints) as session:
        found = session.execute(f"SELECT {', '.join(names)} FROM {table.qualified_name}")
        rows = [dict(zip(names, row, strict=True)) for row in found]
    return sorted(rows, key=lambda row: [str(row[name]) for name in table.primary_key])
