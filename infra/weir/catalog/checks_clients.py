"""Clients of a pipeline file that would be, or pass for, something else. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from weir.catalog.own_names import NODE_PRINCIPAL, OWN_CLIENTS, OWN_GROUP_PREFIXES, client_user
from weir.catalog.spec import Engine, PipelineSpec
from weir.catalog.spec_clients import Client
from weir.catalog.topics import table_topic_name

LONGEST_USER = 63
"""Kubernetes' limit for the value of a label, which a user's name is; Kafka's certificates take 64."""


def client_problems(spec: PipelineSpec) -> Iterator[str]:
    """Every problem of the clients, each as one line."""
    groups: dict[str, str] = {}
    for name, client in spec.clients.items():
        yield from _name(spec.name, name)
        yield from _topics(spec, name, client)
        for group in client.groups:
            yield from _group(name, group, groups)
            groups.setdefault(group, name)


def group_count(spec: PipelineSpec) -> int:
    """How many groups of clients read the stream, or what the engine makes of it; dead letters are few."""
    only_dead_letters = [spec.dead_letters.topic]
    return sum(len(client.groups) for client in spec.clients.values() if client.topics != only_dead_letters)


def group_problems(spec: PipelineSpec) -> Iterator[str]:
    """A workload that is planned for fewer groups than there are."""
    planned, named = spec.workload.extra_consumer_groups, group_count(spec)
    if 0 < planned < named:
        yield (
            f"workload.extra_consumer_groups: {planned} is fewer than the {named} groups of clients; raise it, or "
            "remove it, and the groups of clients count"
        )


def _name(pipeline: str, name: str) -> Iterator[str]:
    user = client_user(pipeline, name)
    if name in OWN_CLIENTS or user == NODE_PRINCIPAL:
        yield f"clients.{name}: {user!r} is a Kafka user of weir itself; choose another name"
    if len(user) > LONGEST_USER:
        yield (
            f"clients.{name}: its Kafka user {user!r} has {len(user)} characters, but Kubernetes takes "
            f"{LONGEST_USER}; shorten the name"
        )


def _group(name: str, group: str, others: dict[str, str]) -> Iterator[str]:
    for prefix in OWN_GROUP_PREFIXES:
        if group.startswith(prefix):
            yield f"clients.{name}.groups: {group!r} starts with {prefix!r}, as weir's own groups do; choose another"
    if group in others:
        yield (
            f"clients.{name}.groups: {group!r} is already that of client {others[group]!r}, and Kafka would divide the "
            "events between the two; choose another"
        )


def _topics(spec: PipelineSpec, name: str, client: Client) -> Iterator[str]:
    tables = [spec.rows.table, *(aggregate.table for aggregate in spec.aggregates), *spec.references]
    in_kafka = [table_topic_name(spec.name, table) for table in tables]
    streams = spec.engine is Engine.KAFKA_STREAMS
    known = [spec.source.topic, spec.dead_letters.topic, *(in_kafka if streams else [])]
    for topic in client.topics:
        if topic in in_kafka and not streams:
            yield (
                f"clients.{name}.topics: engine {spec.engine.value} writes tables to Cassandra alone, so there is no "
                f"topic {topic!r}; remove it, or set engine to {Engine.KAFKA_STREAMS.value}"
            )
        elif topic not in known:
            yield f"clients.{name}.topics: the pipeline has no topic {topic!r}; it has {', '.join(known)}"
