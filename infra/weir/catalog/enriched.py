"""The columns of an enriched event: the event's, the derived, the bucket of its row, the joined. Pure."""

from __future__ import annotations

from weir.catalog.avro import Column, EventSchema
from weir.catalog.spec import PipelineSpec
from weir.catalog.spec_derived import Derived, TruncationUnit
from weir.catalog.types import ColumnType


def enriched_columns(spec: PipelineSpec, schema: EventSchema) -> dict[str, Column]:
    """Every column by its name, in this order; derived columns, references and joins must be sound."""
    bucket = spec.rows.bucket
    found = {column.name: column for column in schema.columns}
    for name, derived in spec.truncated.items():
        found[name] = Column(name, _derived_type(derived), found[derived.source].nullable)
    if bucket and bucket.hash:
        found[bucket.column] = Column(bucket.column, ColumnType.INT, nullable=False)
    for join in spec.joins:
        reference = spec.references[join.reference]
        for source, name in join.select.items():
            found[name] = Column(name, reference.columns[source], nullable=True)
    return found


def _derived_type(derived: Derived) -> ColumnType:
    """An hour is an instant; a day, month or year is the date it starts on."""
    return ColumnType.TIMESTAMP if derived.truncate_to is TruncationUnit.HOUR else ColumnType.DATE
