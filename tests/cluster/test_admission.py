"""The API server refuses what Flink's account has no business with, and admits what a job needs (ADR 18)."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from tests.cluster.api import Api, RefusedError
from tests.cluster.flink_pods import flink_pod
from tests.renderings import rendered
from tests.waiting import wait_until

from weir.components.flink.admission import account_of

if TYPE_CHECKING:
    from tests.cluster.cluster import Cluster

    Pod = dict[str, Any]

pytestmark = pytest.mark.cluster

NAMESPACE = "weir-prod"
SECONDS = 60
FOREIGN = "cassandra-administrator"
POLICIES = ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")
OF_THE_ACCOUNT = ("ServiceAccount", "Role", "RoleBinding")
NEVER = [{"name": "weir.io/never"}]
"""A scheduling gate: the pod is there, and runs nowhere."""
ACCOUNT = "may only touch pods of the service account flink"
VOLUMES, SECRETS, IMAGES = "may only mount", "may only read the Secrets", "may only run the images"


def manifests(*kinds: str) -> Iterator[dict[str, Any]]:
    """Production's, in the order of `kinds`."""
    for kind in kinds:
        yield from (entry.inputs for entry in rendered("prod").manifests if entry.inputs["kind"] == kind)


def pod(name: str = "flights-taskmanager-1-1", role: str = "taskManager") -> Pod:
    """What the job manager asks for: its FlinkDeployment's task manager, with Flink's configuration."""
    (job,) = manifests("FlinkDeployment")
    spec = flink_pod(job["spec"], role)
    own = {"name": "flink-config-volume", "configMap": {"name": "flink-config-flights"}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": {"app": "flights", "component": "taskmanager"}},
        "spec": {**spec, "volumes": [*spec["volumes"], own], "schedulingGates": NEVER},
    }


@pytest.fixture(scope="module")
def administrator(kubernetes: Cluster) -> Iterator[Api]:
    """The namespace, the account with its rights, and the policies, once they are in force."""
    api = kubernetes.api
    (namespace,) = [one for one in manifests("Namespace") if one["metadata"]["name"] == NAMESPACE]
    api.apply(namespace)
    default = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": NAMESPACE}}
    wait_until("the namespace's default account", lambda: bool(api.read(default)), SECONDS)
    account = [one for one in manifests(*OF_THE_ACCOUNT) if one["metadata"]["name"] == "flink"]
    policies = list(manifests(*POLICIES))
    for manifest in (*account, *policies):
        api.apply(manifest)
    account_api = as_flink(kubernetes)
    # That of pods is the last one, and the server takes up all of them at once.
    wait_until("the policies", lambda: VOLUMES in refusal(account_api, foreign_secret(pod())), SECONDS)
    yield api
    for manifest in reversed(policies):
        api.delete(manifest)


@pytest.fixture(scope="module")
def flink(administrator: Api, kubernetes: Cluster) -> Api:
    """The API as the account meets it."""
    return as_flink(kubernetes)


def as_flink(kubernetes: Cluster) -> Api:
    api = Api.from_kubeconfig(kubernetes.kubeconfig.read_text(encoding="utf-8"))
    groups = ("system:serviceaccounts", f"system:serviceaccounts:{NAMESPACE}", "system:authenticated")
    headers = [("Impersonate-User", account_of(NAMESPACE)), *(("Impersonate-Group", group) for group in groups)]
    api.http.headers = httpx.Headers([*api.http.headers.multi_items(), *headers])
    return api


def refusal(api: Api, manifest: Pod) -> str:
    """What the API server says against it; empty where it would take it."""
    try:
        api.apply(manifest, dry_run=True)
    except RefusedError as refused:
        return str(refused)
    return ""


def changed(original: Pod, change: Callable[[Pod], object]) -> Pod:
    copied = copy.deepcopy(original)
    change(copied["spec"])
    return copied


def foreign_secret(original: Pod) -> Pod:
    volume = {"name": "loot", "secret": {"secretName": FOREIGN}}
    return changed(original, lambda spec: spec["volumes"].append(volume))


def projected_secret(spec: Pod) -> None:
    spec["volumes"].append({"name": "loot", "projected": {"sources": [{"secret": {"name": FOREIGN}}]}})


def copied_claim(spec: Pod) -> None:
    claim = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
        "dataSource": {"kind": "PersistentVolumeClaim", "name": "server-data-cassandra-0"},
    }
    spec["volumes"].append({"name": "loot", "ephemeral": {"volumeClaimTemplate": {"spec": claim}}})


def claim_by_name(spec: Pod) -> None:
    spec["volumes"].append({"name": "loot", "persistentVolumeClaim": {"claimName": "server-data-cassandra-0"}})


def secret_variable(spec: Pod) -> None:
    reference = {"secretKeyRef": {"name": FOREIGN, "key": "password"}}
    spec["containers"][0].setdefault("env", []).append({"name": "LOOT", "valueFrom": reference})


def secret_variables(spec: Pod) -> None:
    spec["containers"][0]["envFrom"] = [{"secretRef": {"name": FOREIGN}}]


def another_image(spec: Pod) -> None:
    spec["containers"][0]["image"] = "docker.io/library/busybox:1"


def another_image_first(spec: Pod) -> None:
    spec["initContainers"] = [
        {**copy.deepcopy(spec["containers"][0]), "name": "first", "image": "docker.io/library/busybox:1"}
    ]


REFUSED: dict[str, tuple[Callable[[Pod], object], str]] = {
    "another account": (lambda spec: spec.update(serviceAccountName="default"), ACCOUNT),
    "a projected Secret": (projected_secret, VOLUMES),
    "a copy of somebody's volume": (copied_claim, VOLUMES),
    "somebody's volume": (claim_by_name, VOLUMES),
    "a Secret in a variable": (secret_variable, SECRETS),
    "a Secret as variables": (secret_variables, SECRETS),
    "another image": (another_image, IMAGES),
    "another image before it": (another_image_first, IMAGES),
}


def test_the_expressions_fit_the_kinds_that_they_are_about(administrator: Api) -> None:
    for policy in manifests("ValidatingAdmissionPolicy"):
        wait_until("the policy's status", lambda p=policy: "observedGeneration" in status(administrator, p), SECONDS)
        checked = status(administrator, policy).get("typeChecking") or {}
        assert not checked.get("expressionWarnings"), checked


def status(api: Api, policy: dict[str, Any]) -> dict[str, Any]:
    return (api.read(policy) or {}).get("status") or {}


@pytest.mark.parametrize("role", ["taskManager", "jobManager"])
def test_a_pod_as_flink_makes_it_is_admitted(role: str, flink: Api) -> None:
    assert refusal(flink, pod(role=role)) == ""


def test_a_pod_that_mounts_a_secret_of_somebody_elses_is_refused(flink: Api) -> None:
    assert VOLUMES in refusal(flink, foreign_secret(pod()))


@pytest.mark.parametrize("what", REFUSED)
def test_a_pod_that_no_job_has_is_refused_by_its_rule(what: str, flink: Api) -> None:
    change, told = REFUSED[what]
    assert f"Flink's account {told}" in refusal(flink, changed(pod(), change))


def test_the_rules_are_those_of_flinks_account_alone(administrator: Api) -> None:
    assert refusal(administrator, foreign_secret(pod())) == ""


def test_a_deployment_is_held_to_the_same_rules(flink: Api) -> None:
    def deployment(made: Pod) -> dict[str, Any]:
        labels = made["metadata"]["labels"]
        return {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "another", "namespace": NAMESPACE},
            "spec": {
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": made["spec"]},
            },
        }

    assert refusal(flink, deployment(pod())) == ""
    assert VOLUMES in refusal(flink, deployment(foreign_secret(pod())))


def test_nobody_elses_pod_is_changed_or_deleted(administrator: Api, flink: Api) -> None:
    theirs = changed(pod("trino"), lambda spec: spec.update(serviceAccountName="default"))
    administrator.apply(theirs)
    try:
        path = administrator.path(theirs)
        relabelled = {**theirs, "metadata": {**theirs["metadata"], "labels": {"app": "flights"}}}
        assert ACCOUNT in refusal(flink, relabelled)
        answer = flink.http.request("DELETE", path, params={"dryRun": "All"})
        assert not answer.is_success
        assert ACCOUNT in answer.json()["message"]
    finally:
        administrator.delete(theirs)


def test_its_own_pod_may_go_whatever_it_mounts(administrator: Api, flink: Api) -> None:
    old = foreign_secret(pod("flights-taskmanager-0-1"))
    administrator.apply(old)
    try:
        answer = flink.http.request("DELETE", administrator.path(old), params={"dryRun": "All"})
        assert answer.is_success, answer.text
    finally:
        administrator.delete(old)


def test_a_config_map_of_weirs_is_not_changed(administrator: Api, flink: Api) -> None:
    def config_map(name: str, labels: dict[str, str]) -> dict[str, Any]:
        metadata = {"name": name, "namespace": NAMESPACE, "labels": labels}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": "b"}}

    weirs = config_map("trino-config", {"weir.io/owner": "platform"})
    leader = config_map("flights-cluster-config-map", {"app": "flights", "configmap-type": "high-availability"})
    for made in (weirs, leader):
        administrator.apply(made)
    try:
        assert "may not change a ConfigMap" in refusal(flink, {**weirs, "data": {"a": "c"}})
        assert refusal(flink, {**leader, "data": {"a": "c"}}) == ""
    finally:
        for made in (weirs, leader):
            administrator.delete(made)
