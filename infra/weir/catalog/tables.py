"""Cassandra tables as values, and the CQL that creates them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from weir.catalog import cql
from weir.catalog.retention import GC_GRACE_SECONDS, SECONDS_PER_DAY, time_window
from weir.catalog.types import ColumnType

OptionValue = int | str | dict[str, str]


@dataclass(frozen=True)
class Table:
    """A table: columns in order, keys, and its TTL in seconds (0: rows stay until they are deleted).

    `gc_grace_seconds` is how long a deletion is remembered: a replica that was down for longer brings the row back.
    """

    keyspace: str
    name: str
    columns: dict[str, ColumnType]
    partition_key: tuple[str, ...]
    clustering_key: tuple[str, ...] = ()
    ttl_seconds: int = 0
    gc_grace_seconds: int = GC_GRACE_SECONDS
    bucket: str = ""
    """How the last column of the partition key is made, such as `hash 16`. The column's type does not tell."""

    @property
    def ttl_days(self) -> int:
        """Its TTL in days; 0: rows stay until they are deleted."""
        return self.ttl_seconds // SECONDS_PER_DAY

    @property
    def primary_key(self) -> tuple[str, ...]:
        """Partition key and clustering key, in order."""
        return self.partition_key + self.clustering_key

    @property
    def qualified_name(self) -> str:
        """`keyspace.table`, for people and as a key; see `cql_name`."""
        return f"{self.keyspace}.{self.name}"

    @property
    def cql_name(self) -> str:
        """Its name in CQL."""
        return cql.path(self.qualified_name)

    def create_statement(self) -> str:
        """`CREATE TABLE IF NOT EXISTS`, the same text for the same table."""
        lines = [f"  {cql.name(name)} {kind.value}" for name, kind in self.columns.items()]
        key = ", ".join([f"({cql.names(self.partition_key)})", *map(cql.name, self.clustering_key)])
        lines.append(f"  PRIMARY KEY ({key})")
        options = options_text(self.options)
        return f"CREATE TABLE IF NOT EXISTS {self.cql_name} (\n" + ",\n".join(lines) + f"\n) WITH {options}"

    @property
    def options(self) -> dict[str, OptionValue]:
        """The table's options by their CQL name; what is not here is Cassandra's default."""
        comment = {"comment": f"bucket: {self.bucket}"} if self.bucket else {}
        return {
            **comment,
            "default_time_to_live": self.ttl_seconds,
            "gc_grace_seconds": self.gc_grace_seconds,
            "compaction": compaction_of(self.ttl_seconds),
        }


def options_text(options: Mapping[str, OptionValue]) -> str:
    """Options as they follow WITH in CQL."""
    written = {name: cql.text(value) if isinstance(value, str) else value for name, value in options.items()}
    return " AND ".join(f"{name} = {value}" for name, value in written.items())


def compaction_of(ttl_seconds: int) -> dict[str, str]:
    """Time windows for a table with a TTL.

    Without one Cassandra's default is named, so that taking a TTL away also takes its time windows away.
    """
    return time_window_compaction(ttl_seconds) if ttl_seconds else {"class": "SizeTieredCompactionStrategy"}


def time_window_compaction(ttl_seconds: int) -> dict[str, str]:
    """TimeWindowCompactionStrategy with windows that suit the TTL: whole files expire."""
    size, unit = time_window(ttl_seconds)
    return {
        "class": "TimeWindowCompactionStrategy",
        "compaction_window_unit": unit,
        "compaction_window_size": str(size),
    }


def create_keyspace_statement(keyspace: str, replication: dict[str, int]) -> str:
    """`CREATE KEYSPACE IF NOT EXISTS` with NetworkTopologyStrategy; `replication` is datacenter: factor."""
    factors = "".join(f", {cql.text(datacenter)}: {factor}" for datacenter, factor in sorted(replication.items()))
    return (
        f"CREATE KEYSPACE IF NOT EXISTS {cql.name(keyspace)} "
        f"WITH replication = {{'class': 'NetworkTopologyStrategy'{factors}}} AND durable_writes = true"
    )
