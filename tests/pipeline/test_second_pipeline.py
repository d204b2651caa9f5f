"""A second pipeline is one folder: weir runs it to a correct result, and sees it when the result is not correct."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.pipeline.orders import write_orders_pipeline
from tests.platforms import PIPELINE_SERVICES

from weir.catalog.dataset import load_dataset
from weir.catalog.pipeline import Pipeline, load_pipeline
from weir.config.embedded import ReplayConfig
from weir.embedded import jobs, provision
from weir.embedded.service import Context
from weir.proof.cassandra import load_references, session_of
from weir.proof.replay import replay
from weir.proof.verify import Verification, verify

pytestmark = pytest.mark.pipeline

ORDERS = 20_000
POISON = 21
REPLAY = ReplayConfig(events_per_second=0, duplicate_ratio=0.3, out_of_order_ratio=0.1, poison_events=POISON, seed=11)


@pytest.fixture(scope="module")
def platform(platform_of: Callable[..., Context]) -> Context:
    return platform_of(*PIPELINE_SERVICES)


@pytest.fixture(scope="module")
def orders(platform: Context, tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """The pipeline, deployed."""
    pipeline = load_pipeline(write_orders_pipeline(tmp_path_factory.mktemp("pipelines"), orders=ORDERS))
    provision.provision(platform.endpoints, [pipeline])
    load_references(platform.endpoints, pipeline, load_dataset(pipeline.folder))
    jobs.submit(platform, pipeline)
    return pipeline


@pytest.fixture(scope="module")
def verified(platform: Context, orders: Pipeline) -> Verification:
    """The outcome of a replay with re-sends, disorder and poison."""
    replay(platform.endpoints, orders, load_dataset(orders.folder), REPLAY, manifests(platform))
    return check(platform, orders)


def manifests(platform: Context) -> Path:
    return platform.paths.data("replay")


def check(platform: Context, pipeline: Pipeline) -> Verification:
    return verify(platform.endpoints, pipeline, load_dataset(pipeline.folder), manifests(platform))


def test_every_order_is_stored_once_and_every_total_is_right(verified: Verification) -> None:
    assert verified.rows.stored == verified.sent.distinct == ORDERS
    assert verified.sent.duplicates == round(ORDERS * REPLAY.duplicate_ratio)
    assert verified.dead_letters.found == POISON
    assert [table.stored > 0 for table in verified.aggregates] == [True, True]
    assert verified.correct


def test_a_replay_into_the_filled_tables_changes_nothing_not_even_write_times(
    platform: Context, orders: Pipeline, verified: Verification
) -> None:
    before = write_times(platform, orders)
    replay(platform.endpoints, orders, load_dataset(orders.folder), REPLAY, manifests(platform))
    again = check(platform, orders)
    assert again.correct
    assert again.replays == verified.replays + 1
    assert again.rows.stored_digest == verified.rows.stored_digest
    assert write_times(platform, orders) == before


def test_one_changed_cell_one_lost_row_and_one_wrong_total_are_found(
    platform: Context, orders: Pipeline, verified: Verification
) -> None:
    assert verified.correct
    with session_of(platform.endpoints) as session:
        first, second = session.execute(
            "SELECT country, placed_day, placed_at, order_number FROM orders.orders_enriched LIMIT 2"
        )
        where = "country = %s AND placed_day = %s AND placed_at = %s AND order_number = %s"
        session.execute(f"UPDATE orders.orders_enriched SET quantity = 99 WHERE {where}", tuple(first))
        session.execute(f"DELETE FROM orders.orders_enriched WHERE {where}", tuple(second))
        total = session.execute("SELECT placed_year, place, express FROM orders.sales_by_city LIMIT 1").one()
        where = "placed_year = %s AND place = %s AND express = %s"
        session.execute(f"UPDATE orders.sales_by_city SET orders = 1000000 WHERE {where}", tuple(total))
    tampered = check(platform, orders)
    assert not tampered.correct
    assert (tampered.rows.missing, tampered.rows.extra, tampered.rows.wrong) == (1, 0, 1)
    assert [table.wrong for table in tampered.aggregates] == [0, 1]


def write_times(platform: Context, pipeline: Pipeline) -> dict[str, list[tuple[object, ...]]]:
    """The write time of a column of each output table, by primary key."""
    columns = {"orders_enriched": "quantity", "sales_by_hour": "orders", "sales_by_city": "orders"}
    found = {}
    with session_of(platform.endpoints) as session:
        for table in (pipeline.row_table, *pipeline.aggregate_tables.values()):
            key = ", ".join(table.primary_key)
            query = f"SELECT {key}, writetime({columns[table.name]}) FROM {table.qualified_name}"
            found[table.name] = sorted(tuple(row) for row in session.execute(query))
    assert all(found.values())
    return found
