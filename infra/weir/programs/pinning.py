"""Images by digest: which ones a stack runs, which are missing, and what a registry says they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from weir.catalog.environment import Environment, load_environment
from weir.catalog.spec import Engine
from weir.config.cassandra import CassandraProvider
from weir.config.errors import WeirError
from weir.config.image_references import image_reference
from weir.config.images import ImageName
from weir.config.kafka import KafkaProvider
from weir.config.kubernetes import FlinkOperatorProvider
from weir.config.stack import StackConfig, load_stack
from weir.config.stack_edit import with_digests


@dataclass(frozen=True)
class Pins:
    """What `weir images pin` writes: the digests that are new, and the stack file with them."""

    added: Mapping[ImageName, str]
    text: str


def images_used(environment: Environment) -> list[ImageName]:
    """The images that the pods of the environment run, but for those that an operator chooses."""
    return sorted(_used(environment))


def missing_digests(environment: Environment) -> str:
    """What is wrong where the stack lets no tag run and an image has nothing else; empty where nothing is."""
    stack = environment.stack
    missing = [name.value for name in images_used(environment) if name not in stack.images.digests]
    if not missing or not stack.requires_digests:
        return ""
    return f"images.digests: {', '.join(missing)} missing, and only images by digest may run here; {how_to_pin(stack)}"


def how_to_pin(stack: StackConfig) -> str:
    """What gives the stack's images their digests."""
    before, here = stack.promotions.from_environment, stack.environment
    if not before:
        return f"run `weir images pin {here}`"
    return (
        f"pin them in {before} first, run `weir promote {here}`, and then `weir images pin {here}` for those that "
        "run here alone"
    )


def pinned(stack_file: Path, pipelines: Path, digest_of: Callable[[str], str]) -> Pins:
    """The stack file with a digest for each image that runs there by tag, as `digest_of` the reference says.

    An environment that takes its images from another one keeps doing so: only images that the other one does not run
    are pinned here.

    Raises:
        WeirError: the environment before this one runs the images, so that they have to be promoted.
        httpx.HTTPError: a registry does not answer.
    """
    stack = load_stack(stack_file)
    wanted = set(images_used(load_environment(pipelines, stack))) - set(stack.images.digests)
    if before := stack.promotions.from_environment:
        earlier = load_environment(pipelines, load_stack(stack_file.with_name(f"Pulumi.{before}.yaml")))
        theirs = sorted(wanted & set(images_used(earlier)))
        if theirs:
            raise WeirError(
                f"{stack.environment} only takes images that have run in {before}: {', '.join(theirs)}; pin them there "
                f"first, then run `weir promote {stack.environment}`"
            )
    added = {name: digest_of(image_reference(stack.images, name)) for name in sorted(wanted)}
    digests = {name.value: digest for name, digest in sorted({**stack.images.digests, **added}.items())}
    text = stack_file.read_text(encoding="utf-8")
    return Pins(added, with_digests(text, digests, "as the registries had them") if added else text)


def _used(environment: Environment) -> Iterator[ImageName]:
    stack = environment.stack
    engines = {pipeline.spec.engine for pipeline in environment.pipelines}
    kafka = stack.kafka.provider
    streams = Engine.KAFKA_STREAMS in engines
    conditions = {
        ImageName.WEIR_JOBS: True,
        ImageName.TRINO: True,
        ImageName.SUPERSET: True,
        ImageName.FLINK_JOB: Engine.FLINK in engines,
        ImageName.STREAMS: streams,
        ImageName.LOADER: streams and kafka is KafkaProvider.STRIMZI,
        ImageName.FLINK_OPERATOR: stack.operators.install and stack.operators.flink is FlinkOperatorProvider.PLAIN,
        ImageName.REGISTRY: kafka is not KafkaProvider.AIVEN and stack.registry.existing is None,
        ImageName.KAFKA: kafka is KafkaProvider.PLAIN,
        ImageName.KAFKA_TIERED_STORAGE: kafka is KafkaProvider.STRIMZI and stack.retention.tiered_storage.enabled,
        ImageName.CASSANDRA: stack.cassandra.provider is CassandraProvider.PLAIN,
        ImageName.POSTGRESQL: stack.superset.metadata_database is None,
        ImageName.VALKEY: stack.superset.cache is None,
    }
    yield from (name for name, used in conditions.items() if used)
