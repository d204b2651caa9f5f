"""A dashboard must not open with a range whose rows have expired: its default range, against the tables' TTL."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date

from weir.catalog.dashboard import Dashboard
from weir.catalog.dashboard_query import SOURCE
from weir.catalog.retention import SECONDS_PER_DAY
from weir.catalog.tables import Table

_DEFAULT = re.compile(r"""default\s*=\s*["']([^"']+)["']""")
_DATES = re.compile(r"(\d{4}-\d{2}-\d{2})\S*\s*:\s*(\d{4}-\d{2}-\d{2})")
_LAST = re.compile(r"last\s+(\d+)?\s*(hour|day|week|month|quarter|year)s?", re.IGNORECASE)
_DAYS = {"hour": 1 / 24, "day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}


def range_problems(dashboard: Dashboard, tables: Iterable[Table]) -> Iterator[str]:
    """Each dataset that opens with more days than a table of it keeps, as `table: what is wrong; what to do`."""
    known = {table.qualified_name: table for table in tables}
    for path, dataset in dashboard.of("datasets").items():
        sql = dataset.get("sql") or ""
        days = max((shown_days(text) for text in _DEFAULT.findall(sql)), default=0.0)
        for keyspace, name in SOURCE.findall(sql):
            table = known.get(f"{keyspace}.{name}")
            if table is not None and 0 < table.ttl_seconds < days * SECONDS_PER_DAY:
                kept = table.ttl_seconds // SECONDS_PER_DAY
                yield (
                    f"{table.qualified_name}: rows are kept for {kept} days, but dashboard {dashboard.folder.name} "
                    f"({path}) opens with a range of {days:g}; raise the table's ttl_days, or shorten the range"
                )


def shown_days(text: str) -> float:
    """How many days a time range of Superset's spans; 0 where it has no length of its own (`No filter`)."""
    if dates := _DATES.search(text):
        first, last = (date.fromisoformat(part) for part in dates.groups())
        return float((last - first).days)
    if last_of := _LAST.search(text):
        return int(last_of[1] or 1) * _DAYS[last_of[2].lower()]
    return 0.0
