"""The nearest load that can be carried, where the one that was asked for cannot."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from weir.catalog.environment import Environment
from weir.catalog.pipeline import Pipeline
from weir.sizing.explanation import Rates
from weir.sizing.load import Load, load_of

# The search ends where twice this is the gap between what is carried and what is not: less than 1 % of either.
PRECISION = 0.004
SMALLEST_SHARE = 1e-4
# Shares of pods are rounded up, so a little more may fit where a little less does not.
STEP_UP, STEPS_UP = 1.01, 20
SIGNIFICANT_DIGITS = 4


def nearest_feasible(environment: Environment, carries: Callable[[Sequence[Load]], bool]) -> dict[str, Rates] | None:
    """By pipeline, the rates to ask for instead: both divided by one number, the same for all; None where none helps.

    Growth and headroom are added to them as to those of the stack file, so that they are accepted when asked for;
    2 % more is not.
    """

    def accepted(share: float) -> bool:
        return carries([_load(pipeline, share, environment) for pipeline in environment.pipelines])

    low, high = 0.0, 1.0
    while high - low > PRECISION * high and high > SMALLEST_SHARE:
        middle = (low + high) / 2
        low, high = (middle, high) if accepted(middle) else (low, middle)
    if low == 0.0:
        return None
    for _ in range(STEPS_UP):
        more = low * STEP_UP
        if more >= 1.0 or not (accepted(more) or accepted(more * STEP_UP)):
            break
        low = more if accepted(more) else more * STEP_UP
    return {pipeline.name: _rates(pipeline, low) for pipeline in environment.pipelines}


def _load(pipeline: Pipeline, share: float, environment: Environment) -> Load:
    rates = _rates(pipeline, share)
    workload = pipeline.spec.workload.model_copy(
        update={"mean_events_per_second": rates.mean, "peak_events_per_second": rates.peak}
    )
    spec = pipeline.spec.model_copy(update={"workload": workload})
    return load_of(replace(pipeline, spec=spec), environment.stack.workload)


def _rates(pipeline: Pipeline, share: float) -> Rates:
    """As they are printed, and therefore as they are tried."""
    workload = pipeline.spec.workload
    return Rates(_below(workload.mean_events_per_second * share), _below(workload.peak_events_per_second * share))


def _below(value: float) -> float:
    """`value` cut to four digits."""
    quantum = 10.0 ** (math.floor(math.log10(value)) + 1 - SIGNIFICANT_DIGITS)
    return float(f"{math.floor(round(value / quantum, 6)) * quantum:.{SIGNIFICANT_DIGITS}g}")
