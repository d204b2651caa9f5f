"""When which record of a replay is due: a ramp up to the full rate, then the full rate. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """`events_per_second` (above 0), reached in a straight line over `ramp_up_seconds` (0: at once)."""

    events_per_second: float
    ramp_up_seconds: float

    def due(self, elapsed_seconds: float) -> int:
        """How many records should have been sent by then: the integral of the rate, and at least one."""
        ramp = self.ramp_up_seconds
        in_ramp = min(elapsed_seconds, ramp)
        ramped = self.events_per_second * in_ramp * in_ramp / (2 * ramp) if ramp else 0.0
        return 1 + int(ramped + self.events_per_second * max(0.0, elapsed_seconds - ramp))

    def at_full_rate(self, elapsed_seconds: float) -> bool:
        """Whether the ramp is over."""
        return elapsed_seconds >= self.ramp_up_seconds
