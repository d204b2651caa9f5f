"""Decisions let one refused change through, with one value, and are reported once they fit nothing."""

from __future__ import annotations

from typing import Any

import pytest
from tests.renderings import rendered, rendered_with

from weir.config.decisions import AllowedChange, Decisions, FewerNodes
from weir.programs.change_rules import compare
from weir.programs.changes import Change, Risk
from weir.programs.decided import Decided, decide, stale_line
from weir.programs.rules.cassandra import FEWER_NODES
from weir.programs.rules.kafka import FEWER_BROKERS

pytestmark = pytest.mark.unit

SIZE = "spec.cassandra.datacenters[0].size"
SMALLER = Change("K8ssandraCluster cassandra", SIZE, 18, 9, Risk.REFUSED, FEWER_NODES.reason)
REMOVED = Change("KafkaTopic flights.old", "", "flights.old", None, Risk.REFUSED, "it holds data and is protected")
RETENTION = Change("KafkaTopic flights.events", "spec.config.cleanup.policy", "1", "2", Risk.REFUSED, "no")


def decided(change: Change, subject: str, to: Any) -> Decided:
    entry = AllowedChange(change=subject, to=to, because="measured")
    return decide([change], Decisions(allow=[entry]))


@pytest.mark.parametrize(
    ("change", "to"),
    [(SMALLER, 9), (SMALLER, "9"), (REMOVED, None), (RETENTION, 2), (RETENTION, "2")],
)
def test_a_decision_lets_its_change_through(change: Change, to: Any) -> None:
    found = decided(change, change.subject, to)
    assert [(entry.risk, entry.reason) for entry in found.changes] == [
        (Risk.DATA_MOVING, "allowed by decisions.allow: measured")
    ]
    assert found.refused == []
    assert found.stale == []


@pytest.mark.parametrize(
    ("change", "subject", "to"),
    [
        (SMALLER, SMALLER.subject, 8),
        (SMALLER, f"K8ssandraCluster other {SIZE}", 9),
        (REMOVED, REMOVED.subject, "flights.old"),
    ],
)
def test_a_decision_about_another_value_or_field_is_stale(change: Change, subject: str, to: Any) -> None:
    found = decided(change, subject, to)
    assert found.refused == [change]
    assert [entry.change for entry in found.stale] == [subject]


def test_a_decision_is_stale_once_its_change_has_happened() -> None:
    entry = AllowedChange(change=SMALLER.subject, to=9, because="measured")
    (stale,) = decide([], Decisions(allow=[entry])).stale
    assert stale_line(stale) == (
        f"decisions.allow: nothing refused matches `K8ssandraCluster cassandra {SIZE}` to 9; remove the entry"
    )


def test_what_is_not_refused_needs_no_decision() -> None:
    growth = Change("K8ssandraCluster cassandra", SIZE, 9, 18, Risk.DATA_MOVING, "")
    assert decided(growth, growth.subject, 18).changes == [growth]
    assert len(decided(growth, growth.subject, 18).stale) == 1


def test_the_state_of_a_job_is_decided_elsewhere() -> None:
    state = Change("ConfigMap flights", "data.pipeline.yaml.x", "old", "another", Risk.REFUSED, "", by_decision=False)
    assert decided(state, state.subject, "another").refused == [state]


@pytest.mark.parametrize(("allowed", "passes"), [(8, True), (9, True), (10, False), (None, False)])
def test_fewer_nodes_pass_down_to_the_number_that_is_allowed(allowed: int | None, passes: bool) -> None:
    brokers = Change("KafkaNodePool brokers", "spec.replicas", 12, 9, Risk.REFUSED, FEWER_BROKERS.reason)
    for change, fewer in ((SMALLER, FewerNodes(cassandra=allowed)), (brokers, FewerNodes(kafka=allowed))):
        assert (decide([change], Decisions(fewer_nodes=fewer)).refused == []) is passes


def test_fewer_nodes_do_not_pass_where_something_else_is_in_the_way() -> None:
    expiring = Change("K8ssandraCluster cassandra", SIZE, 18, 9, Risk.REFUSED, "shorten the TTL first")
    assert decide([expiring], Decisions(fewer_nodes=FewerNodes(cassandra=9))).refused == [expiring]


def test_a_decision_of_a_stack_file_fits_what_the_plan_prints() -> None:
    after = rendered_with("prod", {"weir:cassandra.tokens_per_node": 4}).resources
    (refused,) = decide(compare(rendered("prod").resources, after), Decisions()).refused
    assert (
        decided(refused, "K8ssandraCluster cassandra spec.cassandra.config.cassandraYaml.num_tokens", 4).refused == []
    )
