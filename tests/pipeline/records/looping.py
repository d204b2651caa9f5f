"""Applications that fail for ever: `weir status` and the health table say so, and say when it is over.

The failures are those that no dead letter ends: what the pipeline writes to is gone, or takes less than it did.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.admin._resource import ResourceType
from rich.console import Console
from tests.pipeline.records.case import Wire
from tests.waiting import wait_until

from weir.catalog.application_state import LOOPING_FAILURES
from weir.catalog.pipeline import Pipeline
from weir.catalog.platform import PIPELINE_HEALTH
from weir.clients.cassandra import session_of
from weir.clients.registry import schema_id_of
from weir.incluster import monitor
from weir.local import streams, tables
from weir.local.service import Context

if TYPE_CHECKING:
    from tests.pipeline.twins import Twins

log = logging.getLogger(__name__)
NAME = "looping"
TOLD_SECONDS = 90
MENDED_SECONDS = 120
NO_ROW_FITS_BYTES = 400
"""The marks of transactions do."""
LOOPS_SECONDS = 6
"""Longer than the monitor's interval, and than a job that fails at once takes from one failure to the next."""
FLUSH_SECONDS = 60


class Health(NamedTuple):
    """A row of the health table."""

    at: datetime
    state: str | None
    restarts: int | None
    last_failure: str | None

    def seconds_after(self, moment: float) -> float:
        return self.at.replace(tzinfo=UTC).timestamp() - moment


@dataclass(frozen=True)
class Ground:
    """A pipeline on both engines, with a monitor."""

    ctx: Context
    flink: Pipeline
    streams: Pipeline

    def send(self, id_: str, **fields: Any) -> None:
        """One event, which both engines read."""
        wire = Wire(NAME, self.ctx.endpoints.registry_url, schema_id_of(self.ctx.endpoints.registry_url, self.flink))
        producer = Producer({"bootstrap.servers": self.ctx.endpoints.kafka_bootstrap_servers})
        producer.produce(self.flink.source_topic.name, wire.event(id_, **fields), id_.encode())
        assert producer.flush(FLUSH_SECONDS) == 0

    def set_largest_record(self, topic: str, size_bytes: int) -> None:
        """What the topic takes from now on."""
        admin = AdminClient({"bootstrap.servers": self.ctx.endpoints.kafka_bootstrap_servers})
        entry = ConfigEntry("max.message.bytes", str(size_bytes), incremental_operation=AlterConfigOpType.SET)
        resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
        for future in admin.incremental_alter_configs([resource]).values():
            future.result()

    def execute(self, statement: str, *values: Any) -> list[Any]:
        with session_of(self.ctx.endpoints) as session:
            return list(session.execute(statement, values or None))

    def ids(self, pipeline: Pipeline) -> set[str]:
        found = self.execute(f"SELECT id FROM {pipeline.row_table.cql_name}")
        return {id_.partition("/")[2] for (id_,) in found if id_.startswith(f"{NAME}/")}

    def state(self, pipeline: Pipeline) -> str:
        """The worst that `weir status` prints of the pipeline."""
        rows = tables.application_rows(self.ctx.endpoints, [pipeline], self.flink.folder)
        console = Console(width=200, record=True, file=(self.ctx.paths.config("tests") / "status").open("w"))
        console.print(tables.application_table(rows))
        shown = console.export_text()
        assert all(part["state"] in shown for part in rows[pipeline.name].values())
        states = [part["state"] for part in rows[pipeline.name].values()]
        return next((state for state in states if state != "RUNNING"), "RUNNING")

    def health(self, pipeline: Pipeline) -> list[Health]:
        """Of today, the newest first."""
        found = self.execute(
            f"SELECT at, state, restarts, last_failure FROM {PIPELINE_HEALTH.qualified_name} "
            "WHERE pipeline = %s AND day = %s ORDER BY at DESC",
            *(pipeline.name, datetime.now(UTC).date()),
        )
        return [Health(*row) for row in found]

    def health_state(self, pipeline: Pipeline) -> str | None:
        rows = self.health(pipeline)
        return rows[0].state if rows else None

    def settled(self, pipeline: Pipeline, timeout_seconds: float) -> None:
        """Returns once the pipeline is told as RUNNING, by both."""
        wait_until(f"{pipeline.name} runs", lambda: self.state(pipeline) == "RUNNING", timeout_seconds)
        wait_until("its health, too", lambda: self.health_state(pipeline) == "RUNNING", TOLD_SECONDS)


@contextmanager
def watched(pair: Twins, folder: Path) -> Iterator[Ground]:
    """The pair, which runs, and a monitor of it."""
    stop = threading.Event()
    watching = threading.Thread(
        target=monitor.run, args=(pair.ctx.endpoints, list(pair.both), folder / "totals.json", stop)
    )
    watching.start()
    try:
        yield Ground(pair.ctx, pair.flink, pair.streams)
    finally:
        stop.set()
        watching.join()


def row_does_not_fit_and_then_does(ground: Ground) -> None:
    """A thread of Kafka Streams fails on it and is replaced, for ever."""
    pipeline = ground.streams
    topic = pipeline.table_topics[pipeline.row_table.name]
    ground.settled(pipeline, MENDED_SECONDS)

    ground.set_largest_record(topic.name, NO_ROW_FITS_BYTES)
    began = time.time()
    ground.send("large", note=random.Random(0).randbytes(NO_ROW_FITS_BYTES).hex())
    row = told_as_looping(ground, pipeline, began)
    assert "RecordTooLargeException" in (row.last_failure or "")
    (failure,) = streams.status(ground.ctx)[pipeline.name]["last_failures"]
    assert failure["at_milliseconds"] / 1000 > began

    stays_looping(ground, pipeline, row)
    ground.set_largest_record(topic.name, int(topic.config["max.message.bytes"]))
    ground.settled(pipeline, MENDED_SECONDS)
    wait_until("the event is not lost", lambda: "large" in ground.ids(pipeline), MENDED_SECONDS)


def table_is_gone_and_comes_back(ground: Ground, pipeline: Pipeline, id_: str) -> None:
    """`id_` is that of the event which comes meanwhile."""
    ground.send(f"before-{id_}")
    wait_until("its row is there", lambda: f"before-{id_}" in ground.ids(pipeline), MENDED_SECONDS)
    ground.settled(pipeline, MENDED_SECONDS)

    ground.execute(f"DROP TABLE {pipeline.row_table.cql_name}")
    began = time.time()
    ground.send(id_)
    row = told_as_looping(ground, pipeline, began)
    assert pipeline.row_table.name in (row.last_failure or "")

    stays_looping(ground, pipeline, row)
    ground.execute(pipeline.row_table.create_statement())
    ground.settled(pipeline, MENDED_SECONDS)
    wait_until("the event is not lost", lambda: id_ in ground.ids(pipeline), MENDED_SECONDS)


def told_as_looping(ground: Ground, pipeline: Pipeline, began: float) -> Health:
    """The row that tells it first. Status and health table do in time, counted from what broke it."""
    wait_until("weir status tells", lambda: ground.state(pipeline) == "LOOPING", TOLD_SECONDS)
    status_seconds = time.time() - began
    wait_until("the health table tells", lambda: ground.health_state(pipeline) == "LOOPING", TOLD_SECONDS)
    row = next(entry for entry in reversed(ground.health(pipeline)) if entry.state == "LOOPING")
    health_seconds = row.seconds_after(began)
    log.info("%s: status %.1f s, health %.1f s: %s", pipeline.name, status_seconds, health_seconds, row)
    assert max(status_seconds, health_seconds) < TOLD_SECONDS
    assert (row.restarts or 0) >= LOOPING_FAILURES - 1
    return row


def stays_looping(ground: Ground, pipeline: Pipeline, first: Health) -> None:
    """Not even between two failures is it told as running."""
    states = set()
    until = time.monotonic() + LOOPS_SECONDS
    while time.monotonic() < until:
        states.add(ground.state(pipeline))
    assert states | {entry.state for entry in ground.health(pipeline) if entry.at >= first.at} == {"LOOPING"}
