"""The monitor of a pipeline: where it looks, and the little that it may do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.renderings import KUBERNETES_STACKS, manifest, rendered

pytestmark = pytest.mark.unit
NAME = "monitor-flights"


@pytest.fixture
def container() -> dict[str, Any]:
    (found,) = manifest(rendered("dev"), "Deployment", NAME)["spec"]["template"]["spec"]["containers"]
    return found


@pytest.mark.parametrize("stack", KUBERNETES_STACKS)
def test_every_environment_has_one_for_each_pipeline(stack: str) -> None:
    deployments = [
        entry.inputs["metadata"]["name"] for entry in rendered(stack).manifests if entry.inputs["kind"] == "Deployment"
    ]
    assert [name for name in deployments if name.startswith("monitor-")] == [NAME]


def test_it_asks_the_jobs_rest_service_and_the_platforms_services() -> None:
    data = manifest(rendered("dev"), "ConfigMap", f"{NAME}-config")["data"]
    endpoints = json.loads(data["endpoints.json"])
    assert endpoints["flink_url"] == "http://flights-rest:8081"
    assert endpoints["kafka_bootstrap_servers"] == "kafka-kafka-bootstrap.weir-dev.svc:9093"
    assert set(data) == {"endpoints.json", "pipeline.yaml", "flight.avsc"}


def test_it_logs_in_by_files_as_a_user_of_its_own(container: dict[str, Any]) -> None:
    command = container["command"]
    assert command[:3] == ["python", "-m", "weir.incluster.monitor"]
    assert command[-1] == "flights"
    assert command[command.index("--cassandra-user") + 1] == "monitor"
    mounted = {mount["mountPath"] for mount in container["volumeMounts"]}
    for option in ("--cassandra-password-file", "--cassandra-ca", "--kafka-ca"):
        assert command[command.index(option) + 1].rpartition("/")[0] in mounted, option


def test_it_is_ready_when_it_has_written_a_round(container: dict[str, Any]) -> None:
    state = container["command"][container["command"].index("--state") + 1]
    assert container["readinessProbe"]["exec"]["command"] == ["/bin/sh", "-c", f"test -f {state}"]
    assert container["resources"]["limits"]["memory"] == "256Mi"


def test_it_reads_events_and_writes_nothing_to_kafka() -> None:
    acls = manifest(rendered("dev"), "KafkaUser", "weir-flights-monitor")["spec"]["authorization"]["acls"]
    assert {
        (acl["resource"]["type"], acl["resource"]["name"], acl["resource"]["patternType"]): sorted(acl["operations"])
        for acl in acls
    } == {
        ("topic", "flights.events", "literal"): ["Describe", "Read"],
        ("group", "weir-flights", "literal"): ["Describe"],
        ("group", "weir-monitor", "literal"): ["Describe", "Read"],
    }
