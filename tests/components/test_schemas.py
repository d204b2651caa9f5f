"""The harness itself: a schema that lets a wrong field pass would prove nothing."""

from __future__ import annotations

from typing import Any

import pytest
from tests import schemas

pytestmark = pytest.mark.unit


def topic(**spec: Any) -> dict[str, Any]:
    metadata = {"name": "flights.events", "namespace": "weir", "labels": {"strimzi.io/cluster": "weir"}}
    return {"apiVersion": "kafka.strimzi.io/v1", "kind": "KafkaTopic", "metadata": metadata, "spec": spec}


def deployment(**container: Any) -> dict[str, Any]:
    template = {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "a", **container}]}}
    spec = {"selector": {"matchLabels": {"app": "a"}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}, "spec": spec}


def test_a_valid_custom_resource_has_no_problem():
    assert schemas.problems(topic(partitions=4, replicas=3, config={"retention.ms": "1000"})) == []


def test_a_valid_deployment_has_no_problem():
    container = {"image": "a:1", "ports": [{"containerPort": 80}], "resources": {"limits": {"memory": "1Gi", "cpu": 1}}}
    assert schemas.problems(deployment(**container)) == []


@pytest.mark.parametrize(
    ("manifest", "expected"),
    [
        (topic(partitions="4", replicas=3), "spec.partitions: '4' is not of type 'integer'"),
        (topic(partitions=4, replica=3), "'replica' was unexpected"),
        ({**topic(partitions=4), "metadata": {"name": "a", "namspace": "b"}}, "'namspace' was unexpected"),
        ({**topic(partitions=4), "metadata": {"name": "A_b"}}, "'A_b' is no DNS name"),
        ({**topic(partitions=4), "metadata": {"name": "a", "labels": {"x": "two words"}}}, "no value of a label"),
        ({**topic(), "apiVersion": "kafka.strimzi.io/v1beta2"}, "no schema is known"),
        ({**topic(), "kind": "KafkaTopics"}, "no schema is known"),
        (deployment(imagee="a:1"), "'imagee' was unexpected"),
        (deployment(ports=[{"port": 80}]), "'containerPort' is a required property"),
        (deployment(ports=[{"containerPort": "80"}]), "'80' is not of type 'integer'"),
        ({**deployment(), "apiVersion": "apps/v1beta1"}, "no schema is known"),
    ],
)
def test_a_wrong_field_is_named(manifest: dict[str, Any], expected: str):
    assert any(expected in problem for problem in schemas.problems(manifest)), schemas.problems(manifest)


def test_a_field_that_preserves_unknown_ones_stays_open():
    open_object = {"type": "object", "properties": {"a": {"type": "string"}}, schemas.PRESERVE: True}
    schema = schemas.strict({"type": "object", "properties": {"open": open_object}})
    assert schema["additionalProperties"] is False
    assert "additionalProperties" not in schema["properties"]["open"]
