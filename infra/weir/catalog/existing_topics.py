"""What a pipeline needs of a topic that is not weir's, and what of it is missing. Pure: clients ask, this judges."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from weir.catalog.avro_types import SchemaError
from weir.catalog.compatibility import Rule, Version, judge
from weir.catalog.engine_names import loader_name, loader_topics
from weir.catalog.pipeline import Pipeline
from weir.catalog.principals import AccessRule, KafkaResource, principals_of, producer_principal
from weir.catalog.retention import MILLISECONDS_PER_HOUR, hours_to_milliseconds
from weir.catalog.shared_names import named_topics
from weir.catalog.sizes import source_bytes
from weir.catalog.spec_source import SourceFormat
from weir.catalog.topics import Topic
from weir.config.json_document import JsonDocument

FOR_EVER = -1
UNBOUNDED_MILLISECONDS = 2**63 - 1
"""Kafka's default of message.timestamp.before.max.ms."""
CREATE_TIME = "CreateTime"


@dataclass(frozen=True)
class ForeignTopic:
    """A source topic of somebody else's, as the pipeline file describes it."""

    pipeline: str
    topic: str
    partitions: int
    retention_hours: int | None
    """None: nothing may expire (a legal hold)."""
    horizon_hours: int
    max_batch_bytes: int
    """The most bytes of a batch whose events are not cut."""
    subject: str | None
    """None: the events' format has no schema in the registry."""
    schema: str
    transitive: bool
    """Whether the pipeline's schema must read every registered version, not only the newest."""


@dataclass(frozen=True)
class ExistingSetup(JsonDocument):
    """What weir makes on a Kafka that is not its own, and what must hold there first."""

    description: ClassVar[str] = "description of an existing Kafka"

    replication_factor: int
    """Of the topics that weir makes."""
    topics: tuple[Topic, ...] = ()
    """Weir's own."""
    fields: dict[str, str] = field(default_factory=dict)
    """Topic of weir's own -> pipeline and field that give it its name; no entry for those of the registry."""
    sources: tuple[ForeignTopic, ...] = ()
    rights: tuple[AccessRule, ...] = ()
    """Of weir's login, on topics and groups by their names; those of prefixes cannot be asked for."""


@dataclass(frozen=True)
class FoundTopic:
    """A topic as its Kafka describes it; `settings` by Kafka's names, None where the login may not see them."""

    partitions: int
    settings: Mapping[str, str] | None


@dataclass(frozen=True)
class Shortfall:
    """One thing that is not as it must be: the field that says so, what is wrong, and what to do."""

    field: str
    wrong: str
    remedy: str
    refused: bool = True
    """False: the pipeline runs all the same, and a person should know."""
    answered: bool = True
    """False: a service did not answer, which it may do elsewhere."""

    def __str__(self) -> str:
        return f"{self.field}: {self.wrong}; {self.remedy}"


def foreign_topic(pipeline: Pipeline) -> ForeignTopic:
    """The source topic of `pipeline`."""
    spec = pipeline.spec
    return ForeignTopic(
        pipeline=pipeline.name,
        topic=pipeline.source_topic.name,
        partitions=spec.source.partitions,
        retention_hours=pipeline.source_retention_hours,
        horizon_hours=spec.deduplication.horizon_hours,
        max_batch_bytes=source_bytes(spec),
        subject=pipeline.subject if spec.source.format is SourceFormat.AVRO else None,
        schema=pipeline.schema.text,
        transitive=spec.source.compatibility.value.endswith("_TRANSITIVE"),
    )


def existing_setup(pipelines: Iterable[Pipeline], topics: Iterable[Topic], replication_factor: int) -> ExistingSetup:
    """All that the checks and the set-up of an existing Kafka need; `topics` are weir's own."""
    wanted, own = list(pipelines), tuple(topics)
    made = {topic.name for topic in own}
    return ExistingSetup(
        replication_factor=replication_factor,
        topics=own,
        fields={
            topic: f"{pipeline.name}: {name}"
            for pipeline in wanted
            for name, topic in named_topics(pipeline)
            if topic in made
        },
        sources=tuple(foreign_topic(pipeline) for pipeline in wanted if not pipeline.spec.source.owned),
        rights=rights_of(wanted),
    )


def rights_of(pipelines: Iterable[Pipeline]) -> tuple[AccessRule, ...]:
    """What weir's one login must be allowed on topics and groups: what its users may do where it makes them.

    The loader is a standalone worker here, so what Connect's clusters keep in Kafka is left out.
    """
    merged: dict[tuple[KafkaResource, str], dict[str, None]] = {}
    for pipeline in pipelines:
        producer = producer_principal(pipeline)
        of_clusters = {loader_name(pipeline), *(topic.name for topic in loader_topics(pipeline))}
        for principal in principals_of(pipeline):
            for rule in principal.rules if principal != producer else ():
                asked = rule.resource is not KafkaResource.TRANSACTIONAL_ID and not rule.prefix
                if asked and rule.name not in of_clusters:
                    merged.setdefault((rule.resource, rule.name), {}).update(dict.fromkeys(rule.operations))
    return tuple(AccessRule(resource, name, tuple(operations)) for (resource, name), operations in merged.items())


def topic_shortfalls(wanted: ForeignTopic, found: FoundTopic | None) -> list[Shortfall]:
    """What of the topic does not fit the pipeline."""
    if found is None:
        return [
            Shortfall(
                f"{wanted.pipeline}: source.topic",
                f"{wanted.topic} is not there, or weir's login may not see it",
                "correct the name, or ask its owner to create it and to allow Describe",
            )
        ]
    return [*_partitions(wanted, found), *_settings(wanted, found)]


def _partitions(wanted: ForeignTopic, found: FoundTopic) -> Iterator[Shortfall]:
    if found.partitions != wanted.partitions:
        yield Shortfall(
            f"{wanted.pipeline}: source.partitions",
            f"{wanted.partitions}, but {wanted.topic} has {found.partitions}",
            f"set it to {found.partitions}",
        )


def _settings(wanted: ForeignTopic, found: FoundTopic) -> Iterator[Shortfall]:
    if found.settings is None:
        yield Shortfall(
            f"{wanted.pipeline}: source.topic",
            f"weir's login may not read the settings of {wanted.topic}, so its retention is unknown",
            "ask its owner to allow DescribeConfigs on it",
        )
        return
    yield from _cleanup(wanted, found.settings)
    yield from _retention(wanted, found.settings)
    yield from _timestamps(wanted, found.settings)
    yield from _sizes(wanted, found.settings)


def _cleanup(wanted: ForeignTopic, settings: Mapping[str, str]) -> Iterator[Shortfall]:
    policy = settings.get("cleanup.policy", "delete")
    if "compact" in policy:
        yield Shortfall(
            f"{wanted.pipeline}: source.topic",
            f"{wanted.topic} has cleanup.policy={policy}, and compaction deletes events before they are read",
            "read a topic with cleanup.policy=delete, or ask its owner to change it",
        )


def _retention(wanted: ForeignTopic, settings: Mapping[str, str]) -> Iterator[Shortfall]:
    kept, horizon = int(settings["retention.ms"]), hours_to_milliseconds(wanted.horizon_hours)
    for_ever = kept == FOR_EVER
    least = wanted.retention_hours
    told = "keeps events for ever" if for_ever else f"keeps events for {_hours(kept)} hours"
    if not for_ever and (least is None or kept < hours_to_milliseconds(least)):
        field = "legal_hold" if least is None else "source.retention_hours"
        asked = "true" if least is None else str(least)
        yield Shortfall(
            f"{wanted.pipeline}: {field}",
            f"{asked}, but {wanted.topic} {told}: what is not read by then is lost",
            "ask its owner for a longer retention.ms"
            + ("" if least is None else f", or set {field} to at most {kept // MILLISECONDS_PER_HOUR}"),
        )
    if least is not None and (for_ever or kept > horizon):
        yield Shortfall(
            f"{wanted.pipeline}: deduplication.horizon_hours",
            f"{wanted.horizon_hours}, but {wanted.topic} {told}: a job that reads it again from its start counts "
            "events twice that it has forgotten",
            "start no job of this pipeline without its state once it has run"
            + ("" if for_ever else f", or raise it to at least {_hours(kept, up=True)}"),
            refused=False,
        )
    size = int(settings.get("retention.bytes", FOR_EVER))
    if size != FOR_EVER:
        yield Shortfall(
            f"{wanted.pipeline}: source.retention_hours",
            f"{wanted.topic} also has retention.bytes={size}, which deletes events earlier where a partition is larger",
            "make sure with its owner that no partition reaches that size within the retention",
            refused=False,
        )


def _timestamps(wanted: ForeignTopic, settings: Mapping[str, str]) -> Iterator[Shortfall]:
    """An event that is as old as its producer says may expire before it is read (ADR 9)."""
    if settings.get("message.timestamp.type", CREATE_TIME) != CREATE_TIME:
        return
    bound = int(settings.get("message.timestamp.before.max.ms", UNBOUNDED_MILLISECONDS))
    unbounded = bound >= UNBOUNDED_MILLISECONDS
    yield Shortfall(
        f"{wanted.pipeline}: source.topic",
        f"{wanted.topic} has message.timestamp.type=CreateTime, so an event that its producer dates "
        + ("in the past" if unbounded else f"up to {_hours(bound)} hours back")
        + " expires that much earlier, perhaps before it is read",
        "ask its owner for LogAppendTime"
        + (", or for a message.timestamp.before.max.ms well below the retention" if unbounded else ""),
        refused=False,
    )


def _sizes(wanted: ForeignTopic, settings: Mapping[str, str]) -> Iterator[Shortfall]:
    largest = int(settings.get("max.message.bytes", wanted.max_batch_bytes))
    if largest > wanted.max_batch_bytes:
        yield Shortfall(
            f"{wanted.pipeline}: source.max_event_bytes",
            f"{wanted.topic} takes batches of {largest:,} bytes (max.message.bytes), and weir expects at most "
            f"{wanted.max_batch_bytes:,}: an event above source.max_event_bytes becomes a dead letter, cut to that "
            "size",
            "raise source.max_event_bytes, unless no event is as large",
            refused=False,
        )


def schema_shortfalls(wanted: ForeignTopic, versions: Iterable[tuple[int, str]]) -> list[Shortfall]:
    """Whether the pipeline's schema reads what is registered (number and text of each version, oldest first)."""
    known = [Version(f"version {number} in the registry", text) for number, text in versions]
    field = f"{wanted.pipeline}: source.schema_file"
    if not known:
        return [
            Shortfall(
                field,
                f"the registry has no subject {wanted.subject}",
                "ask the topic's owner where its schemas are, and correct source.subject or registry.existing.url",
            )
        ]
    rule = Rule.BACKWARD_TRANSITIVE if wanted.transitive else Rule.BACKWARD
    try:
        found = judge(wanted.schema, known, rule)
    except SchemaError as error:
        return [Shortfall(field, str(error), f"a pipeline reads Avro; register one under {wanted.subject}")]
    return [Shortfall(field, str(finding), f"let it follow subject {wanted.subject}") for finding in found]


def rights_shortfalls(
    rights: Sequence[AccessRule], allowed: Mapping[AccessRule, frozenset[str] | None]
) -> list[Shortfall]:
    """The operations that the login lacks, by what Kafka says of each resource.

    None is a Kafka that does not tell. A resource that does not exist yet is not in `allowed`.
    """
    found = []
    untold = [rule for rule in rights if allowed.get(rule, ()) is None]
    if untold:
        names = ", ".join(f"{rule.resource.value} {rule.name}" for rule in untold)
        wrong = f"Kafka does not tell what weir's login may do on {names}"
        found.append(Shortfall("kafka.existing", wrong, "compare its rights with those of the guide", refused=False))
    for rule in rights:
        has = allowed.get(rule)
        missing = [] if has is None else [operation for operation in rule.operations if operation not in has]
        if missing:
            found.append(
                Shortfall(
                    "kafka.existing",
                    f"weir's login may not {' and '.join(missing)} on {rule.resource.value} {rule.name}",
                    f"ask Kafka's owner to allow {', '.join(missing)}",
                )
            )
    return found


def _hours(milliseconds: int, *, up: bool = False) -> str:
    """Whole hours where they are, else with a fraction; `up` to the next whole one."""
    if up:
        return str(-(-milliseconds // MILLISECONDS_PER_HOUR))
    return f"{milliseconds / MILLISECONDS_PER_HOUR:g}"
