"""Whose topics a pipeline reads: the rules between its file and the Kafka and registry of the stack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from weir.catalog.pipeline import Pipeline
from weir.catalog.spec import Engine
from weir.catalog.spec_ownership import StartPosition
from weir.catalog.spec_source import SourceFormat
from weir.config.errors import WeirError
from weir.config.existing import RegistryProvider
from weir.config.kafka import KafkaProvider
from weir.config.stack import StackConfig


def ownership_problems(stack: StackConfig, pipelines: Iterable[Pipeline]) -> Iterator[str]:
    """Every pipeline that does not fit the stack's Kafka, as `pipeline: field: what is wrong; what to do`."""
    existing, registry = stack.kafka.provider is KafkaProvider.EXISTING, stack.registry.existing
    for pipeline in pipelines:
        yield from _on_existing(pipeline) if existing else _on_own(pipeline, stack)
        if registry and registry.guarded and pipeline.spec.engine is Engine.KAFKA_STREAMS:
            yield (
                f"{pipeline.name}: engine: Kafka Streams and its loader reach a registry without a login, by public "
                "certificates alone, and registry.existing has more; set engine to flink"
            )
        if _has_foreign_schema(pipeline) and stack.registry.provider is not RegistryProvider.EXISTING:
            yield (
                f"{pipeline.name}: source.owned: false, so the events' schemas are in their producers' registry; set "
                "registry.provider to existing, and give its address"
            )


def require_own_source(pipeline: Pipeline, instead: str) -> None:
    """Passes where weir may send records to the pipeline's source topic; `instead` says what else to do.

    Raises:
        WeirError: the topic is another team's: weir only reads it.
    """
    if not pipeline.spec.source.owned:
        raise WeirError(
            f"{pipeline.name}: source.owned is false, so weir sends nothing to {pipeline.source_topic.name}; {instead}"
        )


def _has_foreign_schema(pipeline: Pipeline) -> bool:
    source = pipeline.spec.source
    return not source.owned and source.format is SourceFormat.AVRO


def _on_own(pipeline: Pipeline, stack: StackConfig) -> Iterator[str]:
    if not pipeline.spec.source.owned:
        yield (
            f"{pipeline.name}: source.owned: false, but kafka.provider {stack.kafka.provider.value} is a Kafka of "
            "weir's own, where nobody else makes topics; set kafka.provider to existing, or remove source.owned"
        )


def _on_existing(pipeline: Pipeline) -> Iterator[str]:
    """Unless it is said whose the topic is, weir could change the settings of one that it did not make."""
    spec = pipeline.spec
    if "owned" not in spec.source.model_fields_set:
        yield (
            f"{pipeline.name}: source.owned: missing, and kafka.provider is existing; set it to false where the topic "
            "is another team's, which weir then only reads, or to true where weir is to make and configure it"
        )
    if spec.engine is Engine.KAFKA_STREAMS and spec.source.start is not StartPosition.EARLIEST:
        yield (
            f"{pipeline.name}: source.start: Kafka Streams begins at the earliest event alone; remove it, or set "
            "engine to flink"
        )
    if spec.clients:
        yield (
            f"{pipeline.name}: clients: weir makes no users on an existing Kafka; remove them, and let its owner "
            "give them their rights"
        )
