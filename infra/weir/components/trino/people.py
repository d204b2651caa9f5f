"""What people may do in Trino, as the files that Trino reads: groups, rules of access, limits. Pure.

Rules: "File-based access control" in Trino's documentation; the first rule that fits is applied. Limits: "Resource
groups" there. People only read, and only the tables of their groups' pipelines; all else is refused, among it the
table function `system.query`, which hands CQL to Cassandra past every rule, and session properties, by which a person
could raise the limits.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from weir.catalog.pipeline import Pipeline
from weir.catalog.tables import Table
from weir.catalog.types import ColumnType
from weir.config.trino import SUPERSET_USER, TrinoGroup, TrinoLimits

CATALOG = "cassandra"
SELECT = ["SELECT"]
# The dashboards' queries come from one user, so their limit is only there to keep Trino alive.
DASHBOARD_QUERIES, DASHBOARD_QUEUE = 100, 1000
PEOPLE_QUERIES = 20
NO_ROW = "false"


@dataclass(frozen=True)
class People:
    """The groups of an environment, what they may ask, and the tables of its pipelines."""

    groups: Mapping[str, TrinoGroup]
    limits: TrinoLimits
    pipelines: Sequence[Pipeline]


def group_file(groups: Mapping[str, TrinoGroup]) -> str:
    """The file of the group provider: `group:user,user`."""
    return "".join(f"{name}:{','.join(sorted(set(group.members)))}\n" for name, group in sorted(groups.items()))


def rules(people: People) -> str:
    """rules.json of the file-based access control."""
    names = sorted(people.groups)
    anybody = {"group": "|".join(names)}
    superset = {"user": SUPERSET_USER}
    document: dict[str, Any] = {
        "catalogs": [
            {**superset, "allow": "read-only"},
            {**anybody, "catalog": f"{CATALOG}|system", "allow": "read-only"},
            {"allow": "none"},
        ],
        "schemas": [{"owner": False}],
        "tables": [
            {**superset, "privileges": SELECT},
            *_tables(people),
            # What drivers ask for the lists of schemas, tables and columns: they show what the person may read.
            {**anybody, "catalog": "system", "schema": "jdbc", "privileges": SELECT},
            {**anybody, "schema": "information_schema", "privileges": SELECT},
            {"privileges": []},
        ],
        "queries": [{**superset, "allow": ["execute"]}, {**anybody, "allow": ["execute"]}, {"allow": []}],
        "system_session_properties": [{**superset, "allow": True}, {"allow": False}],
        "catalog_session_properties": [{**superset, "allow": True}, {"allow": False}],
        **{none: [] for none in ("system_information", "impersonation", "functions", "procedures", "authorization")},
    }
    return json.dumps(document, indent=1) + "\n"


def resource_groups(limits: TrinoLimits) -> str:
    """resource-groups.json: the dashboards, and each person apart."""
    person = {
        "name": "${USER}",
        "softMemoryLimit": "50%",
        "hardConcurrencyLimit": limits.queries_per_person,
        "maxQueued": limits.waiting_per_person,
    }
    groups = [
        {
            "name": "dashboards",
            "softMemoryLimit": "100%",
            "hardConcurrencyLimit": DASHBOARD_QUERIES,
            "maxQueued": DASHBOARD_QUEUE,
        },
        {
            "name": "people",
            "softMemoryLimit": "50%",
            "hardConcurrencyLimit": PEOPLE_QUERIES,
            "maxQueued": DASHBOARD_QUEUE,
            "subGroups": [person],
        },
    ]
    selectors = [{"user": SUPERSET_USER, "group": "dashboards"}, {"group": "people.${USER}"}]
    return json.dumps({"rootGroups": groups, "selectors": selectors}, indent=1) + "\n"


def row_filter(table: Table, group: TrinoGroup) -> str | None:
    """The condition on the rows that the group sees of a table of results; None: all of them.

    A limited group sees no row of a table that lacks one of its columns: such totals would tell of other rows, too.
    """
    if any(column not in table.columns for column in group.rows):
        return NO_ROW
    conditions = (_one_of(column, table.columns[column], group.rows[column]) for column in sorted(group.rows))
    return " AND ".join(conditions) or None


def _one_of(column: str, kind: ColumnType, values: Iterable[str]) -> str:
    name = '"' + column.replace('"', '""') + '"'
    texts = ", ".join("'" + value.replace("'", "''") + "'" for value in values)
    # Without a cast, Trino hands the condition on a key to Cassandra instead of reading the whole table.
    return f"{name if kind is ColumnType.TEXT else f'CAST({name} AS varchar)'} IN ({texts})"


def _tables(people: People) -> Iterator[dict[str, Any]]:
    """A rule for each group and table; a table whose rows a group may not see does not exist for it."""
    for name, group in sorted(people.groups.items()):
        for pipeline in people.pipelines:
            if pipeline.name not in group.pipelines:
                continue
            for table in pipeline.tables:
                reference = table.name in pipeline.reference_tables
                seen = None if reference else row_filter(table, group)
                yield {
                    "group": name,
                    "catalog": CATALOG,
                    "schema": table.keyspace,
                    "table": table.name,
                    "privileges": [] if seen == NO_ROW else SELECT,
                    **({"filter": seen} if seen and seen != NO_ROW else {}),
                }
