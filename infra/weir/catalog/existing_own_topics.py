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
    has, wanted = found.partitions, topic.partitions
    if has != wanted:
        yield Shortfall(
            field,
            f"{topic.name} is there already with {has} partitions, and weir would make {wanted}",
            "choose a name that nobody else uses, or, if the topic is weir's own, "
            + (
                f"have Kafka's owner add partitions up to {wanted}"
                if has < wanted
                else f"and source.partitions sizes it, raise that to {has}"
            ),
        )
    if found.settings is None:
        yield Shortfall(
            field,
            f"{topic.name} is there already, and weir's login may not read its settings",
            "choose a name that nobody else uses, or, if the topic is weir's own, ask Kafka's owner to allow "
            "DescribeConfigs on it",
        )
        return
    policy, own = found.settings.get(POLICY, "delete"), topic.config.get(POLICY)
    if own is not None and _parts(policy) != _parts(own):
        yield Shortfall(
            field,
            f"{topic.name} is there already with {POLICY}={policy}, and weir would make it with {own}",
            f"choose a name that nobody else uses, or, if the topic is weir's own, set its {POLICY} to {own}",
        )


def _parts(policy: str) -> set[str]:
    return set(policy.replace(" ", "").split(","))
