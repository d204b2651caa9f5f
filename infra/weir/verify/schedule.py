"""Which event is sent when: a pure function of the dataset's size, what was sent before, and the configuration."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from weir.config.embedded import ReplayConfig

NEAR_DISTANCE = 1_000
"""A near re-send follows its first send within as many events."""
DISPLACEMENT = 2_000
"""An event out of order is sent up to as many events too early or too late."""
EARLIER_SHARE = 1 / 3
"""Share of far re-sends taken from earlier replays, where there are some: a re-send across a restart."""


class Kind(IntEnum):
    """Why a record is sent."""

    FIRST = 0
    NEAR = 1
    FAR = 2
    EARLIER = 3
    POISON = 4


@dataclass(frozen=True)
class Plan:
    """The sends in their order: `kinds[i]` says why, `numbers[i]` which event (its index) or which poison record."""

    kinds: np.ndarray
    numbers: np.ndarray

    def __len__(self) -> int:
        return len(self.kinds)

    def counts(self) -> dict[str, int]:
        """How many sends of each kind, by its lower-case name."""
        found = np.bincount(self.kinds, minlength=len(Kind))
        return {kind.name.lower(): int(found[kind]) for kind in Kind}


def make_plan(window: range, earlier: np.ndarray, config: ReplayConfig) -> Plan:
    """The plan that sends every event of `window` once, and what `config` adds to that.

    Every send has a place on a line on which undisturbed events stand at 0, 1, 2 ...; the order on that line is the
    order of sending. `earlier` holds the indices of events outside the window that earlier replays have sent.
    The same arguments give the same plan.
    """
    size = len(window)
    random = np.random.default_rng([config.seed, size])
    places = np.arange(size, dtype=np.float64)
    displaced = random.random(size) < config.out_of_order_ratio
    places[displaced] += random.uniform(-DISPLACEMENT, DISPLACEMENT, displaced.sum())

    resends = round(config.duplicate_ratio * size)
    far = round(resends * config.far_duplicate_share)
    old = round(far * EARLIER_SHARE) if len(earlier) else 0
    near_events = random.integers(0, size, resends - far) if size else np.empty(0, np.int64)
    far_events = random.integers(0, size, far - old) if size else np.empty(0, np.int64)
    near_places = places[near_events] + NEAR_DISTANCE * _above_zero(random, len(near_events))
    far_from = places[far_events] + NEAR_DISTANCE
    far_places = far_from + _above_zero(random, len(far_events)) * np.maximum(size - far_from, 1)

    first = np.asarray(window, dtype=np.int64)
    groups = [
        (Kind.FIRST, first, places),
        (Kind.NEAR, first[near_events], near_places),
        (Kind.FAR, first[far_events], far_places),
        (Kind.EARLIER, random.choice(earlier, old) if old else earlier[:0], random.uniform(0, size, old)),
        (Kind.POISON, np.arange(config.poison_events), random.uniform(0, size, config.poison_events)),
    ]
    order = np.argsort(np.concatenate([places for _, _, places in groups]), kind="stable")
    kinds = np.concatenate([np.full(len(numbers), kind, np.uint8) for kind, numbers, _ in groups])
    numbers = np.concatenate([numbers.astype(np.int64) for _, numbers, _ in groups])
    return Plan(kinds[order], numbers[order])


def _above_zero(random: np.random.Generator, size: int) -> np.ndarray:
    """Uniform in (0, 1]: a re-send never stands before its first send."""
    return 1 - random.random(size)
