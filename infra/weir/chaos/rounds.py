"""One round: a part of the data sent, with a fault in the middle of it, and what was seen of the recovery."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from weir.catalog.pipeline import Pipeline
from weir.chaos.ground import Ground
from weir.chaos.recovery import Recovery, recovery_of
from weir.clients.row_watcher import Sample
from weir.config.embedded import ReplayConfig
from weir.config.errors import WeirError
from weir.local import state
from weir.verify.poison import PoisonKind
from weir.verify.replay import Clock, replay

OVERLAP = 0.25
"""This part of a round's events was sent in the round before: duplicates across every restart."""
MOMENT = (0.15, 0.6)
"""The fault is injected when this share of the records has been sent; the seed chooses the exact point."""
PATIENCE_SECONDS = 90.0
"""A sampled row that is missing by then is no longer waited for; the verification shows whether it is lost."""
POISON_EVENTS = len(PoisonKind)
"""One of each kind in every round."""


@dataclass
class Round:
    """What is decided before a round by its seed, and what is noted while it runs."""

    ground: Ground
    number: int
    seed: int
    window: range
    events_per_second: int
    moment: float
    """Share of the records after which the fault comes."""
    patience_seconds: float = PATIENCE_SECONDS
    injected: float | None = None
    """When the fault came, in `time.perf_counter()` seconds; likewise `lifted` and `answered`."""
    lifted: float | None = None
    answered: float | None = None
    samples: list[Sample] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def random(self) -> random.Random:
        """The round's own source of chance, the same at every call."""
        return random.Random(self.seed)  # noqa: S311 - repeatable on purpose

    def send(
        self,
        window: range | None = None,
        *,
        pipeline: Pipeline | None = None,
        poison_events: int = POISON_EVENTS,
        salt: int = 0,
        reached: Callable[[float], None] = lambda _share: None,
        clock: Clock = time.time,
    ) -> None:
        """Replays `window` (the round's by default); `reached` is told the share that has been sent."""
        chosen = window if window is not None else self.window
        config = ReplayConfig(
            events_per_second=self.events_per_second,
            duplicate_ratio=0.25,
            far_duplicate_share=0.5,
            out_of_order_ratio=0.1,
            poison_events=poison_events,
            seed=self.seed + salt,
        )
        replay(
            self.ground.endpoints,
            pipeline or self.ground.base,
            self.ground.dataset,
            config,
            self.ground.manifests,
            skip=chosen.start,
            limit=len(chosen),
            missing_after_seconds=self.patience_seconds,
            progress=lambda sent, planned: reached(sent / planned),
            observe=self.samples.extend,
            clock=clock,
        )

    def send_through(self, fault: Callable[[], object], process: str | None = None) -> None:
        """Sends the round's events, and calls `fault` when it is due.

        Raises:
            WeirError: the fault could not be made, or the replay failed.
        """
        come = threading.Event()

        def reached(share: float) -> None:
            if share >= self.moment:
                come.set()

        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="replay") as pool:
            sending = pool.submit(self.send, reached=reached)
            while not come.wait(0.02):
                if sending.done():
                    break
            if not come.is_set():
                sending.result()
                raise WeirError("the replay ended before the fault was due")
            self.injected = time.perf_counter()
            fault()
            self.lifted = time.perf_counter()
            if process is not None:
                self.answered = self._answer_of(process)
            sending.result()

    def recovery(self) -> Recovery | None:
        """The figures, where there was a fault in the middle of the events."""
        if self.injected is None:
            return None
        return recovery_of(self.samples, self.injected, self.answered or self.lifted)

    def _answer_of(self, process: str) -> float:
        """When the process answered again, on the clock of this round."""
        self.ground.wait_ready()
        known = state.read(self.ground.ctx.paths)
        entry = known.service(process) if known else None
        ready_at = entry.ready_at if entry and entry.ready_at else time.time()
        return time.perf_counter() - (time.time() - ready_at)


def window_of(number: int, events: int, dataset_events: int) -> range:
    """The events of round `number`, counted from 0: new ones, after some of the round before.

    Raises:
        WeirError: the dataset has not so many.
    """
    start = number * events
    if start + events > dataset_events:
        raise WeirError(
            f"round {number + 1} would begin at event {start} of {dataset_events}; use fewer rounds, or fewer events "
            "per round"
        )
    return range(max(0, start - int(events * OVERLAP)), start + events)
