"""The plan that stands, as the floor of the next one: what holds data never becomes smaller by itself.

A volume cannot shrink (Kubernetes refuses a smaller claim), Kafka cannot remove partitions, and cass-operator's webhook
refuses racks that are renamed, removed or reordered, and new racks that would take nodes from the old ones
(`ValidateDatacenterFieldChanges`). Nodes that leave hand their data to the rest, so they stay until a decision in the
stack file says how few may remain, and until the rest has room on the volumes that stand.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from pydantic import BaseModel, ConfigDict

from weir.catalog.topics import Topic
from weir.config.kafka import KafkaProvider
from weir.config.stack import StackConfig
from weir.sizing.explanation import Bound, SizingRefused


class _Read(BaseModel):
    """A part of a plan of which only some figures are read."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class StandingVolume(_Read):
    """A pod's volume."""

    disk_gib: int


class StandingTopic(_Read):
    """A topic."""

    partitions: int


class StandingKafka(_Read):
    """Brokers, controllers and topics."""

    controllers: int
    controller: StandingVolume
    brokers: int
    broker: StandingVolume
    held_gib: int
    topics: dict[str, StandingTopic] = {}


class StandingCassandra(_Read):
    """Racks and their nodes."""

    racks: tuple[str, ...]
    nodes_per_rack: int
    node: StandingVolume
    data_gib: int
    held_gib: int
    held_ttl_days: dict[str, int] = {}

    @property
    def nodes(self) -> int:
        """Of all racks."""
        return len(self.racks) * self.nodes_per_rack


class StandingStreams(_Read):
    """The instances of a Kafka Streams application."""

    instance: StandingVolume


class StandingSuperset(_Read):
    """What Superset keeps its own data in."""

    postgresql: StandingVolume | None = None


class StandingPlan(_Read):
    """The figures of a standing plan that the next one may not undercut."""

    kafka: StandingKafka
    cassandra: StandingCassandra
    streams: dict[str, StandingStreams] = {}
    superset: StandingSuperset = StandingSuperset()


@dataclass(frozen=True)
class Pods:
    """Stateful pods of one kind: how many stand, how few may stay, and what all of them hold together."""

    standing: int = 0
    fewer: int | None = None
    """None where no decision lets any leave."""
    disk_gib: int = 0
    held_gib: int = 0

    def least(self, room_gib: float) -> int:
        """How many must stay, if each has `room_gib` for data on the volume that it has now."""
        if self.fewer is None or room_gib <= 0:
            return self.standing
        return min(self.standing, max(self.fewer, math.ceil(self.held_gib / room_gib)))


@dataclass(frozen=True)
class Floors:
    """The least that a plan may have; nothing where nothing stands."""

    brokers: Pods = Pods()
    controllers: int | None = None
    controller_disk_gib: int = 0
    partitions: Mapping[str, int] = field(default_factory=dict)
    racks: tuple[str, ...] = ()
    nodes: Pods = Pods()
    held_ttl_days: Mapping[str, int] = field(default_factory=dict)
    """By table, the longest lifetime among the rows that may still be there; 0 if they never expire."""
    instance_disk_gib: Mapping[str, int] = field(default_factory=dict)
    postgresql_disk_gib: int = 0

    def kept(self, topic: Topic) -> Topic:
        """The topic with as many partitions as it has now, or more."""
        return replace(topic, partitions=max(topic.partitions, self.partitions.get(topic.name, 0)))


NO_FLOORS = Floors()


def floors_of(stack: StackConfig, standing: StandingPlan | None) -> Floors:
    """What stands, less what the stack's decisions let go.

    Raises:
        SizingRefused: the stack pins a volume below the standing one, or a standing rack has no zone any more.
    """
    if standing is None:
        return NO_FLOORS
    kafka, cassandra = standing.kafka, standing.cassandra
    floors = Floors(
        brokers=_pods(kafka.brokers, kafka.broker, kafka.held_gib, stack, "kafka"),
        controllers=kafka.controllers,
        controller_disk_gib=kafka.controller.disk_gib,
        partitions={name: topic.partitions for name, topic in kafka.topics.items()},
        racks=cassandra.racks,
        nodes=_nodes(cassandra, stack),
        held_ttl_days=cassandra.held_ttl_days,
        instance_disk_gib={name: streams.instance.disk_gib for name, streams in standing.streams.items()},
        postgresql_disk_gib=standing.superset.postgresql.disk_gib if standing.superset.postgresql else 0,
    )
    _require_kafka(kafka, stack)
    _require_racks(floors, stack)
    _require_pins(floors, stack)
    return floors


def racks_of(stack: StackConfig, floors: Floors) -> tuple[str, ...]:
    """A rack for each zone: those that stand keep their order, new ones come last."""
    return (*floors.racks, *(zone for zone in stack.availability.zones if zone not in floors.racks))


def longer(one: int | None, other: int | None) -> int:
    """The longer of two lifetimes in days; 0 is for ever, None is none."""
    known = [days for days in (one, other) if days is not None]
    return 0 if 0 in known else max(known, default=0)


def stale_decisions(stack: StackConfig, standing: StandingPlan | None) -> list[str]:
    """The decisions that let nothing through any more, one line each."""
    return [
        f"decisions.{name}: {value} changes nothing, because the standing plan has {stands:,}; remove it once "
        "`pulumi up` has applied that plan"
        for name, value, stands in _decided(stack, standing)
        if value is not None and value >= stands
    ]


def _decided(stack: StackConfig, standing: StandingPlan | None) -> Iterator[tuple[str, int | None, int]]:
    """Name and value of each decision, and what stands of it."""
    fewer, held = stack.decisions.fewer_nodes, stack.decisions.held_gib
    yield "fewer_nodes.kafka", fewer.kafka, standing.kafka.brokers if standing else 0
    yield "fewer_nodes.cassandra", fewer.cassandra, standing.cassandra.nodes if standing else 0
    yield "held_gib.kafka", held.kafka, standing.kafka.held_gib if standing else 0
    yield "held_gib.cassandra", held.cassandra, standing.cassandra.held_gib if standing else 0


def _pods(count: int, volume: StandingVolume, held_gib: int, stack: StackConfig, service: str) -> Pods:
    measured = getattr(stack.decisions.held_gib, service)
    return Pods(
        standing=count,
        fewer=getattr(stack.decisions.fewer_nodes, service),
        disk_gib=volume.disk_gib,
        held_gib=held_gib if measured is None else min(held_gib, measured),
    )


def _nodes(cassandra: StandingCassandra, stack: StackConfig) -> Pods:
    """Old racks keep their nodes while new ones come: none leave in the same change."""
    pods = _pods(cassandra.nodes, cassandra.node, cassandra.held_gib, stack, "cassandra")
    racks = len(stack.availability.zones)
    if racks <= len(cassandra.racks):
        return pods
    return Pods(racks * cassandra.nodes_per_rack, None, pods.disk_gib, pods.held_gib)


def _require_racks(floors: Floors, stack: StackConfig) -> None:
    missing = [rack for rack in floors.racks if rack not in stack.availability.zones]
    if missing:
        raise SizingRefused(
            Bound.STANDING,
            f"{', '.join(missing)}: a rack of Cassandra stands in this zone, and cass-operator neither renames nor "
            f"removes a rack; keep {', '.join(floors.racks)} and add new zones, or move to a new environment",
            "availability.zones",
        )


def _require_kafka(standing: StandingKafka, stack: StackConfig) -> None:
    """Offsets in the jobs' state are those of one Kafka: on another they name other events, or none."""
    existing = stack.kafka.provider is KafkaProvider.EXISTING
    if existing == (standing.brokers == 0):
        return
    own, other = "weir's own Kafka", "an existing one"
    before, after = (own, other) if existing else (other, own)
    raise SizingRefused(
        Bound.STANDING,
        f"jobs stand that read {before}, and their state holds its offsets, which mean nothing on {after}; make a new "
        "environment, and let both run side by side",
        "kafka.provider",
    )


def _require_pins(floors: Floors, stack: StackConfig) -> None:
    resources = stack.resources
    pins = {
        "kafka.broker": (resources.kafka.broker.disk_gib, floors.brokers.disk_gib),
        "kafka.controller": (resources.kafka.controller.disk_gib, floors.controller_disk_gib),
        "cassandra.node": (resources.cassandra.node.disk_gib, floors.nodes.disk_gib),
        "superset.postgresql": (resources.superset.postgresql.disk_gib, floors.postgresql_disk_gib),
        **{
            f"streams.{name}.instance": (override.instance.disk_gib, floors.instance_disk_gib.get(name, 0))
            for name, override in resources.streams.items()
        },
    }
    for name, (pinned, stands) in pins.items():
        if pinned is not None and pinned < stands:
            raise SizingRefused(
                Bound.STANDING,
                f"the volume would shrink from {stands:,} to {pinned:,} GiB, and no volume can; set {stands} or more, "
                "or remove the setting",
                f"resources.{name}.disk_gib",
            )
