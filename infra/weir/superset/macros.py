"""What the SQL of datasets and of their rules is made of. Pure, and of the standard library alone.

Cassandra finds rows only by their partition key. A time filter is a range, which no partition key takes, so
`month_starts` spells a range out as the values of a key.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

MAX_PARTITIONS = 120
NO_ROW = "1 = 0"


def one_of(column: str, values: Iterable[str]) -> str:
    """`"origin" IN ('JFK', 'LGA')`: the rows with one of these values; NO_ROW without values.

    A doubled quote is all that SQL's literals need: in Trino's, a backslash stands for itself. Without a cast, Trino
    hands the condition on a key to Cassandra.
    """
    literals = ", ".join("'" + value.replace("'", "''") + "'" for value in values)
    return f'"{column}" IN ({literals})' if literals else NO_ROW


def month_starts(start: str, end: str) -> str:
    """`DATE '2013-01-01', DATE '2013-02-01'`: the first day of every month that [start, end) touches, for an IN list.

    `start` and `end` are ISO dates. An empty range gives its first month, for an IN list must not be empty.

    Raises:
        ValueError: a missing date, or more than MAX_PARTITIONS months: each is a partition to read.
    """
    if not start or not end:
        raise ValueError("the time filter must have a start and an end; choose both")
    first, last = date.fromisoformat(start[:10]), date.fromisoformat(end[:10])
    first_month = _month_number(first)
    # The end is exclusive: a range that ends on the first of a month does not touch that month.
    end_month = _month_number(last) + (last.day > 1)
    months = range(first_month, max(end_month, first_month + 1))
    if len(months) > MAX_PARTITIONS:
        raise ValueError(f"the time filter spans {len(months)} months; choose at most {MAX_PARTITIONS}")
    return ", ".join(f"DATE '{month // 12:04d}-{month % 12 + 1:02d}-01'" for month in months)


def _month_number(day: date) -> int:
    return day.year * 12 + day.month - 1
