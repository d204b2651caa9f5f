"""What every pod of an environment has in common, whoever makes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.renderings import KUBERNETES_STACKS, PLAIN, rendered, rendered_with

from weir.programs.rendering import Rendering

pytestmark = pytest.mark.unit

RENDERINGS = [*KUBERNETES_STACKS, "plain"]


def of(name: str) -> Rendering:
    return rendered_with("dev", PLAIN) if name == "plain" else rendered(name)


def scratch(value: Any) -> Iterator[Any]:
    """Every emptyDir, however deep in a custom resource."""
    if isinstance(value, dict):
        if "emptyDir" in value:
            yield value["emptyDir"]
        for inner in value.values():
            yield from scratch(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from scratch(inner)


@pytest.mark.parametrize("name", RENDERINGS)
def test_every_scratch_folder_has_a_limit(name: str) -> None:
    found = [(entry.name, folder) for entry in of(name).manifests for folder in scratch(entry.inputs)]
    assert found
    assert [owner for owner, folder in found if not folder.get("sizeLimit")] == []


@pytest.mark.parametrize("name", KUBERNETES_STACKS)
def test_no_pod_of_superset_gets_a_token(name: str) -> None:
    manifests = [entry.inputs for entry in of(name).manifests]
    (superset,) = [entry for entry in manifests if entry["kind"] == "Superset"]
    account = superset["spec"]["serviceAccount"]
    assert account == {"create": False, "name": "superset-pods"}
    accounts = {entry["metadata"]["name"]: entry for entry in manifests if entry["kind"] == "ServiceAccount"}
    assert accounts["superset-pods"]["automountServiceAccountToken"] is False


@pytest.mark.parametrize("name", RENDERINGS)
def test_a_drain_takes_one_pod_of_the_registry_at_a_time(name: str) -> None:
    budgets = {
        entry.inputs["metadata"]["name"]: entry.inputs["spec"]
        for entry in of(name).manifests
        if entry.inputs["kind"] == "PodDisruptionBudget"
    }
    assert budgets["registry"]["maxUnavailable"] == 1
    assert budgets["registry"]["selector"] == {"matchLabels": {"app.kubernetes.io/name": "registry"}}


def test_a_node_of_plain_kafka_that_answers_nobody_is_started_again() -> None:
    containers = [
        entry.inputs["spec"]["template"]["spec"]["containers"][0]
        for entry in of("plain").manifests
        if entry.inputs["kind"] == "StatefulSet" and entry.inputs["metadata"]["name"].startswith("kafka-")
    ]
    assert len(containers) == 2
    for container in containers:
        liveness, readiness = container["livenessProbe"], container["readinessProbe"]
        assert (liveness["periodSeconds"], liveness["failureThreshold"]) == (30, 6)
        assert readiness["periodSeconds"] == 5
        assert liveness["tcpSocket"] == readiness["tcpSocket"]
