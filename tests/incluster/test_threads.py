"""What one event brings along never ends a thread that watches all of them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from tests.verify.tiny import write_readings
from tests.waiting import wait_until

from weir.clients.row_watcher import RowWatcher, Sample
from weir.config.endpoints import Endpoints
from weir.incluster import freshness
from weir.incluster.freshness import FreshnessSampler

pytestmark = pytest.mark.unit

NOWHERE = Endpoints.of_pod(
    registry="http://127.0.0.1:1", kafka="127.0.0.1:1", cassandra=("127.0.0.1:1",), datacenter="local"
)


@pytest.fixture
def watcher(tmp_path: Path) -> RowWatcher:
    pipeline, _ = write_readings(tmp_path)
    return RowWatcher(NOWHERE, pipeline, missing_after_seconds=1)


@pytest.mark.parametrize("error", [OverflowError("date value out of range"), ValueError("year 0"), KeyError("x")])
def test_the_freshness_thread_outlives_any_event(
    watcher: RowWatcher, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = []

    def look(_: FreshnessSampler) -> None:
        looks.append(time.monotonic())
        if len(looks) == 1:
            raise error

    monkeypatch.setattr(FreshnessSampler, "_look", look)
    monkeypatch.setattr(freshness, "RETRY_SECONDS", 0.01)
    with FreshnessSampler(NOWHERE, watcher._pipeline, watcher):
        wait_until("a look after the one that failed", lambda: len(looks) > 1, 10)


def test_without_an_address_of_cassandra_no_row_is_watched(tmp_path: Path) -> None:
    kafka_alone = Endpoints.of_pod(registry="http://127.0.0.1:1", kafka="127.0.0.1:1")
    with RowWatcher(kafka_alone, write_readings(tmp_path)[0], missing_after_seconds=1) as watcher:
        assert watcher.busy
    assert watcher.take() == []


def test_a_row_that_cannot_be_read_does_not_end_the_watch_of_the_others(watcher: RowWatcher) -> None:
    asked: list[Any] = []

    class Session:
        def execute_async(self, _: object, key: tuple[Any, ...]) -> Any:
            if key == ("far",):
                raise OverflowError("int too large to convert")
            asked.append(key)
            return self

        def add_callbacks(self, *_: object, **__: object) -> None:
            return

    now = time.perf_counter()
    far, near = Sample(("far",), now), Sample(("near",), now)
    watcher._pending += [far, near]
    watcher._poll(Session(), None)  # pyright: ignore[reportArgumentType]
    assert asked == [("near",)]
    assert (far.asking, near.asking) == (False, True)
