"""Times in Flink SQL. The job sets the session's time zone to UTC."""

from __future__ import annotations

from dedup_join import sql
from weir.catalog.spec_derived import Derived, TruncationUnit
from weir.catalog.types import ColumnType

MICROSECONDS_PER_SECOND = 1_000_000


def truncated(derived: Derived) -> str:
    """The start of the hour, day, month or year of a column of the event.

    Days and longer go through DATE: Flink's FLOOR of a timestamp before 1970 to a month gives the month after it.
    """
    column = f"`e`.{sql.name(derived.source)}"
    if derived.truncate_to is TruncationUnit.HOUR:
        return f"FLOOR({column} TO HOUR)"
    date = f"CAST({column} AS DATE)"
    return date if derived.truncate_to is TruncationUnit.DAY else f"FLOOR({date} TO {derived.truncate_to.upper()})"


def microseconds(expression: str, kind: ColumnType) -> str:
    """Microseconds since 1970 of a timestamp or date, exactly: EPOCH counts whole seconds, towards zero."""
    seconds = f"EXTRACT(EPOCH FROM {expression}) * {MICROSECONDS_PER_SECOND}"
    if kind is ColumnType.DATE:
        return seconds
    return f"{seconds} + EXTRACT(MICROSECOND FROM {expression})"
