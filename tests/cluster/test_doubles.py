"""The stand-ins for Pulumi's plugins: what they make of inputs, of what they find, and of an object's status."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pulumi.runtime import rpc
from pulumi.runtime.proto import language_pb2
from tests.cluster.api import RefusedError
from tests.cluster.doubles import language_host, readiness, values
from tests.cluster.doubles.changes import as_found, changed_paths, replacing
from tests.cluster.engine import outcome

pytestmark = pytest.mark.unit
quick = settings(max_examples=40, deadline=None)

DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**50), 2**50) | st.sampled_from(["", "x", "500m"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=3),
    max_leaves=12,
)
MAPS = st.dictionaries(st.sampled_from("abcd"), DOCUMENTS, max_size=4)


@quick
@given(MAPS)
def test_values_come_back_from_the_wire_as_they_were(document: dict[str, Any]) -> None:
    assert values.python(values.struct(document)) == document


def test_a_secret_is_taken_out_of_its_mark() -> None:
    marked = {rpc._special_sig_key: rpc._special_secret_sig, "value": {"password": "p"}}
    assert values.python(values.struct({"stringData": marked})) == {"stringData": {"password": "p"}}


def test_an_unknown_deep_inside_is_found() -> None:
    assert values.has_unknown({"spec": [{"host": values.UNKNOWN}]})
    assert not values.has_unknown({"spec": [{"host": "kafka"}]})


@quick
@given(MAPS)
def test_equal_inputs_differ_nowhere(document: dict[str, Any]) -> None:
    assert list(changed_paths(document, document)) == []


def test_a_difference_is_named_by_its_deepest_field() -> None:
    old = {"spec": {"replicas": 1, "containers": [{"image": "a", "name": "x"}]}}
    new = {"spec": {"replicas": 1, "containers": [{"image": "b", "name": "x"}], "paused": True}}
    assert list(changed_paths(old, new)) == ["spec.containers[0].image", "spec.paused"]


@pytest.mark.parametrize(
    ("kind", "path", "is_replaced"),
    [
        (("apps/v1", "StatefulSet"), "spec.volumeClaimTemplates[0].spec", True),
        (("apps/v1", "StatefulSet"), "spec.replicas", False),
        (("apps/v1", "Deployment"), "spec.selectorless", False),
        (("kafka.strimzi.io/v1", "Kafka"), "metadata.namespace", True),
        (("kafka.strimzi.io/v1", "Kafka"), "spec.kafka.version", False),
    ],
)
def test_what_the_api_cannot_change_in_place_is_replaced(kind: tuple[str, str], path: str, is_replaced: bool) -> None:
    manifest = {"apiVersion": kind[0], "kind": kind[1]}
    assert replacing(manifest, [path]) == ([path] if is_replaced else [])


@quick
@given(MAPS, MAPS)
def test_an_object_that_nobody_touched_shows_the_inputs(inputs: dict[str, Any], live: dict[str, Any]) -> None:
    assert as_found(inputs, live, live) == inputs


def test_a_value_changed_by_hand_shows_and_another_spelling_does_not() -> None:
    inputs = {"spec": {"replicas": 2, "cpu": "1000m", "list": [{"a": 1}]}}
    before = {"spec": {"replicas": 2, "cpu": "1", "list": [{"a": 1, "added": 0}], "added": 1}, "status": {}}
    now = {"spec": {"replicas": 5, "cpu": "1", "list": [{"a": 7, "added": 0}], "added": 2}, "status": {"x": 1}}
    assert as_found(inputs, before, now) == {"spec": {"replicas": 5, "cpu": "1000m", "list": [{"a": 7}]}}


def test_a_field_removed_by_hand_is_missing_from_what_is_found() -> None:
    assert as_found({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 2}}, {"a": {"c": 2}}) == {"a": {"c": 2}}


def _object(kind: str, status: dict[str, Any], replicas: int = 2) -> dict[str, Any]:
    metadata = {"name": "x", "namespace": "n", "generation": 3}
    return {"kind": kind, "metadata": metadata, "spec": {"replicas": replicas}, "status": status}


NO_API = cast("Any", None)
SEEN = {"observedGeneration": 3}


@pytest.mark.parametrize(
    ("kind", "status", "lacking"),
    [
        ("Deployment", {"observedGeneration": 2}, "has not seen it"),
        ("Deployment", {**SEEN, "updatedReplicas": 1}, "1 of 2 updatedReplicas"),
        ("Deployment", {**SEEN, "updatedReplicas": 2, "availableReplicas": 1}, "1 of 2 availableReplicas"),
        ("Deployment", {**SEEN, "updatedReplicas": 2, "availableReplicas": 2, "replicas": 3}, "old replicas"),
        ("StatefulSet", {**SEEN, "readyReplicas": 1}, "1 of 2 readyReplicas"),
        ("StatefulSet", {**SEEN, "updateRevision": "b", "currentRevision": "a"}, "0 of 2 updatedReplicas"),
        ("Job", {}, "not completed"),
        ("Pod", {"conditions": [{"type": "Ready", "status": "False", "message": "m"}]}, "not ready; m"),
        ("CustomResourceDefinition", {}, "not served"),
    ],
)
def test_an_object_that_is_not_ready_says_what_it_lacks(kind: str, status: dict[str, Any], lacking: str) -> None:
    assert lacking in (readiness.missing(NO_API, _object(kind, status)) or "")


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("Deployment", {**SEEN, "updatedReplicas": 2, "availableReplicas": 2, "replicas": 2}),
        ("StatefulSet", {**SEEN, "readyReplicas": 2, "updateRevision": "a", "currentRevision": "a"}),
        ("Job", {"conditions": [{"type": "Complete", "status": "True"}]}),
        ("ConfigMap", {}),
    ],
)
def test_a_ready_object_lacks_nothing(kind: str, status: dict[str, Any]) -> None:
    assert readiness.missing(NO_API, _object(kind, status)) is None


def test_a_failed_job_is_not_waited_for() -> None:
    failed = {"conditions": [{"type": "Failed", "status": "True", "message": "backoff limit"}]}
    with pytest.raises(readiness.HopelessError, match="backoff limit"):
        readiness.missing(NO_API, _object("Job", failed))


@pytest.mark.parametrize("ready", [True, False])
def test_a_service_is_ready_once_it_targets_a_ready_pod(ready: bool) -> None:
    endpoints = {"items": [{"endpoints": [{"conditions": {"ready": ready}}]}]}
    api = cast("Any", SimpleNamespace(get=lambda *_, **__: endpoints))
    service = {**_object("Service", {}), "spec": {"selector": {"a": "b"}}}
    assert (readiness.missing(api, service) is None) is ready


def test_a_headless_service_waits_for_nobody() -> None:
    service = {**_object("Service", {}), "spec": {"selector": {"a": "b"}, "clusterIP": "None"}}
    assert readiness.missing(NO_API, service) is None


def test_a_refusal_names_the_field() -> None:
    cause = {"field": "spec.replicas", "message": "must be non-negative", "reason": "FieldValueInvalid"}
    status = {"code": 422, "message": "StatefulSet is invalid", "details": {"causes": [cause]}}
    refused = RefusedError("StatefulSet n/kafka", status)
    assert str(refused) == "StatefulSet n/kafka: StatefulSet is invalid\n  spec.replicas: must be non-negative"
    assert refused.causes == [("spec.replicas", "must be non-negative")]


def test_the_program_runs_in_the_projects_environment_with_the_engine() -> None:
    info = SimpleNamespace(
        root_directory="/p", program_directory="/p/infra", entry_point=".", options={"virtualenv": ".venv"}
    )
    request = SimpleNamespace(
        info=info,
        monitor_address="m:1",
        project="weir",
        stack="dev",
        organization="o",
        dryRun=True,
        parallel=8,
        args=(),
    )
    line = language_host.command(request, "e:2", Path("/executor"))
    assert line[:3] == ["/p/.venv/bin/python", "-u", "/executor"]
    assert line[-1] == "/p/infra"
    assert dict(zip(line[3:-1:2], line[4:-1:2], strict=True)) | {"--dry_run": "true", "--stack": "dev"} == {
        "--monitor": "m:1",
        "--engine": "e:2",
        "--project": "weir",
        "--stack": "dev",
        "--organization": "o",
        "--root_directory": "/p",
        "--pwd": "/p/infra",
        "--dry_run": "true",
        "--parallel": "8",
    }


@pytest.mark.parametrize(
    ("exit_code", "expected"),
    [
        (0, language_pb2.RunResponse()),
        (32, language_pb2.RunResponse(bail=True)),
        (1, language_pb2.RunResponse(error="the program ended with exit code 1")),
    ],
)
def test_the_exit_code_says_how_a_program_ended(exit_code: int, expected: language_pb2.RunResponse) -> None:
    assert language_host.response(exit_code) == expected


def test_the_event_log_says_what_was_done() -> None:
    events = [
        '{"resOutputsEvent": {"metadata": {"op": "create", "urn": "urn:a"}}}',
        '{"resOutputsEvent": {"metadata": {"op": "same", "urn": "urn:b"}}}',
        '{"summaryEvent": {"resourceChanges": {"create": 1, "same": 1}}}',
    ]
    told = outcome(events, "printed")
    assert told.changes == {"create": 1, "same": 1}
    assert told.urns("create") == ["urn:a"]
    assert not told.is_unchanged
