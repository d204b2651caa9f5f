"""Names of a pipeline that mean something else already, in a service or in weir itself. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from weir.catalog.spec import PipelineSpec

_SYSTEM = "system"
_TAKEN = {
    "weir": "weir's own keyspace",
    "registry": "used by the registry, whose Kafka user is weir-registry",
    "information_schema": "used by Trino in every catalog",
}


def name_problems(spec: PipelineSpec) -> Iterator[str]:
    """Every name that is another's, as one line."""
    if spec.name in _TAKEN:
        yield f"name: {spec.name!r} is {_TAKEN[spec.name]}; choose another"
    if spec.name == _SYSTEM or spec.name.startswith(f"{_SYSTEM}_"):
        yield (
            f"name: {spec.name!r} starts with {_SYSTEM!r}, which Cassandra reserves for its own keyspaces; choose "
            "another"
        )
    tables = [spec.rows.table, *(aggregate.table for aggregate in spec.aggregates), *spec.references]
    for name in sorted({name for name in tables if tables.count(name) > 1}):
        yield f"tables: two tables are named {name!r}; rename one of them"
    if spec.dead_letters.topic == spec.source.topic:
        yield (
            "dead_letters.topic: same as source.topic, so dead letters would be read again as events; choose another"
        )
