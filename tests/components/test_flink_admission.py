"""What the API server lets Flink's account do: the expressions, and that they admit what every stack's jobs mount."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from tests.renderings import AIVEN, AIVEN_PRICES, rendered, rendered_with

from weir.components.flink.admission import CONFIG_MAPS, FlinkAdmissionArgs, pod_rules, pod_variables
from weir.programs.rendering import Rendering

pytestmark = pytest.mark.unit

ARGS = FlinkAdmissionArgs({"b", "a"}, {"flights-state"}, {"ghcr.io/weir/flink-job:1", "localhost:5000/jobs@sha256:0"})
POLICY, BINDING = "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"
RESOURCES = ["configmaps", "deployments", "pods"]
KEYS = {f"weir:object_storage_{part}_key": {"secure": "x"} for part in ("access", "secret")}
ROTATED = "rotated passwords"
STACKS: dict[str, tuple[str, dict[str, Any]]] = {
    "prod": ("prod", {}),
    "no bucket": ("dev", {}),
    "a bucket with a key": ("prod", {**KEYS, "weir:storage.object_storage.workload_identity": False}),
    ROTATED: ("prod", {"weir:cassandra.password_generation": 3}),
    "Aiven": ("prod", {"weir:kafka": AIVEN, "weir:prices": AIVEN_PRICES}),
    "plain operator": ("cluster", {}),
}


def policies(rendering: Rendering) -> dict[str, Any]:
    return {
        entry.inputs["metadata"]["name"].rpartition("-")[2]: entry.inputs["spec"]
        for entry in rendering.manifests
        if entry.inputs["kind"] == POLICY
    }


def texts(expression: str) -> list[str]:
    """The list that follows each `in`, without brackets."""
    return re.findall(r" in \[([^\]]*)\]", expression)


def named(listed: str) -> set[str]:
    return set(re.findall(r"'([^']+)'", listed))


def secrets(value: Any) -> Iterator[str]:
    """The Secrets that a pod's spec refers to, but for those that images are pulled with."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "secretName":
                yield inner
            elif key in {"secretKeyRef", "secretRef"} or (key == "secret" and "name" in inner):
                yield inner["name"]
            elif key != "imagePullSecrets":
                yield from secrets(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from secrets(inner)


def rendering_of(stack: str) -> Rendering:
    name, changes = STACKS[stack]
    return rendered_with(name, changes)


def jobs(rendering: Rendering) -> list[dict[str, Any]]:
    return [entry.inputs["spec"] for entry in rendering.manifests if entry.inputs["kind"] == "FlinkDeployment"]


@pytest.mark.parametrize("stack", STACKS)
def test_the_secrets_of_the_stacks_jobs_are_admitted_and_no_others(stack: str) -> None:
    rendering = rendering_of(stack)
    _, volumes, variables, _ = policies(rendering)["pods"]["validations"]
    used = {secret for job in jobs(rendering) for secret in secrets(job)}
    if stack == ROTATED:
        assert "cassandra-role-job-flights-3" in used
        used.add("cassandra-role-job-flights-2")
    mounted, _, projected = texts(volumes["expression"])
    assert used
    assert named(mounted) == named(projected) == used
    assert [named(listed) for listed in texts(variables["expression"])] == [used, used]


@pytest.mark.parametrize(("stack", "claims"), [("prod", set()), ("no bucket", {"flights-state"})])
def test_a_claim_is_admitted_where_there_is_no_bucket(stack: str, claims: set[str]) -> None:
    _, volumes, _, _ = policies(rendering_of(stack))["pods"]["validations"]
    assert named(texts(volumes["expression"])[1]) == claims


def test_the_rules_of_pods_are_these() -> None:
    account, volumes, variables, images = (rule.expression for rule in pod_rules("spec", ARGS))
    assert account == (
        "has(variables.pod.serviceAccountName) && variables.pod.serviceAccountName == 'flink' && "
        "(request.operation != 'UPDATE' || "
        "has(oldObject.spec.serviceAccountName) && oldObject.spec.serviceAccountName == 'flink')"
    )
    assert volumes == (
        "request.operation == 'DELETE' || (!has(variables.pod.volumes) || variables.pod.volumes.all(v, "
        "has(v.configMap) || has(v.emptyDir) || has(v.downwardAPI) || "
        "(has(v.secret) && v.secret.secretName in ['a', 'b']) || "
        "(has(v.persistentVolumeClaim) && v.persistentVolumeClaim.claimName in ['flights-state']) || "
        "(has(v.ephemeral) && !(has(v.ephemeral.volumeClaimTemplate.spec.dataSource) || "
        "has(v.ephemeral.volumeClaimTemplate.spec.dataSourceRef) || "
        "has(v.ephemeral.volumeClaimTemplate.spec.volumeName))) || "
        "(has(v.projected) && v.projected.sources.all(s, "
        "has(s.configMap) || has(s.downwardAPI) || has(s.serviceAccountToken) || "
        "(has(s.secret) && s.secret.name in ['a', 'b'])))))"
    )
    assert variables == (
        "request.operation == 'DELETE' || (variables.containers.all(c, "
        "(!has(c.env) || c.env.all(e, !has(e.valueFrom) || !has(e.valueFrom.secretKeyRef) || "
        "e.valueFrom.secretKeyRef.name in ['a', 'b'])) && "
        "(!has(c.envFrom) || c.envFrom.all(f, !has(f.secretRef) || f.secretRef.name in ['a', 'b']))))"
    )
    assert images == (
        "request.operation == 'DELETE' || (variables.containers.all(c, "
        "['ghcr.io/weir/flink-job:', 'ghcr.io/weir/flink-job@', 'localhost:5000/jobs:', 'localhost:5000/jobs@']"
        ".exists(i, c.image.startsWith(i))))"
    )


def test_init_containers_are_containers_too() -> None:
    assert pod_variables("spec.template.spec") == {
        "pod": "request.operation == 'DELETE' ? oldObject.spec.template.spec : object.spec.template.spec",
        "containers": "variables.pod.containers + "
        "(has(variables.pod.initContainers) ? variables.pod.initContainers : [])",
    }


def test_config_maps_of_weirs_are_not_changed() -> None:
    assert CONFIG_MAPS.expression == (
        "request.operation == 'CREATE' || !has(oldObject.metadata.labels) || "
        "!('weir.io/owner' in oldObject.metadata.labels)"
    )


def test_the_policies_are_about_what_the_accounts_role_lets_it_write() -> None:
    found = policies(rendered("prod"))
    assert sorted(found) == RESOURCES
    for resource, spec in found.items():
        (rule,), (condition,) = spec["matchConstraints"]["resourceRules"], spec["matchConditions"]
        assert (rule["resources"], rule["operations"]) == ([resource], ["CREATE", "UPDATE", "DELETE"])
        assert rule["apiGroups"] == ["apps" if resource == "deployments" else ""]
        assert condition["expression"] == "request.userInfo.username == 'system:serviceaccount:weir-prod:flink'"
        assert spec["failurePolicy"] == "Fail"
    (role,) = [
        entry.inputs
        for entry in rendered("prod").manifests
        if entry.inputs["kind"] == "Role" and entry.inputs["metadata"]["name"] == "flink"
    ]
    assert sorted(name for rule in role["rules"] for name in rule["resources"]) == RESOURCES


def test_each_policy_denies_in_the_namespace_before_a_job_runs() -> None:
    rendering = rendered("prod")
    bindings = [entry for entry in rendering.manifests if entry.inputs["kind"] == BINDING]
    assert len(bindings) == len(RESOURCES)
    (job,) = [entry for entry in rendering.manifests if entry.inputs["kind"] == "FlinkDeployment"]
    for binding in bindings:
        spec = binding.inputs["spec"]
        assert spec["policyName"] == binding.inputs["metadata"]["name"]
        assert spec["validationActions"] == ["Deny"]
        assert spec["matchResources"]["namespaceSelector"]["matchLabels"] == {
            "kubernetes.io/metadata.name": "weir-prod"
        }
        assert "namespace" not in binding.inputs["metadata"]
        assert binding.urn in job.dependencies


def test_switched_off_there_are_none() -> None:
    kinds = {
        entry.inputs["kind"] for entry in rendered_with("prod", {"weir:security.admission_policies": False}).manifests
    }
    assert "FlinkDeployment" in kinds
    assert not {POLICY, BINDING} & kinds
