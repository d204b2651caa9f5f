"""What stands is read from Pulumi's checkpoint, and compared with a rendering as if it were one."""

from __future__ import annotations

from typing import Any

import pytest
from tests.renderings import rendered, rendered_with

from weir.programs.change_rules import compare
from weir.programs.changes import Risk, differences
from weir.programs.guard import refusal
from weir.programs.recording import SECRET, Recorded
from weir.programs.standing import SECRET_SIGNATURE, SIGNATURE, from_checkpoint

pytestmark = pytest.mark.unit

ENCRYPTED = {SIGNATURE: SECRET_SIGNATURE, "ciphertext": "v1:abc"}
TOPIC = {
    "urn": "urn:pulumi:prod::weir::weir:a:A$weir:kafka:KafkaTopic$kubernetes:kafka.strimzi.io/v1:KafkaTopic::events",
    "type": "kubernetes:kafka.strimzi.io/v1:KafkaTopic",
    "custom": True,
    "protect": True,
    "retainOnDelete": True,
    "inputs": {"kind": "KafkaTopic", "__defaults": [], "spec": {"partitions": 16, "password": ENCRYPTED}},
}


def checkpoint(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"version": 3, "deployment": {"resources": list(entries)}}


def entry_of(resource: Recorded) -> dict[str, Any]:
    """The resource as the engine writes it: every ancestor's type in its URN, and secrets encrypted."""
    parent, _, own = resource.urn.split("::")[2].rpartition("$")
    types = f"weir:platform:Ancestor${parent}${own}" if "Stack" not in parent else own
    return {
        "urn": f"urn:pulumi:stack::weir::{types}::{resource.name}",
        "type": resource.type,
        "custom": resource.custom,
        "inputs": _encrypted(resource.inputs),
        "protect": resource.protect,
        "retainOnDelete": resource.retain_on_delete,
    }


def _encrypted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _encrypted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_encrypted(item) for item in value]
    return ENCRYPTED if value == SECRET else value


def test_a_resource_of_a_checkpoint_is_read() -> None:
    (topic,) = from_checkpoint(checkpoint(TOPIC))
    assert (topic.name, topic.custom, topic.protect, topic.retain_on_delete) == ("events", True, True, True)
    assert topic.inputs == {"kind": "KafkaTopic", "spec": {"partitions": 16, "password": SECRET}}


def test_what_is_about_to_be_deleted_does_not_stand() -> None:
    assert from_checkpoint(checkpoint({**TOPIC, "delete": True})) == ()


@pytest.mark.parametrize("document", [{}, {"deployment": {}}, {"deployment": {"resources": None}}])
def test_before_the_first_up_nothing_stands(document: dict[str, Any]) -> None:
    assert from_checkpoint(document) == ()


@pytest.mark.parametrize(
    ("before", "after", "differs"),
    [
        (SECRET, SECRET, False),
        (SECRET, {"user": SECRET, "password": SECRET}, False),
        (SECRET, [SECRET], False),
        (SECRET, "clear", True),
        (SECRET, {"user": SECRET, "password": "clear"}, True),
        (SECRET, {}, True),
    ],
)
def test_a_secret_equals_any_other(before: Any, after: Any, differs: bool) -> None:
    assert bool(list(differences({"x": before}, {"x": after}))) is differs


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_a_stack_that_stands_as_rendered_has_no_change(stack: str) -> None:
    standing = from_checkpoint(checkpoint(*map(entry_of, rendered(stack).resources)))
    assert compare(standing, rendered(stack).resources) == []


def test_what_stands_refuses_what_a_revision_refuses() -> None:
    after = rendered_with("prod", {"weir:cassandra.tokens_per_node": 4}).resources
    standing = from_checkpoint(checkpoint(*map(entry_of, rendered("prod").resources)))
    refused = [change for change in compare(standing, after) if change.risk is Risk.REFUSED]
    assert refused == [change for change in compare(rendered("prod").resources, after) if change.risk is Risk.REFUSED]
    assert refusal(refused).splitlines()[:2] == [
        "1 refused change, and nothing was touched:",
        "  K8ssandraCluster cassandra spec.cassandra.config.cassandraYaml.num_tokens: 16 -> 4: a node keeps the tokens "
        "that it began with; keep the number, or move to a new datacenter",
    ]
