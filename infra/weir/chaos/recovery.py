"""How fast the pipeline came back, from the sampled events of a replay. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from weir.clients.row_watcher import Sample

LATE_SECONDS = 1.0
"""An event that took longer to its row waited for the recovery; one that did not is live again."""
FEW_SAMPLES = 5


@dataclass(frozen=True)
class Recovery:
    """Figures of one fault; None where no event tells."""

    first_row_seconds: float | None
    """From the fault to the first row after the longest silence that followed it: tasks may outlive what is broken."""
    after_answer_seconds: float | None
    """From the service's first answer, or from the end of the pause, to that row."""
    caught_up_seconds: float | None
    """From the fault to the last row that was late."""
    catch_up_ratio: float | None
    """How many times faster than they had been published the waiting events became rows."""


def recovery_of(samples: Sequence[Sample], began: float, answered: float | None) -> Recovery:
    """The figures of a fault that began at `began`; all times are `time.perf_counter()` seconds."""
    after = sorted(
        (sample for sample in samples if sample.published >= began and sample.readable is not None),
        key=lambda sample: sample.published,
    )
    if not after:
        return Recovery(None, None, None, None)
    readable = [sample.readable or 0.0 for sample in after]
    first = _end_of_longest_gap([began, *sorted(readable)])
    late = [sample for sample in after if (sample.seconds or 0.0) > LATE_SECONDS]
    last_late = max((sample.readable or 0.0 for sample in late), default=None)
    return Recovery(
        first_row_seconds=round(first - began, 2),
        after_answer_seconds=None if answered is None else round(max(0.0, first - answered), 2),
        caught_up_seconds=None if last_late is None else round(last_late - began, 2),
        catch_up_ratio=_ratio(late),
    )


def _end_of_longest_gap(times: Sequence[float]) -> float:
    """`times` ascend, and hold two at least."""
    return max(itertools.pairwise(times), key=lambda pair: pair[1] - pair[0])[1]


def _ratio(late: Sequence[Sample]) -> float | None:
    """The time in which the late events were published against that in which they became rows."""
    if len(late) < FEW_SAMPLES:
        return None
    published = late[-1].published - late[0].published
    readable = [sample.readable or 0.0 for sample in late]
    span = max(readable) - min(readable)
    return None if span <= 0 else round(published / span, 1)
