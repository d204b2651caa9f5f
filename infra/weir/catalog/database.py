"""All that a stack wants of Cassandra, as one value: what the schema-and-roles job is given."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from weir.catalog.pipeline import Pipeline
from weir.catalog.platform import PLATFORM_TABLES
from weir.catalog.roles import Role, roles_of
from weir.catalog.tables import Table
from weir.config.json_document import JsonDocument

SYSTEM_KEYSPACES = ("system_auth", "system_distributed", "system_traces")
"""Cassandra's own keyspaces with one copy by default: where accounts and the state of repairs are kept."""


@dataclass(frozen=True)
class Database(JsonDocument):
    """Keyspaces, tables and roles, and what may be dropped."""

    description: ClassVar[str] = "database description"

    replication: dict[str, int]
    """Datacenter -> copies of every row."""
    tables: tuple[Table, ...]
    roles: tuple[Role, ...] = ()
    """Empty where Cassandra asks for no password: roles are then left alone."""
    drops: tuple[str, ...] = ()
    """What may go: `flights.old_table`, `flights.planes.old_column`, or, for fewer copies, `flights/replication`."""
    replicate_system_keyspaces: bool = False
    """True if no operator does it: if accounts have a single replica, losing one node locks everyone out."""

    @property
    def keyspaces(self) -> tuple[str, ...]:
        """The keyspaces of the tables, in order."""
        return tuple(sorted({table.keyspace for table in self.tables}))


def database_of(
    pipelines: Iterable[Pipeline],
    replication: dict[str, int],
    *,
    with_roles: bool,
    platform: Iterable[Table] = PLATFORM_TABLES,
    drops: Iterable[str] = (),
    replicate_system_keyspaces: bool = False,
) -> Database:
    """What `pipelines` and the platform itself want of Cassandra (its tables are `environment.platform_tables`)."""
    wanted = list(pipelines)
    tables = (*platform, *(table for pipeline in wanted for table in pipeline.tables))
    return Database(
        replication=replication,
        tables=tables,
        roles=roles_of(wanted) if with_roles else (),
        drops=tuple(sorted(drops)),
        replicate_system_keyspaces=replicate_system_keyspaces,
    )
