"""Rounds of faults on one platform, each verified before the next begins."""

from __future__ import annotations

import os
import random
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from weir.chaos import evidence
from weir.chaos.faults import Bound, Fault
from weir.chaos.ground import Ground, made_ground
from weir.chaos.recovery import Recovery
from weir.chaos.rounds import MOMENT, Round, window_of
from weir.config.errors import WeirError
from weir.local.board import Board
from weir.local.own_platform import temporary_folder
from weir.verify.dataset import EVENTS, open_dataset, scalar
from weir.verify.verify import Verification, verify

STALL_SECONDS = 120.0


@dataclass(frozen=True)
class Plan:
    """What `weir prove` is asked for."""

    rounds: int
    seed: int
    faults: Sequence[Fault]
    events_per_round: int
    events_per_second: int


@dataclass(frozen=True)
class RoundResult:
    """One round that was correct."""

    number: int
    fault: str
    seed: int
    moment: float
    seconds: float
    records: int
    rows: int
    duplicates: int
    dead_letters: int
    recovery: Recovery | None
    bound: Bound | None
    load_per_core: float = 0.0
    """The load average of the machine when the round began: other work makes recovery slower, not wrong."""
    notes: tuple[str, ...] = ()

    @property
    def within_bound(self) -> bool:
        """True where rows came again as soon as they must."""
        if self.bound is None or self.recovery is None:
            return True
        measured = getattr(self.recovery, self.bound.figure)
        return measured is None or measured <= self.bound.seconds


@dataclass(frozen=True)
class Outcome:
    """All rounds; `failure` says what was wrong with the last one, and `evidence` is where to look."""

    seed: int
    rounds: tuple[RoundResult, ...]
    skipped: tuple[str, ...] = ()
    failure: str = ""
    evidence: Path | None = None

    @property
    def correct(self) -> bool:
        """True where every round was."""
        return not self.failure


Report = Callable[[RoundResult], None]


def prove(stack_path: Path, plan: Plan, board: Board, report: Report = lambda _result: None) -> Outcome:
    """Runs the rounds of `plan` until all are done or one is wrong; then its platform's files are kept.

    Raises:
        WeirError: the platform does not start, or too many rounds are asked for.
    """
    root = temporary_folder("prove")
    outcome: Outcome | None = None
    try:
        # One round more: some faults send events of the next round early.
        events = (plan.rounds + 1) * plan.events_per_round
        with made_ground(root, stack_path, events, board) as ground:
            outcome = _rounds(ground, root, plan, board, report)
        return outcome
    finally:
        if outcome is not None and outcome.correct:
            shutil.rmtree(root)


def deck(plan: Plan, small_disks: bool) -> list[Fault]:
    """The fault of each round: all of them in a seeded order, then all again in another."""
    possible = [fault for fault in plan.faults if small_disks or not fault.needs_small_disks]
    if not possible:
        raise WeirError(
            "the chosen faults need small disks, which only root can mount; run as root, or choose other faults"
        )
    chance = random.Random(plan.seed)  # noqa: S311 - repeatable on purpose
    dealt: list[Fault] = []
    while len(dealt) < plan.rounds:
        dealt += chance.sample(possible, len(possible))
    return dealt[: plan.rounds]


def _rounds(ground: Ground, root: Path, plan: Plan, board: Board, report: Report) -> Outcome:
    faults = deck(plan, ground.small_disks)
    skipped = tuple(fault.name for fault in plan.faults if fault.needs_small_disks and not ground.small_disks)
    with open_dataset(ground.base, ground.dataset) as connection:
        size = scalar(connection, f"SELECT count(*) FROM {EVENTS}")  # noqa: S608
    window_of(plan.rounds - 1, plan.events_per_round, size)
    done: list[RoundResult] = []
    for number, fault in enumerate(faults):
        turn = _turn(ground, plan, number, size)
        result: Verification | None = None
        began, load = time.monotonic(), os.getloadavg()[0] / (os.cpu_count() or 1)
        board.report(f"round {number + 1}", f"{fault.name}: {fault.what}", None)
        try:
            turn.patience_seconds += fault.outage_seconds
            turn.events_per_second = fault.events_per_second or turn.events_per_second
            fault.play(turn)
            result = _verified(ground)
            failure = "" if result.correct else "the tables, totals or dead letters differ from the oracle's"
        except WeirError as error:
            failure = str(error)
        if failure or result is None:
            facts = {"round": number + 1, "fault": fault.name, "seed": turn.seed, "moment": turn.moment}
            kept = evidence.keep(ground, root, facts, result, failure)
            return Outcome(plan.seed, tuple(done), skipped, f"round {number + 1}, {fault.name}: {failure}", kept)
        done.append(_result(turn, fault, result, time.monotonic() - began, load))
        board.report(f"round {number + 1}", f"{fault.name}: correct after {done[-1].seconds:.0f} s", 1.0)
        report(done[-1])
    return Outcome(plan.seed, tuple(done), skipped)


def _turn(ground: Ground, plan: Plan, number: int, size: int) -> Round:
    chance = random.Random(f"{plan.seed}/{number}")  # noqa: S311 - repeatable on purpose
    return Round(
        ground=ground,
        number=number,
        seed=chance.randrange(2**31),
        window=window_of(number, plan.events_per_round, size),
        events_per_second=plan.events_per_second,
        moment=round(chance.uniform(*MOMENT), 3),
    )


def _verified(ground: Ground) -> Verification:
    ground.wait_ready()
    return verify(
        ground.endpoints,
        ground.base,
        ground.dataset,
        ground.manifests,
        stall_timeout_seconds=STALL_SECONDS,
        write_times=True,
        # If this code triggered checkpoints, it would prove nothing about the job's own ones.
        hasten=False,
    )


def _result(turn: Round, fault: Fault, result: Verification, seconds: float, load: float) -> RoundResult:
    return RoundResult(
        number=turn.number + 1,
        fault=fault.name,
        seed=turn.seed,
        moment=turn.moment,
        seconds=round(seconds, 1),
        records=result.sent.records,
        rows=result.rows.stored,
        duplicates=result.sent.duplicates,
        dead_letters=result.dead_letters.found,
        recovery=turn.recovery(),
        bound=fault.bound,
        load_per_core=round(load, 1),
        notes=tuple(turn.notes),
    )


def as_document(outcome: Outcome) -> dict[str, object]:
    """The outcome as plain values, for JSON."""
    return {**asdict(outcome), "correct": outcome.correct, "evidence": str(outcome.evidence or "")}
