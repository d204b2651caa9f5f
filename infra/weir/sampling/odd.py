"""Objects that lack what nearly all others have at the time or the id of an event: they would be dead letters. Pure.

Without them in the way, one damaged record in a thousand does not hide which column is the event time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any

from weir.catalog.json_path import Step
from weir.catalog.spec_source import Encoding
from weir.catalog.types import ColumnType
from weir.clients.events.json_values import CONVERSIONS, BadValueError, Number
from weir.sampling.proposal import ID_WORDS, LONGEST_ID, likeness
from weir.sampling.shapes import (
    EPOCH_UNITS,
    MOST_PATHS,
    TIME_WORDS,
    USUAL_SHARE,
    column_name,
    is_epoch,
    scalars,
    words,
)

Event = Mapping[str, Any]
Path = tuple[Step, ...]
Test = Callable[[Any], bool]


def usual(events: Sequence[Event]) -> list[int]:
    """The positions of the events that have a time where nearly all have one, and an id where nearly all have one."""
    kept = list(range(len(events)))
    flat: list[Mapping[Path, Any]] = []
    paths: dict[Path, None] = {}
    for event in events:
        flat.append(dict(islice(scalars(event), MOST_PATHS + 1)))
        paths |= dict.fromkeys(flat[-1])
        if len(paths) > MOST_PATHS:
            return kept
    times = [(path, test) for path in paths for test in _time_tests(path) if _nearly_all(flat, path, test)]
    if times:
        path, test = max(times, key=lambda each: likeness(column_name(each[0])))
        kept = [at for at in kept if test(flat[at].get(path))]
    for path in paths:
        at_path = [flat[at].get(path) for at in kept]
        if words(column_name(path)) & ID_WORDS and _nearly_all([flat[at] for at in kept], path, _is_id):
            ids = [value for value in at_path if _is_id(value)]
            if 2 * len(set(ids)) > len(ids):
                # Most are different: this one tells events apart, and is no mere id of a customer.
                return [at for at, value in zip(kept, at_path, strict=True) if _is_id(value)]
    return kept


def _nearly_all(flat: Sequence[Mapping[Path, Any]], path: Path, test: Test) -> bool:
    return sum(test(event.get(path)) for event in flat) >= USUAL_SHARE * len(flat)


def _time_tests(path: Path) -> list[Test]:
    named = bool(words(column_name(path)) & TIME_WORDS)
    return [_is_iso, *(_epoch_test(encoding) for encoding in EPOCH_UNITS if named)]


def _is_iso(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        CONVERSIONS[ColumnType.TIMESTAMP, Encoding.ISO_8601](value)
    except BadValueError:
        return False
    return True


def _epoch_test(encoding: Encoding) -> Test:
    return lambda value: isinstance(value, Number) and is_epoch(value, encoding)


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_ID
