"""`weir prove` in short: one round, with the fault that no other suite has."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from rich.console import Console
from tests.platforms import STACK_FILE

from weir.chaos import run
from weir.chaos.faults import chosen
from weir.local.board import Board

pytestmark = [pytest.mark.faults, pytest.mark.alone, pytest.mark.long, pytest.mark.timeout(900)]
SHORT_FORM = ("cut-broker",)
"""`make prove` is all of them; in the cluster suite each pod is killed."""
SEED = 5
EVENTS = 5000


def test_no_row_or_total_is_lost_doubled_or_wrong_under_faults(toolchain_for: Callable) -> None:
    toolchain_for("kafka", "cassandra", "registry", "flink")
    faults = chosen(",".join(SHORT_FORM))
    plan = run.Plan(len(faults), SEED, faults, events_per_round=EVENTS, events_per_second=2500)
    with Board(Console(file=io.StringIO())) as board:
        outcome = run.prove(STACK_FILE, plan, board)
    assert outcome.correct, f"{outcome.failure}; evidence: {outcome.evidence}"
    assert {result.fault for result in outcome.rounds} == set(SHORT_FORM)
    assert all(result.duplicates > EVENTS / 5 and result.dead_letters for result in outcome.rounds)
    assert all(result.recovery and result.recovery.first_row_seconds for result in outcome.rounds)
