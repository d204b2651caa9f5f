"""How a schema may change: a rule of the subject, applied to its earlier versions. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from weir.catalog.avro import EventSchema
from weir.catalog.avro_types import Node, SchemaError, parse_avro
from weir.catalog.resolution import Mismatch, mismatches


class Rule(StrEnum):
    """A registry's compatibility rules, by their names there."""

    NONE = "NONE"
    BACKWARD = "BACKWARD"
    BACKWARD_TRANSITIVE = "BACKWARD_TRANSITIVE"
    FORWARD = "FORWARD"
    FORWARD_TRANSITIVE = "FORWARD_TRANSITIVE"
    FULL = "FULL"
    FULL_TRANSITIVE = "FULL_TRANSITIVE"

    @property
    def backward(self) -> bool:
        """The new schema must read old data."""
        return self.startswith(("BACKWARD", "FULL"))

    @property
    def forward(self) -> bool:
        """Old schemas must read new data."""
        return self.startswith(("FORWARD", "FULL"))

    @property
    def transitive(self) -> bool:
        """All earlier versions count, not only the last."""
        return self.endswith("_TRANSITIVE")


@dataclass(frozen=True)
class Version:
    """An earlier version of a schema and where it comes from, such as `version 3 in the registry`."""

    origin: str
    text: str
    topic: str | None = None
    """Whose events it describes; None: those of the pipeline's topic."""


@dataclass(frozen=True)
class Finding:
    """A change that the rule forbids, in plain words."""

    compared_with: str
    broken: str
    """What would no longer work."""
    mismatch: Mismatch

    def __str__(self) -> str:
        return f"{self.mismatch} ({self.broken}, compared with {self.compared_with})"


NEW_READS_OLD = "events already in the topic could no longer be read"
OLD_READS_NEW = "readers that still use the old schema could not read new events"
COLUMN_CHANGES = "Cassandra cannot change a column's type"


def judge(new: str, earlier: Sequence[Version], rule: Rule) -> list[Finding]:
    """Every forbidden change of `new` against `earlier` (oldest first); empty where the rule allows it.

    Raises:
        SchemaError: a text is no Avro schema.
    """
    node = parse_avro(new)
    findings = []
    for version in earlier if rule.transitive else earlier[-1:]:
        other = _parsed(version)
        if rule.backward:
            findings += [
                Finding(version.origin, NEW_READS_OLD, part) for part in mismatches(node, other, as_registries=True)
            ]
        if rule.forward:
            findings += [
                Finding(version.origin, OLD_READS_NEW, part) for part in mismatches(other, node, as_registries=True)
            ]
    return findings


def changed_columns(new: EventSchema, old: EventSchema, origin: str, place: str = "fields") -> list[Finding]:
    """Fields whose table column would need another type, which Avro may allow (int to long) and Cassandra does not.

    `place` is where fields are declared.
    """
    before = {column.name: column.type for column in old.columns}
    return [
        Finding(
            origin,
            COLUMN_CHANGES,
            Mismatch(
                f"{place}.{column.name}",
                f"its column is {before[column.name]} and would be {column.type}",
                "keep the type, or add a field with another name",
            ),
        )
        for column in new.columns
        if before.get(column.name, column.type) is not column.type
    ]


def _parsed(version: Version) -> Node:
    try:
        return parse_avro(version.text)
    except SchemaError as error:
        raise SchemaError(f"{version.origin}: {error}") from None
