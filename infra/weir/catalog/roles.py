"""Who may do what in Cassandra: one role for each program, with what that program does and nothing more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from weir.catalog import cql
from weir.catalog.pipeline import Pipeline
from weir.catalog.platform import PIPELINE_HEALTH
from weir.catalog.tables import Table

DASHBOARDS_ROLE = "trino"
MONITOR_ROLE = "monitor"
LOADER_ROLE = "loader"


@dataclass(frozen=True, order=True)
class Grant:
    """One permission on one resource; `table` is None where it covers the whole keyspace."""

    permission: str
    """Cassandra's name: SELECT or MODIFY."""
    keyspace: str
    table: str | None = None

    @property
    def resource(self) -> str:
        """The resource as GRANT and REVOKE name it."""
        if self.table is None:
            return f"KEYSPACE {cql.name(self.keyspace)}"
        return f"TABLE {cql.name(self.keyspace)}.{cql.name(self.table)}"


@dataclass(frozen=True)
class Role:
    """A login without any administrative right."""

    name: str
    grants: tuple[Grant, ...]


def job_role(pipeline: str) -> str:
    """The role of a pipeline's job."""
    return f"job_{pipeline}"


def roles_of(pipelines: Iterable[Pipeline]) -> tuple[Role, ...]:
    """Every role of the platform, in the order of their names.

    A job reads its references and writes its results, and cannot read these nor touch another pipeline's. Trino reads
    everything and changes nothing. The loader fills reference tables; the monitor writes the health table, and looks
    whether rows have arrived.
    """
    wanted = list(pipelines)
    references = [table for pipeline in wanted for table in pipeline.reference_tables.values()]
    roles = [Role(job_role(pipeline.name), _job_grants(pipeline)) for pipeline in wanted]
    keyspaces = sorted({pipeline.name for pipeline in wanted} | {PIPELINE_HEALTH.keyspace})
    health = _on([PIPELINE_HEALTH], "MODIFY", "SELECT")
    roles += [
        Role(DASHBOARDS_ROLE, tuple(Grant("SELECT", keyspace) for keyspace in keyspaces)),
        Role(LOADER_ROLE, _on(references, "MODIFY", "SELECT")),
        Role(MONITOR_ROLE, (*_on([pipeline.row_table for pipeline in wanted], "SELECT"), *health)),
    ]
    return tuple(sorted(roles, key=lambda role: role.name))


def _job_grants(pipeline: Pipeline) -> tuple[Grant, ...]:
    results = [pipeline.row_table, *pipeline.aggregate_tables.values()]
    return tuple(sorted([*_on(pipeline.reference_tables.values(), "SELECT"), *_on(results, "MODIFY")]))


def _on(tables: Iterable[Table], *permissions: str) -> tuple[Grant, ...]:
    return tuple(sorted(Grant(each, table.keyspace, table.name) for table in tables for each in permissions))
