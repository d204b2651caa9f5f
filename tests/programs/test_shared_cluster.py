"""Two environments in one cluster: nothing of one has the name of the other's, and the operators reach both."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from tests.renderings import PLAIN, rendered, rendered_with

from weir.programs.rendering import Rendering

pytestmark = pytest.mark.unit

OPERATORS = "weir-dev-operators"
NAMESPACE = "kubernetes.io/metadata.name"
DEV = {"weir:operators.watch_all_namespaces": True}
STAGING = {"weir:operators.install": False, "weir:operators.namespace": OPERATORS}


def objects(rendering: Rendering) -> list[tuple[str, str, str]]:
    """Kind, namespace and name of all that the environment makes; a chart is of the whole cluster.

    Its CRDs and ClusterRoles have names that do not depend on the release (Strimzi's strimzi-cluster-operator-global).
    """
    found: list[tuple[str, str, str]] = []
    for entry in rendering.resources:
        if entry.type.startswith("kubernetes:helm.sh"):
            found.append(("Chart", "", entry.inputs["name"]))
        elif entry.custom and entry.type.startswith("kubernetes:"):
            metadata = entry.inputs["metadata"]
            found.append((entry.inputs["kind"], metadata.get("namespace") or "", metadata["name"]))
    return found


def clashes(*renderings: Rendering) -> list[tuple[str, str, str]]:
    counted = Counter(entry for rendering in renderings for entry in objects(rendering))
    return sorted(entry for entry, times in counted.items() if times > 1)


def policies(rendering: Rendering) -> dict[str, Any]:
    return {
        entry.inputs["metadata"]["name"]: entry.inputs["spec"]
        for entry in rendering.manifests
        if entry.inputs["kind"] == "NetworkPolicy"
    }


def admitted_namespaces(spec: dict[str, Any]) -> set[str]:
    return {
        peer["namespaceSelector"]["matchLabels"][NAMESPACE]
        for rule in spec.get("ingress", ())
        for peer in rule["from"]
        if "namespaceSelector" in peer
    }


def test_dev_installs_and_staging_uses_without_a_clash() -> None:
    dev, staging = rendered_with("dev", DEV), rendered_with("staging", STAGING)
    assert len(objects(dev)) > 100
    assert len(objects(staging)) > 100
    assert clashes(dev, staging) == []


def test_two_environments_that_install_do_clash_and_only_in_charts() -> None:
    assert clashes(rendered("dev"), rendered("staging")) == [
        ("Chart", "", name)
        for name in (
            *("cert-manager", "flink-kubernetes-operator", "k8ssandra-operator"),
            *("strimzi-kafka-operator", "superset-operator"),
        )
    ]


def admission(namespace: str) -> set[tuple[str, str, str]]:
    """The policies of Flink's account, and their bindings."""
    return {
        (f"ValidatingAdmissionPolicy{suffix}", "", f"{namespace}-flink-{resource}")
        for suffix in ("", "Binding")
        for resource in ("pods", "deployments", "configmaps")
    }


def test_what_is_of_the_whole_cluster_carries_the_environments_prefix() -> None:
    of_cluster = {entry for entry in objects(rendered_with("staging", STAGING)) if not entry[1]}
    assert of_cluster == {("Namespace", "", "weir-staging"), *admission("weir-staging")}
    of_cluster = {entry for entry in objects(rendered_with("dev", DEV)) if not entry[1] and entry[0] != "Chart"}
    assert of_cluster == {("Namespace", "", "weir-dev"), ("Namespace", "", OPERATORS), *admission("weir-dev")}


@pytest.mark.parametrize("stack", ["dev", "staging"])
def test_the_shared_operators_are_let_in_by_every_environment(stack: str) -> None:
    made = policies(rendered_with(stack, DEV if stack == "dev" else STAGING))
    reached = {
        name: spec
        for name, spec in made.items()
        if "operator" in name.split("-to-")[0] and "-to-" in name and "-in" in name
    }
    assert {name.split("-in")[0] for name in reached} == {
        *("operators-to-kafka", "operators-to-flink", "cass-operator-to-cassandra", "k8ssandra-operator-to-cassandra")
    }
    assert {namespace for spec in reached.values() for namespace in admitted_namespaces(spec)} == {OPERATORS}


def test_no_environment_is_let_in_by_another() -> None:
    for rendering, other in (
        (rendered_with("dev", DEV), "weir-staging"),
        (rendered_with("staging", STAGING), "weir-dev"),
    ):
        for spec in policies(rendering).values():
            assert other not in admitted_namespaces(spec)


def test_shared_operators_watch_every_namespace() -> None:
    values = {
        entry.name: entry.inputs["values"]
        for entry in rendered_with("dev", DEV).resources
        if entry.type.startswith("kubernetes:helm.sh")
    }
    assert values["strimzi-kafka-operator"]["watchAnyNamespace"] is True
    assert values["k8ssandra-operator"]["global"] == {"clusterScoped": True}
    assert values["superset-operator"]["watch"] == {"scope": "cluster"}
    assert "watchNamespaces" not in values["flink-kubernetes-operator"]
    assert "watchNamespaces" not in values["strimzi-kafka-operator"]


def test_operators_are_made_in_the_namespace_that_the_stack_names() -> None:
    found = rendered_with("dev", {"weir:operators.namespace": "data-operators"})
    assert {entry.inputs["namespace"] for entry in found.resources if entry.type.startswith("kubernetes:helm.sh")} == {
        "data-operators"
    }
    assert ("Namespace", "", "data-operators") in objects(found)
    assert admitted_namespaces(policies(found)["operators-to-flink-in"]) == {"data-operators"}


def test_a_plain_flink_operator_beside_charts_lets_both_in() -> None:
    found = policies(rendered_with("dev", {"weir:operators.flink": "plain"}))
    assert admitted_namespaces(found["operators-to-kafka-in"]) == {OPERATORS}
    alone = policies(rendered_with("dev", {**PLAIN, "weir:operators.flink": "plain"}))
    assert admitted_namespaces(alone["operators-to-flink-in"]) == set()
