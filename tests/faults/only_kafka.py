"""What tests of starting and stopping see of a platform that is Kafka alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weir.local import state
from weir.local.state import ServiceState, Status

if TYPE_CHECKING:
    from tests.platforms import Weir

BOUND_SECONDS = 120.0


def kafka_of(weir: Weir) -> ServiceState | None:
    known = state.read(weir.paths)
    return known.service("kafka") if known else None


def is_ready(weir: Weir) -> bool:
    kafka = kafka_of(weir)
    return kafka is not None and kafka.status is Status.READY


def assert_nothing_runs(weir: Weir) -> None:
    assert state.processes(weir.paths) == []
    assert state.supervisor_pid(weir.paths) is None
