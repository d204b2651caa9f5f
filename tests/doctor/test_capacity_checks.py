"""Room on nodes, zones and default storage classes: what a cluster must have for the plan's pods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.doctor.api_server import (
    ZONES,
    complete,
    items,
    node,
    pod,
    storage_class,
)
from tests.doctor.judging import CLASSES, VOLUMES, judged, needs, needs_with, only, problems, without

from weir.doctor.findings import State

pytestmark = pytest.mark.unit


def test_what_other_namespaces_ask_for_is_not_free() -> None:
    busy = items(*(pod(f"p{zone}{number}", "other", f"{zone}-{number}", "31", "120Gi")
                   for zone in ZONES for number in range(8)))  # fmt: skip
    finding = only(judged(without({"/api/v1/pods": busy})), "nodes")
    assert finding.state is State.MISSING


def test_a_pool_that_grows_makes_a_lack_of_room_a_warning() -> None:
    nodes = [node(f"{zone}-0", zone, "16", "64Gi") for zone in ZONES]
    for entry in nodes:
        entry["metadata"]["labels"]["karpenter.sh/nodepool"] = "default"
    finding = only(judged(without({"/api/v1/nodes": items(*nodes)})), "nodes")
    assert (finding.state, finding.remedy) == (State.WARNING, "see that the node pool may grow by as much")


@pytest.mark.parametrize(
    "change",
    [
        lambda entry: entry["spec"].update(taints=[{"key": "a", "effect": "NoSchedule"}]),
        lambda entry: entry["status"].update(conditions=[{"type": "Ready", "status": "Unknown"}]),
    ],
    ids=["tainted", "not ready"],
)
def test_a_node_that_takes_no_pods_is_no_zone(change: Callable[[Any], None]) -> None:
    documents = complete()
    for entry in documents["/api/v1/nodes"]["items"]:
        if entry["metadata"]["labels"]["topology.kubernetes.io/zone"] == ZONES[2]:
            change(entry)
    assert only(judged(documents), "zones").found.startswith("eu-west-1c has no node that takes pods")


def test_a_default_class_is_asked_for_where_none_is_named() -> None:
    dev = needs("dev")
    documents = complete() | {"/api/v1/nodes": items(node("a", "anywhere"))}
    about = "storage class of kafka, cassandra, flink, superset"
    assert only(judged(documents, dev), about).found == "no default class; there are gp3-encrypted"
    marked = storage_class()
    marked["metadata"]["annotations"] = {"storageclass.kubernetes.io/is-default-class": "true"}
    assert about not in dict(problems(judged(documents | {CLASSES: items(marked)}, dev)))


def test_an_unprotected_environment_is_only_warned_of_small_volumes() -> None:
    documents = without({CLASSES: items(storage_class(allowVolumeExpansion=False))})
    found = judged(documents, needs_with({"availability": {"protect": False}}))
    assert only(found, VOLUMES).state is State.WARNING
