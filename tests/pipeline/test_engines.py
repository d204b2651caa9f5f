"""One pipeline, one replay, two engines: the same rows, totals and write times, cell by cell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import yaml
from tests.pipeline.orders import write_orders_pipeline
from tests.pipeline.own_name import named
from tests.pipeline.stored import cells
from tests.pipeline.twins import Twins, twins
from tests.platforms import PIPELINE_SERVICES
from tests.waiting import wait_until

from weir.catalog.loader import connector_config
from weir.catalog.spec import Engine
from weir.clients.cassandra import session_of
from weir.clients.connect import LoaderClient
from weir.clients.streams import StreamsClient
from weir.config.embedded import ReplayConfig
from weir.incluster.loaded import LoadedRows
from weir.incluster.references import publish_references
from weir.local import engines, jobs
from weir.local.service import Context
from weir.verify.manifest import load_manifests
from weir.verify.verify import Verification

pytestmark = [pytest.mark.pipeline, pytest.mark.timeout(900)]

ORDERS = 20_000
REPLAY = ReplayConfig(events_per_second=0, duplicate_ratio=0.3, out_of_order_ratio=0.1, poison_events=21, seed=5)
STOP_TIMEOUT_SECONDS = 120


@pytest.fixture(scope="module")
def ctx(platform_of: Callable[..., Context]) -> Iterator[Context]:
    context = platform_of(*PIPELINE_SERVICES)
    yield context
    jobs.stop_all(context, STOP_TIMEOUT_SECONDS)


@pytest.fixture(scope="module")
def orders(ctx: Context, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twins]:
    folder = write_orders_pipeline(tmp_path_factory.mktemp("engines"), orders=ORDERS)
    pair = twins(ctx, _renamed(folder, "orders_twice"))
    pair.deploy()
    pair.send(REPLAY, ORDERS)
    yield pair
    engines.stop(ctx, [pair.streams])


def _renamed(folder: Path, name: str) -> Path:
    """The same pipeline under a name of its own, for the tests that share these services."""
    target = folder.rename(folder.with_name(name))
    file = target / "pipeline.yaml"
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    file.write_text(yaml.safe_dump(named(name, document)), encoding="utf-8")
    return target


@pytest.fixture(scope="module")
def verified(orders: Twins) -> dict[str, Verification]:
    """By pipeline, what became of the first replay, once both engines are done with it."""
    return {pipeline.name: orders.verified(pipeline) for pipeline in (orders.flink, orders.streams)}


@pytest.mark.parametrize("engine", list(Engine))
def test_every_row_and_total_is_as_the_original_data_says(
    engine: Engine, orders: Twins, verified: dict[str, Verification]
) -> None:
    result = verified[orders.on(engine).name]
    assert result.correct, result
    assert result.rows.stored == ORDERS
    assert result.sent.duplicates == round(ORDERS * REPLAY.duplicate_ratio)
    assert result.dead_letters.found == REPLAY.poison_events


@pytest.mark.usefixtures("verified")
def test_both_engines_write_the_same_cells_with_the_same_write_times(orders: Twins) -> None:
    orders.require_same_cells()


@pytest.mark.usefixtures("verified")
def test_a_second_replay_on_kafka_streams_changes_no_cell(orders: Twins) -> None:
    tables = (orders.streams.row_table, *orders.streams.aggregate_tables.values())
    before = {table.name: cells(orders.ctx, table) for table in tables}
    orders.send(REPLAY, ORDERS)
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


@pytest.mark.usefixtures("verified")
def test_the_monitor_tells_how_many_rows_are_in_cassandra(orders: Twins) -> None:
    client = StreamsClient(orders.ctx.endpoints.streams_url)
    distinct = client.pipeline(orders.streams.name)["counters"]["distinct_events"]
    loaded = LoadedRows(orders.ctx.endpoints, orders.streams)
    try:
        assert loaded.written(distinct) == distinct == ORDERS
    finally:
        loaded.close()


@pytest.mark.usefixtures("verified")
def test_a_failed_task_of_the_loader_is_started_again(orders: Twins) -> None:
    """It fails because its table is not there yet, and stays so until it is told to start."""
    ctx, pipeline, name = orders.ctx, orders.streams, "late-table"
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
