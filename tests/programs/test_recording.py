"""Programs run without an engine: what they register is recorded with the options that Pulumi's own mocks drop."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as k8s
import pytest

from weir.components.base import Component, Site
from weir.programs.recording import SECRET, Recorded, record

pytestmark = pytest.mark.unit

CANARY = "canary-4f1c"
SITE = Site(environment="prod", namespace="weir", owner="platform", keep_data=True)


def recorded(*, site: Site = SITE) -> dict[str, Recorded]:
    def program() -> None:
        component = Component("kafka:KafkaCluster", "kafka", site)
        metadata = site.metadata("password", "kafka")
        secret = k8s.core.v1.Secret(
            "password",
            metadata=metadata,
            string_data={"password": pulumi.Output.secret(CANARY)},
            opts=component.keeper(ignore_changes=["stringData"]),
        )
        k8s.core.v1.ConfigMap(
            "after",
            metadata=site.metadata("after", "kafka"),
            data={"count": "3", "of": secret.metadata.apply(lambda metadata: str(metadata.name))},
            opts=component.child(after=[secret]),
        )
        k8s.core.v1.Pod("pod", spec={"containers": [{"name": "a", "ports": [{"container_port": 80}]}]})

    return {resource.name: resource for resource in record(program, site.environment)}


def test_protection_retention_and_parents_are_recorded():
    found = recorded()
    assert found["password"].protect
    assert found["password"].retain_on_delete
    assert found["password"].ignore_changes == ("stringData",)
    assert found["password"].parent == found["kafka"].urn
    assert not found["after"].protect


def test_where_data_need_not_be_kept_nothing_is_protected():
    found = recorded(site=Site("dev", "weir", "platform", keep_data=False))
    assert not found["password"].protect
    assert not found["password"].retain_on_delete


def test_dependencies_come_first():
    found = recorded()
    assert found["after"].dependencies == (found["password"].urn,)
    assert list(found).index("password") < list(found).index("after")


def test_a_secret_is_a_placeholder_and_its_path_is_known():
    found = recorded()
    assert found["password"].inputs["stringData"] == {"password": SECRET}
    assert found["password"].secret_paths == {"stringData"}
    assert CANARY not in repr(found)


def test_a_secret_within_a_list_is_known_by_its_place() -> None:
    def program() -> None:
        command = ["sh", pulumi.Output.secret(CANARY)]
        k8s.core.v1.Pod("pod", spec={"containers": [{"name": "a"}, {"name": "b", "command": command}]})

    (pod,) = record(program, "dev")
    assert pod.secret_paths == {"spec.containers[1].command[1]"}
    assert pod.inputs["spec"]["containers"][1]["command"] == ["sh", SECRET]


def test_outputs_resolve_and_numbers_stay_whole():
    found = recorded()
    assert found["after"].inputs["data"] == {"count": "3", "of": "password"}
    port = found["pod"].inputs["spec"]["containers"][0]["ports"][0]["containerPort"]
    assert (port, type(port)) == (80, int)


def test_what_the_program_raises_is_raised():
    def program() -> None:
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        record(program, "dev")
