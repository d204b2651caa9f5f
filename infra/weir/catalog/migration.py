"""From the schema that is there to the schema that is wanted: statements in order, or a refusal.

Nothing here speaks to Cassandra. Whatever adds is done; what would lose data is done only where it is named; what
Cassandra cannot do (another key, another type) is refused with the way out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from weir.catalog import cql
from weir.catalog.database import SYSTEM_KEYSPACES, Database
from weir.catalog.tables import OptionValue, Table, create_keyspace_statement, options_text
from weir.config.errors import ConfigError


@dataclass(frozen=True)
class ExistingTable:
    """A table as Cassandra describes it."""

    columns: Mapping[str, str]
    """Column -> CQL type."""
    partition_key: tuple[str, ...]
    clustering_key: tuple[str, ...] = ()
    options: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Existing:
    """What is there before a migration: keyspaces with their copies by datacenter, tables by qualified name."""

    keyspaces: Mapping[str, Mapping[str, int]]
    tables: Mapping[str, ExistingTable]


@dataclass(frozen=True)
class Change:
    """One statement and what it is about (`flights`, `flights.planes`, `flights.planes.seats`)."""

    subject: str
    statement: str

    @property
    def keyspace(self) -> str:
        """The keyspace that it changes."""
        return self.subject.split(".", maxsplit=1)[0]


@dataclass(frozen=True)
class Migration:
    """Changes in the order in which they must be made, and what is kept although no file declares it any more."""

    changes: tuple[Change, ...]
    kept: tuple[str, ...] = ()


def migration(wanted: Database, existing: Existing) -> Migration:
    """How to get from `existing` to `wanted`; empty when they agree.

    Raises:
        ConfigError: lists every contradiction that no statement can resolve without losing data, and every name in
            `drops` that is still wanted.
    """
    problems = [
        *_still_wanted(wanted),
        *(problem for table in wanted.tables for problem in _contradictions(table, existing)),
        *_fewer_copies(wanted, existing),
    ]
    if problems:
        raise ConfigError("the schema in Cassandra", problems)
    superfluous = list(_superfluous(wanted, existing))
    named = [change for change in superfluous if change.subject in wanted.drops]
    changes = [*_keyspaces(wanted, existing), *_tables(wanted, existing), *named]
    return Migration(
        tuple(changes), tuple(change.subject for change in superfluous if change.subject not in wanted.drops)
    )


def _still_wanted(wanted: Database) -> Iterator[str]:
    names = {table.qualified_name for table in wanted.tables}
    names |= {f"{table.qualified_name}.{column}" for table in wanted.tables for column in table.columns}
    for name in wanted.drops:
        if name in names:
            yield f"drops: {name} is still in a pipeline file; remove it there first, or remove it from drops"


def _contradictions(table: Table, existing: Existing) -> Iterator[str]:
    found = existing.tables.get(table.qualified_name)
    if found is None:
        return
    if (found.partition_key, found.clustering_key) != (table.partition_key, table.clustering_key):
        yield (
            f"{table.qualified_name}: its key is {_key(found.partition_key, found.clustering_key)} but the pipeline "
            f"file says {_key(table.partition_key, table.clustering_key)}; a primary key cannot change: use a new "
            "table name"
        )
    elif table.bucket and not _same_option(table.options["comment"], found.options.get("comment")):
        yield (
            f"{table.qualified_name}: its comment is {found.options.get('comment') or ''!r} but the pipeline file asks "
            f"for {table.options['comment']!r}; stored rows cannot change their bucket: use a new table name"
        )
    for name, kind in table.columns.items():
        if name in found.columns and found.columns[name] != kind.value:
            yield (
                f"{table.qualified_name}.{name}: its type is {found.columns[name]} but the pipeline file says "
                f"{kind.value}; a column type cannot change: use a new column or a new table"
            )


def _fewer_copies(wanted: Database, existing: Existing) -> Iterator[str]:
    for keyspace in wanted.keyspaces:
        for datacenter, factor in existing.keyspaces.get(keyspace, {}).items():
            asked = wanted.replication.get(datacenter, 0)
            if asked < factor and f"{keyspace}/replication" not in wanted.drops:
                yield (
                    f"{keyspace}: {factor} copies in {datacenter} would become {asked}, so losing a node could lose "
                    f"rows; keep {factor}, or list {keyspace}/replication in drops"
                )


def _keyspaces(wanted: Database, existing: Existing) -> Iterator[Change]:
    system = SYSTEM_KEYSPACES if wanted.replicate_system_keyspaces else ()
    for keyspace in (*system, *wanted.keyspaces):
        statement = create_keyspace_statement(keyspace, wanted.replication)
        found = existing.keyspaces.get(keyspace)
        if found is None:
            yield Change(keyspace, statement)
        elif dict(found) != wanted.replication:
            yield Change(keyspace, statement.replace("CREATE KEYSPACE IF NOT EXISTS", "ALTER KEYSPACE", 1))


def _tables(wanted: Database, existing: Existing) -> Iterator[Change]:
    for table in wanted.tables:
        found = existing.tables.get(table.qualified_name)
        if found is None:
            yield Change(table.qualified_name, table.create_statement())
            continue
        for name, kind in table.columns.items():
            if name not in found.columns:
                statement = f"ALTER TABLE {table.cql_name} ADD {cql.name(name)} {kind.value}"
                yield Change(f"{table.qualified_name}.{name}", statement)
        options = {
            name: value for name, value in table.options.items() if not _same_option(value, found.options.get(name))
        }
        if options:
            yield Change(table.qualified_name, f"ALTER TABLE {table.cql_name} WITH {options_text(options)}")


def _same_option(wanted: OptionValue, found: object) -> bool:
    """A map is the same when it says at least as much: Cassandra adds defaults and writes classes in full."""
    if isinstance(wanted, int | str) or not isinstance(found, Mapping):
        return wanted == found
    return all(str(found.get(name, "")).rsplit(".", 1)[-1] == value for name, value in wanted.items())


def _superfluous(wanted: Database, existing: Existing) -> Iterator[Change]:
    """What weir's keyspaces hold and no file names, as the statement that would drop it."""
    tables = {table.qualified_name: table for table in wanted.tables}
    for name, found in sorted(existing.tables.items()):
        if name.split(".", maxsplit=1)[0] not in wanted.keyspaces:
            continue
        if name not in tables:
            yield Change(name, f"DROP TABLE {cql.path(name)}")
            continue
        for column in found.columns:
            if column not in tables[name].columns:
                yield Change(f"{name}.{column}", f"ALTER TABLE {cql.path(name)} DROP {cql.name(column)}")


def _key(partition: tuple[str, ...], clustering: tuple[str, ...]) -> str:
    return "(" + ", ".join([f"({', '.join(partition)})", *clustering]) + ")"
