"""A reference table of a million rows on a running Flink: refused with the number, or held and reloaded."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from tests.cluster.proving import loaded_at
from tests.pipeline.orders import write_orders_pipeline
from tests.platforms import STACK_FILE, free_ports_stack
from tests.waiting import wait_until

from weir.catalog.dataset import Dataset, load_dataset
from weir.catalog.pipeline import Pipeline, load_pipeline
from weir.clients.cassandra import session_of
from weir.clients.cassandra_rows import write_rows
from weir.clients.flink_rest import FlinkRest
from weir.config.embedded import ReplayConfig
from weir.config.errors import WeirError
from weir.config.stack import load_stack
from weir.local import jobs, lifecycle, provision, reference_memory, services, state
from weir.local.context import running_context
from weir.local.service import Context, Paths
from weir.verify.replay import replay
from weir.verify.seeding import seed_references
from weir.verify.verify import verify

pytestmark = [pytest.mark.faults, pytest.mark.alone, pytest.mark.long, pytest.mark.timeout(1800)]

MILLION = 1_000_000
CHANGED = MILLION // 4
"""The share of rows that sizing gives a reload (`sizing.references.CHANGED_SHARE`)."""
ORDERS = 4000
TASK_MANAGER_MIB = 3072
SERVICES = ("kafka", "cassandra", "registry", "flink")
RELOAD_TIMEOUT_SECONDS = 300
REPLAY = ReplayConfig(events_per_second=0, duplicate_ratio=0.2, out_of_order_ratio=0.1, poison_events=7, seed=5)


def test_a_reload_of_a_million_rows_leaves_the_job_running(toolchain_for: Callable, tmp_path: Path) -> None:
    toolchain_for(*SERVICES)
    pipeline, dataset = _million_products(tmp_path / "made")
    with _platform(tmp_path / "weir") as ctx:
        provision.provision(ctx.endpoints, [pipeline])
        held = _seeded(ctx, pipeline, dataset, tmp_path / "references")
        with pytest.raises(WeirError, match=r"flink_task_manager_process_mib: 1792 leaves \d+ MiB for reference"):
            reference_memory.check_references(load_stack(STACK_FILE), [(pipeline, held)])
        reference_memory.check_references(ctx.stack, [(pipeline, held)])

        job_id = jobs.submit(ctx, pipeline)
        process = _task_manager(ctx)
        replay(ctx.endpoints, pipeline, dataset, REPLAY, tmp_path / "manifests", limit=ORDERS // 2)
        assert verify(ctx.endpoints, pipeline, dataset, tmp_path / "manifests").correct

        _change(ctx, pipeline)
        with FlinkRest.of(ctx.endpoints) as flink:
            for _ in range(2):
                before = max(loaded_at(flink, job_id))
                wait_until("a reload", lambda: min(loaded_at(flink, job_id)) > before, RELOAD_TIMEOUT_SECONDS)  # noqa: B023
            replay(ctx.endpoints, pipeline, dataset, REPLAY, tmp_path / "manifests", skip=ORDERS // 2)
            wait_until("renamed products in new rows", lambda: _renamed_rows(ctx, pipeline) > 0, 120)
            assert flink.restarts(job_id) == 0
        assert _task_manager(ctx) == process
        jobs.stop_all(ctx, jobs.STOP_TIMEOUT_SECONDS)


def _million_products(pipelines: Path) -> tuple[Pipeline, Dataset]:
    folder = write_orders_pipeline(pipelines, orders=ORDERS)
    with (folder / "products.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["sku", "title", "category", "unit_weight_kg"])
        writer.writerows(_product(number, f"Product {number:08}") for number in range(MILLION))
    document = yaml.safe_load((folder / "pipeline.yaml").read_text(encoding="utf-8"))
    document["references"]["products"] |= {"expected_rows": MILLION, "reload_interval_seconds": 20}
    (folder / "pipeline.yaml").write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return load_pipeline(folder), load_dataset(folder)


def _product(number: int, title: str) -> tuple[str, str, str, float]:
    """A row. Titles have the length that sizing assumes where nobody says: 16 characters."""
    return f"sku-{number}", title, "household", 1.5


@contextmanager
def _platform(folder: Path) -> Iterator[Context]:
    stack = free_ports_stack(folder.parent)
    document = yaml.safe_load(stack.read_text(encoding="utf-8"))
    document["config"]["weir:embedded"]["memory"] = {"flink_task_manager_process_mib": TASK_MANAGER_MIB}
    stack.write_text(yaml.safe_dump(document), encoding="utf-8")
    paths = Paths(folder)
    lifecycle.start(paths, stack, list(SERVICES))
    try:
        lifecycle.wait_ready(paths, services.process_names(SERVICES, load_stack(stack)))
        yield running_context(paths, services.tools(SERVICES))
    finally:
        lifecycle.stop(paths)
        assert state.processes(paths) == []


def _seeded(ctx: Context, pipeline: Pipeline, dataset: Dataset, folder: Path) -> reference_memory.Held:
    tables = seed_references(ctx.endpoints, pipeline, dataset, folder, overwrite=False)
    return reference_memory.Held(
        {table.reference: table.held for table in tables}, {table.reference: table.text_bytes for table in tables}
    )


def _task_manager(ctx: Context) -> list[int]:
    return [process.pid for process in state.processes(ctx.paths) if state.service_of(process) == "flink-taskmanager-1"]


def _change(ctx: Context, pipeline: Pipeline) -> None:
    """Renames the products that orders name, and others up to a quarter of the table."""
    table = pipeline.reference_tables["products"]
    with session_of(ctx.endpoints) as session:
        write_rows(session, table, (_product(number, "renamed product.") for number in range(CHANGED)))


def _renamed_rows(ctx: Context, pipeline: Pipeline) -> int:
    with session_of(ctx.endpoints) as session:
        titles = session.execute(f"SELECT product_title FROM {pipeline.row_table.qualified_name}")
        return sum(title == "renamed product." for (title,) in titles)
