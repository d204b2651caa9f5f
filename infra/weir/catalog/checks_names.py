"""Names of a pipeline that mean something else already, in a service or in weir itself. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from weir.catalog.reserved import PIPELINES, TOPICS, owner_of
from weir.catalog.spec import PipelineSpec


def name_problems(spec: PipelineSpec) -> Iterator[str]:
    """Every name that is another's, as one line."""
    if owner := owner_of(spec.name, PIPELINES):
        yield f"name: {spec.name!r} is {owner}; choose another"
    for field, topic in (("source.topic", spec.source.topic), ("dead_letters.topic", spec.dead_letters.topic)):
        if owner := owner_of(topic, TOPICS):
            yield f"{field}: {topic!r} is {owner}; choose another"
    tables = [spec.rows.table, *(aggregate.table for aggregate in spec.aggregates), *spec.references]
    for name in sorted({name for name in tables if tables.count(name) > 1}):
        yield f"tables: two tables are named {name!r}; rename one of them"
    if spec.dead_letters.topic == spec.source.topic:
        yield (
            "dead_letters.topic: same as source.topic, so dead letters would be read again as events; choose another"
        )
