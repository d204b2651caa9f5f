"""What becomes of each record of a sample: a row, a duplicate within the sample, or a dead letter. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from weir.clients.events.letter_codes import UnreadableError
from weir.sampling.records import Record


class Outcome(StrEnum):
    """What a record becomes."""

    ROW = "row"
    DUPLICATE = "duplicate"
    DEAD_LETTER = "dead letter"


@dataclass(frozen=True)
class Judged:
    """A record and what it becomes. `event` is None of a dead letter; `detail` says why it is no row."""

    record: Record
    outcome: Outcome
    event: dict[str, Any] | None = None
    detail: str = ""


def judge(
    records: Iterable[Record], read: Callable[[bytes | None], dict[str, Any]], key: Sequence[str]
) -> Iterator[Judged]:
    """Each record's outcome, in order. `read` gives its event or raises UnreadableError; `key` identifies an event."""
    firsts: dict[tuple[Any, ...], Judged] = {}
    for record in records:
        try:
            event = read(record.value)
        except UnreadableError as error:
            yield Judged(record, Outcome.DEAD_LETTER, detail=str(error))
            continue
        judged = Judged(record, Outcome.ROW, event)
        first = firsts.setdefault(tuple(event[name] for name in key), judged)
        yield judged if first is judged else _duplicate(record, event, first)


def _duplicate(record: Record, event: dict[str, Any], first: Judged) -> Judged:
    """Two events with one id and other values are one row: what the key lacks is worth a look."""
    other = [name for name, value in (first.event or {}).items() if repr(event[name]) != repr(value)]
    detail = f"of {first.record.place}" + (f", with other values in {', '.join(other)}" if other else "")
    return Judged(record, Outcome.DUPLICATE, event, detail)
