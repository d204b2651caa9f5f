"""Words that Trino's SQL reserves, and where the SQL of a dashboard uses one of them as a name without quotes. Pure.

Reference: Trino 476, "Keywords and identifiers".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_BY_SUPERSET = frozenset(
    {
        *("alter", "and", "as", "between", "by", "case", "cast", "constraint", "create", "cross", "cube"),
        *("current_catalog", "current_date", "current_path", "current_role", "current_schema"),
        *("current_time", "current_timestamp", "current_user", "deallocate", "delete", "describe"),
        *("distinct", "drop", "else", "end", "escape", "except", "execute", "exists", "extract", "false"),
        *("for", "from", "full", "group", "grouping", "having", "in", "inner", "insert", "intersect", "into"),
        *("is", "join", "left", "like", "localtime", "localtimestamp", "natural", "normalize", "not", "null"),
        *("on", "or", "order", "outer", "prepare", "recursive", "right", "rollup", "select", "skip", "table"),
        *("then", "true", "uescape", "union", "unnest", "using", "values", "when", "where", "with"),
    }
)
"""What Superset quotes in the SQL that it writes: the list of Trino's dialect of SQLAlchemy."""
_BY_NOBODY = frozenset(
    {"json_array", "json_exists", "json_object", "json_query", "json_table", "json_value", "listagg", "trim"}
)
RESERVED = _BY_SUPERSET | _BY_NOBODY


def unquoted_words(text: str, names: Iterable[str]) -> Iterator[str]:
    """Those of `names` that Trino reserves and `text` has, in lower case, outside of quotes.

    SQL's own words are expected in capitals, as the dashboards of this repository have them.
    """
    bare = re.sub(r"'[^']*'|\"[^\"]*\"", "''", text)
    for name in sorted(set(names) & RESERVED):
        if re.search(rf"\b{name}\b", bare):
            yield name


def unusable_columns(names: Iterable[str]) -> Iterator[str]:
    """Columns of a dataset that Superset would name without quotes, which Trino refuses."""
    yield from sorted(set(names) & _BY_NOBODY)
