"""Names of a pipeline that mean something else already, in a service or in weir itself. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from weir.catalog.spec import PipelineSpec

_SYSTEM = "system"
_TAKEN = {
    "weir": "weir's own keyspace",
    "registry": "the registry's, whose user of Kafka is weir-registry",
    "information_schema": "Trino's, in every catalog",
}


def name_problems(spec: PipelineSpec) -> Iterator[str]:
    """Every name that is another's, as one line."""
    if spec.name in _TAKEN:
        yield f"name: {spec.name!r} is {_TAKEN[spec.name]}; choose another"
    if spec.name == _SYSTEM or spec.name.startswith(f"{_SYSTEM}_"):
        yield f"name: {spec.name!r} is of Cassandra's own keyspaces, which begin with {_SYSTEM!r}; choose another"
    tables = [spec.rows.table, *(aggregate.table for aggregate in spec.aggregates), *spec.references]
    for name in sorted({name for name in tables if tables.count(name) > 1}):
        yield f"tables: two tables are called {name!r}; rename one"
    if spec.dead_letters.topic == spec.source.topic:
        yield "dead_letters.topic: it is the source topic; dead letters would be read again: choose another"
