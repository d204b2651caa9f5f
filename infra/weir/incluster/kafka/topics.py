"""Creates missing topics, corrects settings, and rejects impossible changes before anything is changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from confluent_kafka.admin._config import AlterConfigOpType, ConfigEntry, ConfigResource, ConfigSource
from confluent_kafka.admin._resource import ResourceType
from confluent_kafka.cimpl import NewPartitions, NewTopic

from weir.catalog.topics import Topic
from weir.clients.kafka_admin import TIMEOUT_SECONDS, Tell, answers, partitions
from weir.config.errors import WeirError

if TYPE_CHECKING:
    from confluent_kafka.admin import AdminClient


@dataclass(frozen=True)
class TopicRules:
    """`may_grow`: whether partitions may be added. Events of a key are then in two partitions, before and after."""

    replication_factor: int
    may_grow: bool


def partition_conflicts(existing: Mapping[str, int], topics: Iterable[Topic], *, may_grow: bool) -> list[str]:
    """One line for each topic whose number of partitions cannot change as wanted; `existing` has the current ones."""
    found = [(topic, existing.get(topic.name, topic.partitions)) for topic in topics]
    return [
        _conflict(topic, count, may_grow)
        for topic, count in found
        if count > topic.partitions or (count < topic.partitions and not may_grow)
    ]


def _conflict(topic: Topic, count: int, may_grow: bool) -> str:
    if may_grow:
        return (
            f"topic {topic.name} has {count} partitions, but the plan has {topic.partitions}; Kafka cannot remove "
            f"partitions: use {count} or more, or a new topic"
        )
    return (
        f"topic {topic.name} has {count} partitions, but its pipeline file says {topic.partitions}; a different "
        "number breaks the order of keys: use a new topic, or correct the pipeline file"
    )


def apply_topics(client: AdminClient, topics: Iterable[Topic], rules: TopicRules, tell: Tell = lambda _: None) -> None:
    """Creates missing topics, adds missing partitions if `rules` allow it, and sets the settings that differ.

    Raises:
        WeirError: lists all topics whose number of partitions cannot change as wanted; nothing was changed.
    """
    wanted = list(topics)
    existing = partitions(client)
    if problems := partition_conflicts(existing, wanted, may_grow=rules.may_grow):
        raise WeirError(
            "\n".join(["no topic was changed, because these changes are impossible:", *(f"  {p}" for p in problems)])
        )
    known = [topic for topic in wanted if topic.name in existing]
    _create(client, [topic for topic in wanted if topic.name not in existing], rules.replication_factor, tell)
    _grow(client, [topic for topic in known if topic.partitions > existing[topic.name]], tell)
    _set(client, known, tell)


def _create(client: AdminClient, topics: list[Topic], replication_factor: int, tell: Tell) -> None:
    if not topics:
        return
    new = [NewTopic(topic.name, topic.partitions, replication_factor, config=dict(topic.config)) for topic in topics]
    answers("new topics", client.create_topics(new, operation_timeout=TIMEOUT_SECONDS))
    for topic in topics:
        tell(f"topic {topic.name}: created, partitions: {topic.partitions}")


def _grow(client: AdminClient, topics: list[Topic], tell: Tell) -> None:
    if not topics:
        return
    wanted = [NewPartitions(topic.name, topic.partitions) for topic in topics]
    answers("more partitions", client.create_partitions(wanted, operation_timeout=TIMEOUT_SECONDS))
    for topic in topics:
        tell(f"topic {topic.name}: now partitions: {topic.partitions}")


def _set(client: AdminClient, topics: list[Topic], tell: Tell) -> None:
    if not topics:
        return
    asked = [ConfigResource(ResourceType.TOPIC, topic.name) for topic in topics]
    described = answers("to describe the topics", client.describe_configs(asked))
    has = {resource.name: settings for resource, settings in described.items()}
    changes = {topic.name: _differing(topic, has[topic.name]) for topic in topics}
    resources = [_resource(name, settings) for name, settings in changes.items() if settings]
    if resources:
        answers("topics' settings", client.incremental_alter_configs(resources))
    for name, settings in changes.items():
        for setting, value in settings.items():
            tell(f"topic {name}: {setting}={value}")


def _differing(topic: Topic, has: Mapping[str, ConfigEntry]) -> dict[str, str]:
    """The settings to change. A value that only comes from the broker's defaults does not count as set."""

    def is_set(name: str, value: str) -> bool:
        entry = has.get(name)
        return entry is not None and entry.value == value and _source(entry) is ConfigSource.DYNAMIC_TOPIC_CONFIG

    return {name: value for name, value in topic.config.items() if not is_set(name, value)}


def _source(entry: ConfigEntry) -> ConfigSource:
    # The client library returns a number, contrary to its type annotation.
    return ConfigSource(entry.source)


def _resource(name: str, settings: Mapping[str, str]) -> ConfigResource:
    entries = [
        ConfigEntry(setting, value, incremental_operation=AlterConfigOpType.SET) for setting, value in settings.items()
    ]
    return ConfigResource(ResourceType.TOPIC, name, incremental_configs=entries)
