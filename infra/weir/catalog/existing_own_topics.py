"""Weir's own topics on a Kafka of somebody else's: whether a topic of the name may be weir's. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from weir.catalog.existing_topics import FoundTopic, Shortfall
from weir.catalog.topics import Topic

POLICY = "cleanup.policy"


def own_topic_shortfalls(topic: Topic, field: str, found: FoundTopic | None) -> Iterator[Shortfall]:
    """What tells that the topic `found` under the name of `topic` is not what weir made; `field` gives the name.

    A topic with as many partitions and the same cleanup.policy counts as weir's, made by an earlier run.
    """
    if found is None:
        return
    if found.partitions != topic.partitions:
        yield Shortfall(
            field,
            f"{topic.name} is there already with {found.partitions} partitions, and weir would make {topic.partitions}",
            f"choose a name that nobody else uses, or, if the topic is weir's own, return to {found.partitions}",
        )
    if found.settings is None:
        yield Shortfall(
            field,
            f"{topic.name} is there already, and weir's login may not read its settings",
            "choose a name that nobody else uses, or, if the topic is weir's own, ask Kafka's owner to allow "
            "DescribeConfigs on it",
        )
        return
    policy, wanted = found.settings.get(POLICY, "delete"), topic.config.get(POLICY)
    if wanted is not None and _parts(policy) != _parts(wanted):
        yield Shortfall(
            field,
            f"{topic.name} is there already with {POLICY}={policy}, and weir would make it with {wanted}",
            f"choose a name that nobody else uses, or, if the topic is weir's own, set its {POLICY} to {wanted}",
        )


def _parts(policy: str) -> set[str]:
    return set(policy.replace(" ", "").split(","))
