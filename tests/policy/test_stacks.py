"""The rules over everything that the stacks render: what is deployed breaks none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests import schemas
from tests.policy.rules_under_test import Resource, rules
from tests.renderings import DIGESTS, PLAIN, pinned, rendered, rendered_with

from weir.programs.rendering import Rendering

pytestmark = pytest.mark.unit

STACKS = ("dev", "staging", "prod")


def resources_of(rendering: Rendering) -> list[Any]:
    return [
        Resource(entry.type, entry.name, entry.inputs, entry.protect) for entry in rendering.resources if entry.custom
    ]


@pytest.mark.parametrize("stack", STACKS)
def test_nothing_of_a_stack_breaks_a_rule(stack: str) -> None:
    resources = resources_of(pinned(stack))
    assert len(resources) > 80
    assert [str(violation) for violation in rules.stack_violations(resources)] == []


@pytest.mark.parametrize("stack", ["staging", "prod"])
def test_a_protected_stack_with_tags_is_stopped_for_nothing_else(stack: str) -> None:
    assert {violation.rule for violation in rules.stack_violations(resources_of(rendered(stack)))} == {"by-digest"}


def test_nothing_of_the_plain_profile_breaks_a_rule_or_a_schema() -> None:
    plain = rendered_with("dev", PLAIN)
    assert [str(violation) for violation in rules.stack_violations(resources_of(plain))] == []
    assert {entry.inputs["kind"] for entry in plain.manifests} >= {"StatefulSet", "Deployment", "Job", "NetworkPolicy"}
    assert [problem for entry in plain.manifests for problem in schemas.problems(entry.inputs)] == []


def test_production_without_protection_is_stopped() -> None:
    resources = [replace(resource, protect=False) for resource in resources_of(rendered("prod"))]
    stopped = {violation.resource.split(" ")[0] for violation in rules.violations(resources)}
    assert {"Kafka", "KafkaTopic", "K8ssandraCluster", "FlinkDeployment"} <= stopped


def test_protected_data_with_one_copy_is_stopped_in_any_stack() -> None:
    one_copy = {
        "weir:environment": "prod-eu",
        "weir:availability": {"zones": ["eu-west-1a"], "protect": True},
        "weir:images.digests": DIGESTS,
    }
    broken = rules.violations(resources_of(rendered_with("prod", one_copy)))
    assert {violation.rule for violation in broken} == {"replicated"}
    assert {violation.resource.split(" ")[0] for violation in broken} == {"KafkaTopic", "K8ssandraCluster"}


def test_every_namespace_with_pods_denies_by_default() -> None:
    for rendering in map(rendered, STACKS):
        denied = {
            entry.inputs["metadata"]["namespace"]
            for entry in rendering.manifests
            if entry.inputs["kind"] == "NetworkPolicy"
            and entry.inputs["spec"]["podSelector"] in ({}, {"matchLabels": {}})
            and set(entry.inputs["spec"]["policyTypes"]) == {"Ingress", "Egress"}
            and not entry.inputs["spec"].get("ingress")
            and not entry.inputs["spec"].get("egress")
        }
        with_pods = {
            entry.inputs["metadata"]["namespace"]
            for entry in rendering.manifests
            if entry.inputs["kind"] in {"Deployment", "StatefulSet", "Job", "FlinkDeployment", "Kafka"}
        }
        charts = {
            entry.inputs["namespace"] for entry in rendering.resources if entry.type == "kubernetes:helm.sh/v3:Release"
        }
        assert with_pods | charts == denied
