"""The faults, in the order of the harm they could do. Each says what is done, and how soon rows must come again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from weir.chaos import changes, processes
from weir.chaos.ground import JOB_MANAGER, TASK_MANAGER, TRANSACTION_TIMEOUT_SECONDS, Ground
from weir.chaos.rounds import Round
from weir.clients.cassandra import session_of
from weir.config.errors import WeirError
from weir.local import lifecycle
from weir.verify.seeding import load_references
from weir.verify.verify import check_rows

PAUSE_SECONDS = 30.0
LONG_OUTAGE_SECONDS = 180.0
SHORT_OUTAGE_SECONDS = 10.0
BEYOND_TRANSACTIONS_SECONDS = TRANSACTION_TIMEOUT_SECONDS + 15.0
CUT_SECONDS = 2.0
CLOCK_STEPS_SECONDS = (-7200.0, 3000.0)
"""Kafka refuses records that are more than an hour ahead of its clock, and the producer is told."""
ALL_PROCESSES = ("kafka", "cassandra", JOB_MANAGER, TASK_MANAGER)


@dataclass(frozen=True)
class Bound:
    """The most seconds of a figure of `Recovery`."""

    figure: str
    seconds: float


@dataclass(frozen=True)
class Fault:
    """One fault. `play` sends a round's events and breaks or changes something meanwhile."""

    name: str
    what: str
    play: Callable[[Round], None]
    bound: Bound | None = None
    needs_small_disks: bool = False
    outage_seconds: float = 0.0
    events_per_second: int | None = None
    """A rate that differs from the plan's, for faults during whose recovery events must still arrive."""


def _kill(name: str, process: str, bound: Bound, events_per_second: int | None = None) -> Fault:
    def play(turn: Round) -> None:
        turn.send_through(lambda: processes.kill(turn.ground, process), process)

    return Fault(name, f"SIGKILL of {process}", play, bound, events_per_second=events_per_second)


def _pause(name: str, process: str) -> Fault:
    def play(turn: Round) -> None:
        turn.send_through(lambda: processes.pause(turn.ground, process, PAUSE_SECONDS))

    return Fault(name, f"SIGSTOP of {process} for {PAUSE_SECONDS:.0f} s", play, outage_seconds=PAUSE_SECONDS)


def _slow(name: str, process: str) -> Fault:
    def play(turn: Round) -> None:
        turn.send_through(lambda: processes.slow_down(turn.ground, process, SHORT_OUTAGE_SECONDS))

    return Fault(name, f"{process} stopped 85 % of the time for {SHORT_OUTAGE_SECONDS:.0f} s", play)


def _cut(name: str, service: str) -> Fault:
    def play(turn: Round) -> None:
        port = getattr(turn.ground.ctx.ports, service)
        turn.send_through(lambda: processes.cut_connections(turn.ground, TASK_MANAGER, {port}, CUT_SECONDS))

    return Fault(name, f"all connections from the job to {service} cut for {CUT_SECONDS:.0f} s", play)


def _hold(name: str, held: list[str], seconds: float, what: str) -> Fault:
    def play(turn: Round) -> None:
        turn.send_through(lambda: processes.hold_down(turn.ground, held, seconds), held[0])

    return Fault(name, what, play, outage_seconds=seconds)


def _full_disk(name: str, folder: str, what: str) -> Fault:
    def play(turn: Round) -> None:
        disk = turn.ground.ctx.paths.data_dir / "data" / folder
        turn.send_through(lambda: processes.fill_disk(disk, SHORT_OUTAGE_SECONDS), None)
        turn.ground.wait_ready()

    return Fault(name, what, play, needs_small_disks=True)


def _power_cut(turn: Round) -> None:
    turn.send_through(lambda: processes.hold_down(turn.ground, list(ALL_PROCESSES), 1.0), JOB_MANAGER)


def _registry_down_at_a_restart(turn: Round) -> None:
    """Known schemas are in the memory of the task manager that dies: the new one must wait for the registry."""
    ground = turn.ground

    def fault() -> None:
        lifecycle.hold(ground.ctx.paths, "registry")
        processes.kill(ground, TASK_MANAGER)
        time.sleep(SHORT_OUTAGE_SECONDS)
        lifecycle.release(ground.ctx.paths, "registry")

    turn.send_through(fault, "registry")


def _kill_while_cassandra_is_down(turn: Round) -> None:
    """Checkpoints must not end while writes are unanswered, or what is not written is lost with the task manager."""
    ground = turn.ground

    def fault() -> None:
        lifecycle.hold(ground.ctx.paths, "cassandra")
        time.sleep(SHORT_OUTAGE_SECONDS)
        processes.kill(ground, TASK_MANAGER)
        lifecycle.release(ground.ctx.paths, "cassandra")

    turn.send_through(fault, "cassandra")


def _rescale(turn: Round) -> None:
    turn.send_through(lambda: changes.rescale(turn.ground, turn.random))
    turn.notes.append(f"parallelism {turn.ground.parallelism}")


def _upgrade(turn: Round) -> None:
    turn.send_through(lambda: changes.upgrade(turn.ground))
    after = range(turn.window.stop - len(turn.window) // 5, turn.window.stop)
    extra = _following(turn, after)
    turn.send(extra, salt=1)
    check_rows(turn.ground.endpoints, turn.ground.pipeline, turn.ground.dataset, extra)


def _following(turn: Round, after: range) -> range:
    """Some events of the next round, sent early."""
    return range(after.stop, after.stop + len(after))


def _evolve(turn: Round) -> None:
    """Old and new producers at once under the old job; then the job that knows the new field."""
    ground = turn.ground
    job = changes.failures_of(ground)
    ground.evolved = True
    evolved = ground.grow()
    half = turn.window.start + len(turn.window) // 2
    halves = (range(turn.window.start, half), range(half, turn.window.stop))
    changes.side_by_side(lambda: turn.send(halves[0]), lambda: turn.send(halves[1], pipeline=evolved, salt=1))
    if changes.failures_of(ground) != job:
        raise WeirError(f"the old job did not keep running under the new schema: {changes.failures_of(ground)}")
    ground.submit()
    extra = _following(turn, range(turn.window.stop - len(turn.window) // 5, turn.window.stop))
    turn.send(extra, pipeline=evolved, salt=2)
    check_rows(ground.endpoints, evolved, ground.dataset, extra)


def _replay_again(turn: Round) -> None:
    turn.send()
    turn.send(range(turn.window.stop), poison_events=0, salt=1)


def _two_replays(turn: Round) -> None:
    changes.side_by_side(turn.send, lambda: turn.send(salt=1))


def _clock_steps(turn: Round) -> None:
    """Rows follow from the event alone; the timestamp of a record must not matter."""
    steps = iter((0.0, *CLOCK_STEPS_SECONDS))
    step = [next(steps)]

    def reached(share: float) -> None:
        if (share > turn.moment and step[0] == 0.0) or (share > (1 + turn.moment) / 2 and step[0] < 0):
            step[0] = next(steps)

    turn.send(reached=reached, clock=lambda: time.time() + step[0])


def _reference_emptied(turn: Round) -> None:
    """Dataset B deleted by mistake: the job keeps its copy and refuses the empty one."""
    ground = turn.ground
    table = ground.pipeline.reference_tables["planes"].cql_name

    def fault() -> None:
        with session_of(ground.endpoints) as session:
            session.execute(f"TRUNCATE {table}")
        time.sleep(SHORT_OUTAGE_SECONDS)

    turn.send_through(fault)
    _restore_references(ground)


def _restore_references(ground: Ground) -> None:
    load_references(ground.endpoints, ground.pipeline, ground.dataset)


FAULTS: tuple[Fault, ...] = (
    _kill("kill-task-manager", TASK_MANAGER, Bound("first_row_seconds", 15)),
    _kill("kill-job-manager", JOB_MANAGER, Bound("first_row_seconds", 30), events_per_second=120),
    _kill("kill-broker", "kafka", Bound("first_row_seconds", 30)),
    _kill("kill-cassandra", "cassandra", Bound("after_answer_seconds", 10)),
    Fault("power-cut", "SIGKILL of broker, Cassandra, job manager and task manager at once", _power_cut),
    Fault(
        "kill-while-cassandra-is-down",
        "Cassandra down for several checkpoints, then SIGKILL of the task manager",
        _kill_while_cassandra_is_down,
    ),
    Fault("replay-again", "everything sent so far, sent again from the beginning", _replay_again),
    Fault("two-replays", "two concurrent replays of the same events", _two_replays),
    Fault("rescale", "savepoint, another parallelism, restart", _rescale),
    Fault("upgrade", "a new column of a reference table and of the rows: migration, savepoint, new job", _upgrade),
    Fault("evolve", "producers with the old and the new schema side by side, then the job with the new field", _evolve),
    _cut("cut-broker", "kafka"),
    _cut("cut-cassandra", "cassandra"),
    _hold("registry-down", ["registry"], SHORT_OUTAGE_SECONDS, "the registry killed, and down for 10 s"),
    Fault("registry-down-at-restart", "the registry down while the task manager restarts", _registry_down_at_a_restart),
    Fault("reference-emptied", "a reference table truncated by mistake while the job reloads it", _reference_emptied),
    Fault("clock-steps", "the producer's clock steps two hours back, then fifty minutes ahead", _clock_steps),
    _full_disk("full-disk-checkpoints", "flink/checkpoints", "no free disk space for checkpoints for 10 s"),
    _full_disk("full-disk-kafka", "kafka", "no free disk space for Kafka for 10 s"),
    _slow("slow-broker", "kafka"),
    _slow("slow-cassandra", "cassandra"),
    _pause("pause-task-manager", TASK_MANAGER),
    _pause("pause-job-manager", JOB_MANAGER),
    _pause("pause-broker", "kafka"),
    _pause("pause-cassandra", "cassandra"),
    _hold(
        "beyond-transaction-timeout",
        [TASK_MANAGER],
        BEYOND_TRANSACTIONS_SECONDS,
        f"the task manager down for longer than the transaction timeout of {TRANSACTION_TIMEOUT_SECONDS} s",
    ),
    _hold("cassandra-down", ["cassandra"], LONG_OUTAGE_SECONDS, "Cassandra down for three minutes"),
)


def chosen(names: str | None) -> list[Fault]:
    """The faults of `--faults kill-broker,rescale`; all of them without.

    Raises:
        WeirError: an unknown name.
    """
    if names is None:
        return list(FAULTS)
    wanted = [name.strip() for name in names.split(",")]
    known = {fault.name: fault for fault in FAULTS}
    if unknown := [name for name in wanted if name not in known]:
        raise WeirError(f"--faults {names}: unknown fault {', '.join(unknown)}; known: {', '.join(known)}")
    return [known[name] for name in wanted]
