"""The operators: which ones, in which order, and told to look after one namespace."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.components.serving import PROD, made_by
from tests.renderings import PLAIN, rendered, rendered_with

from weir.components.operators import Operators, OperatorsArgs
from weir.config.repository import REPOSITORY
from weir.config.versions import CHARTS
from weir.programs.recording import Recorded

pytestmark = pytest.mark.unit

VALUES = REPOSITORY / "helm-values"


def releases(resources: Any) -> dict[str, Recorded]:
    return {entry.name: entry for entry in resources if entry.type == "kubernetes:helm.sh/v3:Release"}


def test_every_chart_has_its_values_and_no_values_lie_about() -> None:
    assert {path.stem for path in VALUES.glob("*.yaml")} == set(CHARTS)


@pytest.mark.parametrize("path", sorted(VALUES.glob("*.yaml")), ids=lambda path: path.stem)
def test_values_hold_nothing_of_one_environment(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert isinstance(yaml.safe_load(text), dict)
    assert not [name for name in ("prod", "staging", "weir-", "replicas") if name in text]


def test_each_release_is_of_the_pinned_version() -> None:
    for name, release in releases(rendered("prod").resources).items():
        assert release.inputs["version"] == CHARTS[name].version
        assert release.inputs["atomic"] is True


def test_cert_manager_comes_first_and_custom_resources_after_all_operators() -> None:
    resources = {entry.urn: entry for entry in rendered("prod").resources}
    found = releases(resources.values())
    for name, release in found.items():
        if name != "cert-manager":
            assert found["cert-manager"].urn in release.dependencies
    kinds = ("Kafka", "K8ssandraCluster", "FlinkDeployment", "Superset", "Certificate")
    customs = [entry for entry in resources.values() if entry.custom and entry.inputs.get("kind") in kinds]
    assert {entry.inputs["kind"] for entry in customs} == set(kinds)
    for entry in customs:
        assert {release.urn for release in found.values()} <= set(entry.dependencies), entry.urn


def test_operators_watch_the_platforms_namespace_alone() -> None:
    values = {name: release.inputs["values"] for name, release in releases(rendered("prod").resources).items()}
    assert values["strimzi-kafka-operator"]["watchNamespaces"] == ["weir-prod"]
    assert values["flink-kubernetes-operator"]["watchNamespaces"] == ["weir-prod"]
    assert values["superset-operator"]["watch"]["namespaces"] == ["weir-prod"]
    assert values["k8ssandra-operator"]["global"]["watchNamespaces"] == ["weir-prod"]


def test_the_chart_of_flink_makes_no_account_or_role_that_is_weirs_own() -> None:
    values = releases(rendered("prod").resources)["flink-kubernetes-operator"].inputs["values"]
    made = (values["jobServiceAccount"], values["rbac"]["jobRole"], values["rbac"]["jobRoleBinding"])
    assert [entry["create"] for entry in made] == [False, False, False]


def test_cert_manager_elects_its_leader_in_a_namespace_that_there_is() -> None:
    release = releases(rendered("prod").resources)["cert-manager"]
    assert release.inputs["values"]["global"]["leaderElection"]["namespace"] == release.inputs["namespace"]


def test_the_known_password_of_flinks_webhook_is_replaced() -> None:
    resources = {entry.urn: entry for entry in rendered("prod").resources}
    release = releases(resources.values())["flink-kubernetes-operator"]
    keystore = release.inputs["values"]["webhook"]["keystore"]
    assert keystore["useDefaultPassword"] is False
    (secret,) = [
        entry for entry in resources.values() if entry.name == keystore["passwordSecretRef"]["name"] and entry.custom
    ]
    assert secret.urn in release.dependencies
    assert secret.inputs["metadata"]["namespace"] == "weir-prod-operators"


def test_every_pod_of_the_operators_names_the_runtimes_seccomp_profile() -> None:
    values = {name: release.inputs["values"] for name, release in releases(rendered("prod").resources).items()}
    profile = {"type": "RuntimeDefault"}
    cassandra = values["k8ssandra-operator"]
    for pod in (cassandra, cassandra["cass-operator"], values["flink-kubernetes-operator"]):
        assert pod["podSecurityContext"]["seccompProfile"] == profile
    assert values["strimzi-kafka-operator"]["securityContext"]["seccompProfile"] == profile


def test_strimzis_pods_are_restricted() -> None:
    values = yaml.safe_load((VALUES / "strimzi-kafka-operator.yaml").read_text(encoding="utf-8"))
    assert {"name": "STRIMZI_POD_SECURITY_PROVIDER_CLASS", "value": "restricted"} in values["extraEnvs"]


def test_operators_of_another_team_are_left_alone() -> None:
    without = rendered_with("dev", {"weir:operators": {"install": False, "namespace": "shared"}})
    assert releases(without.resources) == {}
    assert set(releases(rendered_with("dev", PLAIN).resources)) == {
        "cert-manager",
        "flink-kubernetes-operator",
    }


def test_a_chart_without_values_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no values for cert-manager"):
        made_by(lambda: Operators(PROD, OperatorsArgs([CHARTS["cert-manager"]], tmp_path, "operators", None)) and None)
