"""What must hold between a Kafka and a registry of somebody else's and the rest of a stack file."""

from __future__ import annotations

from collections.abc import Iterator

from weir.config.existing import ExistingAuthentication
from weir.config.stack_settings import StackSettings, Target


def problems_of(stack: StackSettings) -> Iterator[str]:
    """Every rule that the stack breaks, each as `field: what is wrong; what to do`."""
    yield from _kafka(stack)
    yield from _registry(stack)


def _kafka(stack: StackSettings) -> Iterator[str]:
    existing = stack.kafka.existing
    if existing is None:
        return
    if stack.retention.tiered_storage.enabled:
        yield "retention.tiered_storage.enabled: a broker's own setting, and an existing Kafka is not weir's; remove it"
    if stack.resources.kafka.model_fields_set:
        yield "resources.kafka: an existing Kafka has the brokers that its owner gave it; remove it"
    if stack.availability.protect and not existing.tls:
        yield "kafka.existing.tls: false, but the stack is protected (availability.protect); use an encrypted listener"
    guarded = existing.tls or existing.authentication is not ExistingAuthentication.NONE
    if stack.target is Target.EMBEDDED and guarded:
        yield (
            "kafka.existing: the embedded target reaches an existing Kafka without encryption and login alone; set "
            "tls to false and authentication to none, or use target kubernetes"
        )


def _registry(stack: StackSettings) -> Iterator[str]:
    registry = stack.registry.existing
    if registry and registry.guarded and stack.target is Target.EMBEDDED:
        yield (
            "registry.existing: the embedded target reaches an existing registry without a login, by public "
            "certificates alone; remove username and certificate_authority, or use target kubernetes"
        )
