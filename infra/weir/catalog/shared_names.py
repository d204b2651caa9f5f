"""Names in Kafka that two pipelines of an environment both want. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from weir.catalog.engine_names import internal_topics, loader_topics
from weir.catalog.pipeline import Pipeline
from weir.catalog.principals import principals_of
from weir.catalog.spec import Engine

SOURCE = "source.topic"


def shared_names(pipelines: Iterable[Pipeline]) -> Iterator[str]:
    """Every topic and user that two want, as `field: what is wrong; what to do`.

    A topic of another team's may have any number of readers.
    """
    read: set[str] = set()
    topics: dict[str, str] = {}
    users: dict[str, str] = {}
    groups: dict[str, str] = {}
    for pipeline in pipelines:
        for field, topic in named_topics(pipeline):
            foreign = field == SOURCE and not pipeline.spec.source.owned
            if topic in topics and not (foreign and topic in read):
                yield (
                    f"{pipeline.name}: {field}: topic {topic!r} is already that of {topics[topic]}; choose another name"
                )
            elif foreign:
                read.add(topic)
            topics.setdefault(topic, f"{field} of {pipeline.name}")
        for user in sorted({user.name for engine in Engine for user in principals_of(pipeline.on(engine))}):
            if user in users:
                yield (
                    f"{pipeline.name}: name: Kafka user {user!r} would also be the user of pipeline {users[user]!r}; "
                    "rename one of them"
                )
            users.setdefault(user, pipeline.name)
        for name, client in pipeline.spec.clients.items():
            for group in client.groups:
                if groups.setdefault(group, pipeline.name) != pipeline.name:
                    yield (
                        f"{pipeline.name}: clients.{name}.groups: {group!r} is already a group of a client of pipeline "
                        f"{groups[group]!r}, and only one user may have it; choose another"
                    )


def named_topics(pipeline: Pipeline) -> Iterator[tuple[str, str]]:
    """Field of the file -> topic; those of Kafka Streams, too, so that changing the engine meets no surprise."""
    yield SOURCE, pipeline.source_topic.name
    yield "dead_letters.topic", pipeline.dead_letter_topic.name
    for table, topic in pipeline.table_topics.items():
        yield f"table {table}", topic.name
    for topic in internal_topics(pipeline):
        yield "name", topic
    for made in loader_topics(pipeline):
        yield "name", made.name
