"""The one way to run a pod: restricted, sized, probed, placed, and replaced when its configuration changes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pulumi
import pulumi_kubernetes as k8s
import pytest
from tests.components.server import CLAIM, LABELS, REFERENCE, SERVER, container, deployed, made, pod
from tests.components.serving import DEV, PROD, depends_on, one, policy_problems

from weir.components.base import Component
from weir.components.images import Image
from weir.components.pods import read_only_mounts, tmp_volume
from weir.components.workload import (
    CONFIG_CHECKSUM,
    Probes,
    Workload,
    configuration,
    content_hash,
    deployment,
    stateful_set,
)
from weir.config.repository import REPOSITORY
from weir.programs.recording import Recorded

pytestmark = pytest.mark.unit


def test_every_pod_is_restricted() -> None:
    assert pod()["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 1234,
        "runAsGroup": 1234,
        "fsGroup": 1234,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert container()["securityContext"] == {
        "runAsNonRoot": True,
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def test_a_workload_breaks_no_rule_of_the_policy_pack() -> None:
    def build(parent: Component) -> None:
        deployment(parent, SERVER)
        stateful_set(parent, replace(SERVER, name="kept"), CLAIM, service="kept")

    assert policy_problems(made(build)) == []


def test_a_pod_gets_no_token_of_kubernetes_unless_it_has_an_account() -> None:
    assert pod()["automountServiceAccountToken"] is False
    assert "serviceAccountName" not in pod()
    with_account = pod(replace(SERVER, account="operator"))
    assert with_account["serviceAccountName"] == "operator"
    assert "automountServiceAccountToken" not in with_account


def test_an_image_is_one_value() -> None:
    assert (container()["image"], container()["imagePullPolicy"]) == (REFERENCE, "Always")
    assert pod()["imagePullSecrets"] == [{"name": "one"}, {"name": "two"}]
    assert "imagePullSecrets" not in pod(replace(SERVER, image=Image(REFERENCE)))
    assert container(replace(SERVER, image=Image(REFERENCE)))["imagePullPolicy"] == "IfNotPresent"


def test_memory_is_its_own_limit_and_cpu_may_be_twice_the_plan() -> None:
    expected = {"requests": {"cpu": "500m", "memory": "640Mi"}, "limits": {"cpu": "1", "memory": "640Mi"}}
    assert container()["resources"] == expected
    sharing = container(site=replace(PROD, cpu_request_share=0.25))["resources"]
    assert sharing == expected | {"requests": {"cpu": "125m", "memory": "640Mi"}}


def test_what_is_not_given_is_not_in_the_manifest() -> None:
    assert sorted(container()) == [
        *("image", "imagePullPolicy", "name", "ports", "resources", "securityContext", "volumeMounts"),
    ]
    assert sorted(deployed()) == ["replicas", "selector", "template"]
    assert sorted(pod()) == [
        *("automountServiceAccountToken", "containers", "imagePullSecrets", "securityContext"),
        *("topologySpreadConstraints", "volumes"),
    ]


def every(seconds: int) -> k8s.core.v1.ProbeArgs:
    return k8s.core.v1.ProbeArgs(period_seconds=seconds)


def test_the_container_is_what_was_asked_for() -> None:
    asked = replace(
        SERVER,
        command=["run", "it"],
        environment=[k8s.core.v1.EnvVarArgs(name="A", value="b")],
        probes=Probes(startup=every(5), readiness=every(7), liveness=every(11)),
        grace_seconds=90,
    )
    found = container(asked)
    assert (found["name"], found["command"], found["env"]) == ("main", ["run", "it"], [{"name": "A", "value": "b"}])
    assert found["ports"] == [{"name": "http", "containerPort": 8080}]
    assert [found[f"{kind}Probe"]["periodSeconds"] for kind in ("startup", "readiness", "liveness")] == [5, 7, 11]
    assert pod(asked)["terminationGracePeriodSeconds"] == 90


def test_pods_are_spread_over_zones_and_hosts() -> None:
    zones, hosts = pod()["topologySpreadConstraints"]
    assert (zones["topologyKey"], zones["whenUnsatisfiable"]) == ("topology.kubernetes.io/zone", "DoNotSchedule")
    # The nodes of a lost zone are tainted; they must not count as a zone without pods.
    assert (zones["nodeTaintsPolicy"], "nodeTaintsPolicy" in hosts) == ("Honor", False)
    assert (hosts["topologyKey"], hosts["whenUnsatisfiable"]) == ("kubernetes.io/hostname", "ScheduleAnyway")
    for constraint in (zones, hosts):
        assert (constraint["maxSkew"], constraint["labelSelector"]) == (1, {"matchLabels": LABELS})
    (only,) = pod(site=DEV)["topologySpreadConstraints"]
    assert only["topologyKey"] == "kubernetes.io/hostname"
    assert "topologySpreadConstraints" not in pod(replace(SERVER, spread=False))


def test_pods_are_found_by_their_name_and_labelled_with_their_component() -> None:
    found = deployed(replace(SERVER, pod_component="other"), replicas=3)
    assert (found["replicas"], found["selector"]) == (3, {"matchLabels": LABELS})
    labels = found["template"]["metadata"]["labels"]
    assert labels["app.kubernetes.io/name"] == "server"
    assert labels["app.kubernetes.io/component"] == "other"
    assert deployed()["template"]["metadata"]["labels"]["app.kubernetes.io/component"] == "thing"


def test_only_a_pod_that_must_be_alone_ends_before_the_next_starts() -> None:
    assert "strategy" not in deployed()
    assert deployed(recreate=True)["strategy"] == {"type": "Recreate"}


@pytest.mark.parametrize("make", [deployment, lambda parent, it: stateful_set(parent, it, CLAIM, service="server")])
def test_nodes_that_are_drained_take_one_pod_at_a_time(make: Callable[[Component, Workload], object]) -> None:
    found = made(lambda parent: make(parent, replace(SERVER, one_at_a_time=True)))
    budget = one(found, "PodDisruptionBudget/server")
    assert budget["spec"] == {"maxUnavailable": 1, "selector": {"matchLabels": LABELS}}
    assert budget["metadata"]["name"] == "server"
    assert "PodDisruptionBudget/server" not in made(lambda parent: make(parent, SERVER))


def configured(files: dict[str, pulumi.Input[str]]) -> dict[str, Recorded]:
    def build(parent: Component) -> None:
        config = configuration(parent, "server", "thing", files)
        mounted = [*SERVER.mounts, *read_only_mounts({"config": "/etc/thing"})]
        workload = replace(SERVER, configuration=config, volumes=[config.volume, tmp_volume()], mounts=mounted)
        deployment(parent, workload)

    return made(build)


def test_other_configuration_is_another_pod() -> None:
    found = configured({"a": "one", "b": pulumi.Output.from_input("two")})
    config = one(found, "ConfigMap/server-config")
    assert (config["metadata"]["name"], config["data"]) == ("server-config", {"a": "one", "b": "two"})
    template = one(found, "Deployment/server")["spec"]["template"]
    assert template["metadata"]["annotations"] == {CONFIG_CHECKSUM: content_hash("onetwo")}
    assert template["spec"]["volumes"][0] == {"name": "config", "configMap": {"name": "server-config"}}
    assert depends_on(found, "Deployment/server", "ConfigMap/server-config")
    changed = one(configured({"a": "one", "b": "other"}), "Deployment/server")["spec"]["template"]
    assert changed["metadata"]["annotations"] != template["metadata"]["annotations"]
    assert "annotations" not in deployed()["template"]["metadata"]


def test_a_checksum_is_the_same_in_every_version() -> None:
    assert CONFIG_CHECKSUM == "weir.io/config-checksum"
    assert content_hash("weir") == "9e1bd4e58bdc27cb"


MADE = {
    r"apps\.v1\.(Deployment|StatefulSet|DaemonSet)\(": {"workload.py"},
    r"batch\.v1\.(Job|CronJob)\(": {"job.py"},
    # Flink's operator makes its pods of a template.
    r"\bContainerArgs\(": {"workload.py", "flink/deployment.py"},
    r"\bPodSpecArgs\(": {"workload.py", "flink/deployment.py"},
    r"PodDisruptionBudget\(": {"workload.py"},
}


@pytest.mark.parametrize("pattern", MADE)
def test_no_component_makes_a_pod_by_itself(pattern: str) -> None:
    folder = REPOSITORY / "infra" / "weir" / "components"
    texts = {str(file.relative_to(folder)): file.read_text(encoding="utf-8") for file in folder.rglob("*.py")}
    assert {name for name, text in texts.items() if re.search(pattern, text)} == MADE[pattern]
