"""Production on a Kafka and a registry of somebody else's, as values and as what Pulumi would make of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.catalog.with_clients import flights_with

from weir.catalog.environment import Environment, resolve
from weir.catalog.pipeline import load_pipeline
from weir.config.stack import StackConfig, load_stack
from weir.programs.load import PlannedEnvironment, planned
from weir.programs.platform import platform
from weir.programs.recording import Recorded, record
from weir.programs.rendering import REPOSITORY, STACKS
from weir.programs.workloads import workloads
from weir.sizing import plan_for

SERVERS = ["kafka-1.example.com:9093", "kafka-2.example.com:9094"]
PEM = "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n"
SCRAM: dict[str, Any] = {"bootstrap_servers": SERVERS, "username": "weir", "certificate_authority": PEM}
MTLS: dict[str, Any] = {"bootstrap_servers": SERVERS, "authentication": "tls"}
OPEN: dict[str, Any] = {"bootstrap_servers": SERVERS, "authentication": "none"}
GUARDED = {
    "provider": "existing",
    "existing": {"url": "https://registry.example.com", "username": "reader", "certificate_authority": PEM},
}
REGISTRY = {"provider": "existing", "existing": {"url": "http://registry.data.svc:8081"}}
SECRETS = ("kafka_password", "kafka_client_certificate", "kafka_client_key", "registry_password")


def stack(existing: dict[str, Any], **changes: Any) -> StackConfig:
    """Production with this Kafka."""
    document = load_stack(STACKS / "Pulumi.prod.yaml")
    settings = document.model_dump(by_alias=True, exclude_unset=True)
    settings["retention"].pop("tiered_storage", None)
    kafka = {"provider": "existing", "existing": existing}
    given = {*document.given_secrets, *SECRETS}
    return StackConfig.model_validate(
        {**settings, "registry": REGISTRY, "given_secrets": given, "kafka": kafka} | changes
    )


def environment(folder: Path, settings: StackConfig, *, owned: bool | None = False, **changes: Any) -> Environment:
    """The stack with flights; `owned` None leaves it unsaid, `changes` are other settings of the pipeline file."""
    source = load_pipeline(REPOSITORY / "pipelines" / "flights").spec.source.model_dump(mode="json", exclude_unset=True)
    said = {"owned": owned, "start": changes.pop("start", "earliest")} if owned is not None else {}
    clients = changes.pop("clients", {})
    return resolve(settings, [flights_with(folder, clients, **changes, source={**source, **said})])


def whole(found: Environment) -> PlannedEnvironment:
    """With its plan."""
    return planned(found, plan_for(found), {})


def made(found: Environment) -> list[Recorded]:
    """The whole platform."""
    everything = whole(found)
    return record(lambda: workloads(everything, platform(everything)), "prod")
