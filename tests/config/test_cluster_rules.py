"""What a stack says of its cluster: contradictions about operators and the network are refused by field and remedy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.sizing.stacks import SMALL, merged

from weir.config.errors import ConfigError
from weir.config.operators import charts_of, operators_namespace
from weir.config.stack import load_stack

pytestmark = pytest.mark.unit

BUCKET = {"bucket": "weir-test", "workload_identity": True}
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "operators of nowhere": (
        {"operators": {"install": False}},
        "operators.namespace: missing; operators.install is false, so nothing says where the operators run",
    ),
    "operators in the platform's namespace": (
        {"operators": {"namespace": "weir-test"}},
        "operators.namespace: 'weir-test' is the platform's own namespace",
    ),
    "a second one that decides what is watched": (
        {"operators": {"install": False, "namespace": "shared", "watch_all_namespaces": True}},
        "operators.watch_all_namespaces: only the environment that installs the operators decides",
    ),
    "a second cert-manager": (
        {"operators": {"install": False, "namespace": "shared", "install_cert_manager": True}},
        "operators.install_cert_manager: true, but operators.install is false",
    ),
    "a plain operator that nobody installs": (
        {"operators": {"install": False, "namespace": "shared", "flink": "plain"}},
        "operators.flink: plain is a Deployment of weir's own",
    ),
    "a plain operator for every namespace": (
        {"operators": {"flink": "plain", "watch_all_namespaces": True}},
        "operators.watch_all_namespaces: the plain Flink operator has rights in its own namespace alone",
    ),
    "no name service": (
        {"security": {"network": {"dns": {"namespaces": []}}}},
        "security.network.dns: neither namespaces nor cidrs",
    ),
    "labels of pods in no namespace": (
        {"security": {"network": {"dns": {"namespaces": [], "cidrs": ["10.0.0.10/32"], "pod_labels": {"a": "b"}}}}},
        "security.network.dns.pod_labels: there are no namespaces to look for them in",
    ),
    "a network that is none": (
        {"security": {"network": {"api_server_cidrs": ["10.0.0.1/8"]}}},
        "security.network.api_server_cidrs.0: not a network (10.0.0.1/8 has host bits set); write it as 10.0.0.0/16",
    ),
    "an agent without identities": (
        {"security": {"network": {"identity_agent": "gke-metadata"}}, "storage": {"object_storage": None}},
        "security.network.identity_agent: gke-metadata hands credentials to pods that have an identity",
    ),
    "the ports of no bucket": (
        {"security": {"network": {"object_storage": {"ports": [9000]}}}},
        "security.network.object_storage: says where the bucket's service answers, but storage.object_storage is m",
    ),
}


def loaded(folder: Path, changes: dict[str, Any]) -> Any:
    path = folder / "Pulumi.test.yaml"
    settings = merged(SMALL, {"kubernetes": {"name_prefix": "weir-test"}} | changes)
    path.write_text(yaml.safe_dump({"config": {f"weir:{name}": value for name, value in settings.items()}}))
    return load_stack(path)


@pytest.mark.parametrize("name", REFUSED)
def test_a_contradiction_is_refused(name: str, tmp_path: Path) -> None:
    changes, message = REFUSED[name]
    with pytest.raises(ConfigError) as refused:
        loaded(tmp_path, changes)
    assert any(problem.startswith(message) for problem in refused.value.problems), refused.value.problems


def test_every_contradiction_of_the_operators_is_told_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        loaded(tmp_path, {"operators": {"install": False, "watch_all_namespaces": True, "flink": "plain"}})
    assert len(refused.value.problems) == len(set(refused.value.problems)) == 4


@pytest.mark.parametrize(
    ("operators", "namespace"),
    [
        ({}, "weir-test-operators"),
        ({"namespace": "data-operators", "watch_all_namespaces": True}, "data-operators"),
        ({"install": False, "namespace": "weir-dev-operators"}, "weir-dev-operators"),
    ],
)
def test_operators_run_where_the_stack_says(operators: dict[str, Any], namespace: str, tmp_path: Path) -> None:
    assert operators_namespace(loaded(tmp_path, {"operators": operators})) == namespace


def test_an_agent_of_the_node_goes_with_identities_of_pods(tmp_path: Path) -> None:
    changes = {"security": {"network": {"identity_agent": "gke-metadata"}}, "storage": {"object_storage": BUCKET}}
    assert loaded(tmp_path, changes).security.network.identity_agent.value == "gke-metadata"


def test_cert_manager_is_the_first_of_the_charts(tmp_path: Path) -> None:
    assert [chart.name for chart in charts_of(loaded(tmp_path, {}))] == [
        *("cert-manager", "strimzi-kafka-operator", "k8ssandra-operator"),
        *("flink-kubernetes-operator", "superset-operator"),
    ]
