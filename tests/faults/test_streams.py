"""Kafka Streams and the loader when things break in the middle of a replay: every row, total and letter is right."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from tests.pipeline.own_name import named
from tests.waiting import wait_until

from weir.catalog.dataset import load_dataset
from weir.catalog.pipeline import Pipeline, load_pipeline
from weir.clients.kafka import TopicReader
from weir.config.embedded import ReplayConfig
from weir.config.errors import WeirError
from weir.config.repository import REPOSITORY
from weir.local import engines, lifecycle, provision, state, streams
from weir.local.ports import allocate
from weir.local.service import Context, NotReady
from weir.verify.replay import replay
from weir.verify.seeding import load_references
from weir.verify.verify import verify

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]

EVENTS = 4_000
EVENTS_PER_SECOND = 1_000
BEFORE_THE_FAULT_SECONDS = 1.5
SERVICES = ("kafka", "cassandra", "registry", "streams", "loader")
BOUND_SECONDS = 120.0


@dataclass
class Ground:
    """A platform with the flights pipeline on Kafka Streams, and how much of the data was sent."""

    ctx: Context
    pipeline: Pipeline
    sent: int = 0
    sending: threading.Event = field(default_factory=threading.Event)
    one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    @property
    def manifests(self) -> Path:
        return self.pipeline.folder.parent / "manifests"

    def send(self) -> None:
        """The next part of the data, with re-sends of what came before."""
        with self.one_at_a_time:
            self._send()

    def _send(self) -> None:
        config = ReplayConfig(
            events_per_second=EVENTS_PER_SECOND, duplicate_ratio=0.3, out_of_order_ratio=0.1, poison_events=10, seed=3
        )
        skip, self.sent = max(0, self.sent - EVENTS // 4), self.sent + EVENTS
        dataset = load_dataset(self.pipeline.folder)
        replay(
            self.ctx.endpoints,
            self.pipeline,
            dataset,
            config,
            self.manifests,
            skip=skip,
            limit=EVENTS,
            progress=lambda sent, _: self.sending.set() if sent else None,
        )

    def kill(self, name: str) -> None:
        """Ends a service's process without a warning; the supervisor starts it again."""
        known = state.read(self.ctx.paths)
        service = known.service(name) if known else None
        assert service is not None
        assert service.pid is not None
        os.kill(service.pid, signal.SIGKILL)
        wait_until(f"{name} is back", lambda: self._came_back(name, service.restarts), BOUND_SECONDS, 0.1)

    def _came_back(self, name: str, restarts: int) -> bool:
        known = state.read(self.ctx.paths)
        service = known.service(name) if known else None
        return service is not None and service.restarts > restarts and service.status is state.Status.READY


@pytest.fixture(scope="module")
def ground(platform_of: Callable[..., Context], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    root = tmp_path_factory.mktemp("faults")
    folder = root / "flights_broken"
    shutil.copytree(REPOSITORY / "pipelines" / "flights", folder)
    document = yaml.safe_load((folder / "pipeline.yaml").read_text(encoding="utf-8"))
    document = named(folder.name, document) | {"engine": "kafka-streams"}
    (folder / "pipeline.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    pipeline = load_pipeline(folder)
    ctx = platform_of(*SERVICES)
    provision.provision(ctx.endpoints, [pipeline])
    load_references(ctx.endpoints, pipeline, load_dataset(folder))
    engines.submit(ctx, pipeline)
    yield Ground(ctx, pipeline)
    engines.stop(ctx, [pipeline])


def second_instance_comes_and_goes(ground: Ground) -> None:
    """Another application joins, takes some of the partitions, and ends while events come in."""
    ctx = ground.ctx
    wanted = ctx.stack.embedded.ports
    port = allocate(wanted, dict.fromkeys(wanted.model_dump(), 0)).streams
    folder = ctx.paths.data("second-instance")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            streams.command(ctx, folder, port, "second"), cwd=folder, stdout=log, stderr=subprocess.STDOUT
        )

    def worked() -> bool:
        """Events go on coming until it is there, however long it takes to start."""
        if has_worked(ctx, port, ground.pipeline):
            return True
        ground.send()
        return False

    try:
        wait_until("the second instance has some of the work", worked, BOUND_SECONDS, 0.1)
    finally:
        process.terminate()
        process.wait(60)


def is_led(ground: Ground) -> bool:
    """A broker that answers again may need a moment more until it leads."""
    try:
        with TopicReader(ground.ctx.endpoints, ground.pipeline.source_topic.name) as reader:
            reader.offsets()
    except WeirError:
        return False
    return True


def has_worked(ctx: Context, port: int, pipeline: Pipeline) -> bool:
    try:
        counters = streams.status(ctx, port).get(pipeline.name, {}).get("counters", {})
    except NotReady:
        return False
    return counters.get("deduplicated", 0) > 0


def kill_all(*names: str) -> Callable[[Ground], None]:
    """One after the other, each once the one before is back."""

    def kill(ground: Ground) -> None:
        for name in names:
            ground.kill(name)

    return kill


FAULTS: dict[str, Callable[[Ground], None]] = {
    "the application and the loader are killed": kill_all("streams", "loader"),
    "the broker and Cassandra are killed": kill_all("kafka", "cassandra"),
    "the application is restarted": lambda ground: lifecycle.restart(ground.ctx.paths, "streams"),
    "a second instance comes and goes": second_instance_comes_and_goes,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_is_lost_or_counted_twice_when(ground: Ground, fault: str) -> None:
    with ThreadPoolExecutor(max_workers=1) as pool:
        ground.sending.clear()
        sending = pool.submit(ground.send)
        assert ground.sending.wait(BOUND_SECONDS)
        time.sleep(BEFORE_THE_FAULT_SECONDS)
        FAULTS[fault](ground)
        sending.result()
    wait_until("the broker leads its partitions again", lambda: is_led(ground), BOUND_SECONDS, 0.1)
    result = verify(ground.ctx.endpoints, ground.pipeline, load_dataset(ground.pipeline.folder), ground.manifests)
    assert result.correct, result
    assert result.sent.duplicates > 0
