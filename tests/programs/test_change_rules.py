"""What `weir plan` says of a change: its class and its reason."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import yaml
from tests.renderings import manifest, rendered, rendered_with

from weir.programs.change_rules import compare, worst
from weir.programs.changes import Change, FieldChange, Risk, differences
from weir.programs.recording import Recorded
from weir.programs.rules.rule import quantity

pytestmark = pytest.mark.unit


def edited(kind: str, name: str, edit: Callable[[dict[str, Any]], object], stack: str = "prod") -> list[Change]:
    """The changes when one manifest of a stack is edited."""

    def changed(resource: Recorded) -> Recorded:
        found = resource.inputs.get("kind") == kind and resource.inputs["metadata"]["name"].startswith(name)
        if not found:
            return resource
        inputs = copy.deepcopy(resource.inputs)
        edit(inputs)
        return replace(resource, inputs=inputs)

    before = rendered(stack).resources
    return compare(before, [changed(resource) for resource in before])


def put(*path: Any, value: Any) -> Callable[[dict[str, Any]], None]:
    def edit(inputs: dict[str, Any]) -> None:
        place: Any = inputs
        for part in path[:-1]:
            place = place[part]
        place[path[-1]] = value

    return edit


VOLUME = ("spec", "storage", "volumes", 0, "size")


@pytest.mark.parametrize(
    ("kind", "name", "edit", "risk", "words"),
    [
        ("KafkaTopic", "flights.events", put("spec", "partitions", value=64), Risk.DATA_MOVING, "order breaks"),
        ("KafkaTopic", "flights.events", put("spec", "partitions", value=2), Risk.REFUSED, "cannot remove partitions"),
        ("KafkaTopic", "flights.events", put("spec", "replicas", value=9), Risk.REFUSED, "3 brokers"),
        (
            "KafkaTopic",
            "flights.events",
            put("spec", "config", "retention.ms", value="3600000"),
            Risk.DATA_MOVING,
            "older than the new limit",
        ),
        ("KafkaTopic", "flights.events", put("spec", "config", "retention.ms", value="-1"), Risk.SAFE, "longer"),
        (
            "KafkaTopic",
            "flights.events",
            put("spec", "config", "message.timestamp.type", value="CreateTime"),
            Risk.SAFE,
            "brokers apply it at once",
        ),
        (
            "KafkaTopic",
            "flights.events",
            put("spec", "config", "max.message.bytes", value="8454144"),
            Risk.SAFE,
            "brokers apply it at once",
        ),
        (
            "KafkaTopic",
            "flights.events",
            put("spec", "config", "max.message.bytes", value="100000"),
            Risk.DATA_MOVING,
            "larger records are refused",
        ),
        ("KafkaNodePool", "brokers", put(*VOLUME, value="1Gi"), Risk.REFUSED, "cannot shrink"),
        ("KafkaNodePool", "brokers", put(*VOLUME, value="9Ti"), Risk.ROLLING, "grow in place"),
        ("KafkaNodePool", "brokers", put("spec", "replicas", value=4), Risk.DATA_MOVING, "new nodes"),
        ("KafkaNodePool", "brokers", put("spec", "replicas", value=2), Risk.REFUSED, "2 brokers"),
        (
            "KafkaNodePool",
            "brokers",
            put("spec", "resources", "limits", "memory", value="9Gi"),
            Risk.ROLLING,
            "one after the other",
        ),
        ("Kafka", "kafka", put("spec", "kafka", "rack", value=None), Risk.DATA_MOVING, "each zone has one"),
        ("Kafka", "kafka", put("metadata", "labels", "weir.io/owner", value="x"), Risk.SAFE, "restart nothing"),
        (
            "FlinkDeployment",
            "flights",
            put("spec", "flinkConfiguration", "pipeline.max-parallelism", value="256"),
            Risk.REFUSED,
            "no savepoint could be restored",
        ),
        ("FlinkDeployment", "flights", put("spec", "job", "parallelism", value=2), Risk.ROLLING, "savepoint"),
        ("Deployment", "registry", put("spec", "replicas", value=5), Risk.SAFE, "pods are added or removed"),
    ],
)
def test_a_change_has_its_class_and_reason(
    kind: str, name: str, edit: Callable[[dict[str, Any]], None], risk: Risk, words: str
):
    changes = edited(kind, name, edit)
    assert worst(changes) is risk, changes
    assert any(words in change.reason for change in changes), changes


def pipeline_edit(edit: Callable[[dict[str, Any]], object]) -> Callable[[dict[str, Any]], None]:
    def change(inputs: dict[str, Any]) -> None:
        spec = yaml.safe_load(inputs["data"]["pipeline.yaml"])
        edit(spec)
        inputs["data"]["pipeline.yaml"] = yaml.safe_dump(spec, sort_keys=False)

    return change


def turned(measures: dict[str, Any]) -> None:
    """The same entries in another order."""
    for name in reversed(list(measures)):
        measures[name] = measures.pop(name)


@pytest.mark.parametrize(
    ("edit", "path"),
    [
        (lambda spec: spec["deduplication"]["key"].pop(), "deduplication.key"),
        (lambda spec: spec["aggregates"].pop(), "aggregates.fleet_by_month"),
        (lambda spec: spec["aggregates"][1]["dimensions"].pop(), "aggregates.delays_by_hour.dimensions"),
        (lambda spec: spec["aggregates"][1]["measures"].popitem(), "aggregates.delays_by_hour.measures"),
        (lambda spec: turned(spec["aggregates"][1]["measures"]), "aggregates.delays_by_hour.measures"),
    ],
)
def test_a_job_that_cannot_take_its_state_is_refused(edit: Callable[[dict[str, Any]], object], path: str):
    changes = edited("ConfigMap", "flights-files", pipeline_edit(edit))
    refused = [change for change in changes if change.risk is Risk.REFUSED]
    assert [change.path for change in refused] == [f"data.pipeline.yaml.{path}"]
    assert "state_decisions" in refused[0].reason


def test_a_decision_lets_it_pass():
    after = rendered_with("prod", {"weir:flink.state_decisions": {"flights": "start-empty"}})
    job = manifest(after, "FlinkDeployment", "flights")
    assert job["spec"]["job"]["upgradeMode"] == "stateless"

    def without_a_key(resource: Recorded) -> Recorded:
        if resource.name != "flights-files":
            return resource
        inputs = copy.deepcopy(resource.inputs)
        pipeline_edit(lambda spec: spec["deduplication"]["key"].pop())(inputs)
        return replace(resource, inputs=inputs)

    changes = compare(rendered("prod").resources, [without_a_key(resource) for resource in after.resources])
    assert worst(changes) is Risk.DATA_MOVING


def test_a_new_table_of_totals_needs_no_decision():
    def add(spec: dict[str, Any]) -> None:
        spec["aggregates"].append({**spec["aggregates"][0], "table": "another"})

    assert worst(edited("ConfigMap", "flights-files", pipeline_edit(add))) is Risk.SAFE


def test_moving_a_kafka_is_refused_if_protected_and_loses_data_if_not():
    for stack, risk in (("prod", Risk.REFUSED), ("dev", Risk.DATA_MOVING)):
        after = rendered_with(stack, {"weir:kafka": {"provider": "plain"}})
        changes = compare(rendered(stack).resources, after.resources)
        removed = {change.resource: change.risk for change in changes if change.after is None and not change.path}
        assert removed["Kafka kafka"] is risk
        assert removed["KafkaTopic flights.events"] is risk


def test_nothing_changes_between_a_stack_and_itself():
    assert compare(rendered("prod").resources, rendered("prod").resources) == []


def test_what_dares_most_comes_first():
    def edit(inputs: dict[str, Any]) -> None:
        inputs["spec"]["partitions"] = 1
        inputs["metadata"]["labels"]["weir.io/owner"] = "other"

    assert [change.risk for change in edited("KafkaTopic", "flights.events", edit)] == [Risk.REFUSED, Risk.SAFE]


def test_lists_are_compared_by_name_where_they_have_one():
    before = {"containers": [{"name": "a", "image": "1"}, {"name": "b", "image": "1"}], "args": ["x", "y"]}
    after = {"containers": [{"name": "b", "image": "2"}, {"name": "a", "image": "1"}], "args": ["x", "z"]}
    assert list(differences(before, after)) == [
        FieldChange("args[1]", "y", "z"),
        FieldChange("containers[b].image", "1", "2"),
    ]


@pytest.mark.parametrize(("text", "bytes_"), [("1Gi", 2**30), ("512Mi", 2**29), ("1.5Ti", 1.5 * 2**40), ("7", 7)])
def test_quantities_are_numbers(text: str, bytes_: float):
    assert quantity(text) == bytes_
