"""The tables of rules: every rule decides something, and every field that a stack renders has one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.programs import cassandra_cases, kafka_cases, other_cases
from tests.programs.rule_cases import Told
from tests.renderings import AIVEN, AIVEN_PRICES, KUBERNETES_STACKS, PLAIN, rendered, rendered_with

from weir.programs.change_rules import compare
from weir.programs.changes import Pair
from weir.programs.contents import unpacked
from weir.programs.rendering import Rendering
from weir.programs.rules.page import PAGE, page
from weir.programs.rules.table import NO_RULE, RULES, STATEFUL, deciding, verdicts

pytestmark = pytest.mark.unit

CASES: list[Told] = [*kafka_cases.CASES, *cassandra_cases.CASES, *other_cases.CASES]
TIERED = {
    "weir:retention.tiered_storage": {"enabled": True, "local_retention_hours": 24},
    "weir:kafka.authentication": "tls",
}
EXTERNAL = {
    "type": "loadbalancer",
    "bootstrap_host": "kafka.example.com",
    "broker_host": "broker-{nodeId}.kafka.example.com",
    "allowed_cidrs": ["203.0.113.0/24"],
}
BUCKET = {
    "bucket": "weir",
    "endpoint_url": "https://store:9000",
    "region": "eu",
    "workload_identity": True,
    "encryption": {"algorithm": "aes256"},
}
VARIANTS: list[tuple[str, dict[str, Any]]] = [
    *((stack, {}) for stack in KUBERNETES_STACKS),
    ("dev", PLAIN),
    ("prod", {"weir:kafka": AIVEN, "weir:prices": AIVEN_PRICES}),
    ("prod", TIERED),
    ("prod", {"weir:kafka.external_listener": EXTERNAL}),
    ("prod", {"weir:storage.object_storage": BUCKET, "weir:observability.pod_monitors": True}),
    ("dev", {"weir:availability.zones": ["zone-a", "zone-b", "zone-c"], "weir:kafka.cruise_control": True}),
]


@pytest.mark.parametrize("told", CASES, ids=str)
def test_a_change_has_its_class_and_reason(told: Told) -> None:
    ((_, (risk, reason)),) = verdicts(told.case)
    assert risk is told.risk, reason
    assert told.words in reason


def test_every_rule_is_the_deciding_one_of_a_case() -> None:
    decided = [deciding(told.case) for told in CASES]
    assert [rule for rule in RULES if rule not in decided] == []


def test_without_any_one_rule_a_case_is_told_otherwise() -> None:
    told_by_rule = {id(deciding(told.case)): told for told in CASES}
    for rule in RULES:
        told = told_by_rule[id(rule)]
        others = [other for other in RULES if other is not rule]
        ((_, without),) = list(verdicts(told.case, others))[:1]
        assert without != (rule.risk, rule.reason), rule


def _leaves(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from _leaves(item, f"{path}[{index}]")
    else:
        yield path


def without_a_rule(rendering: Rendering) -> set[str]:
    """The fields of stateful resources whose change nobody has looked up."""
    fields = {
        (kind, path)
        for resource in unpacked(rendering.resources)
        if resource.custom and (kind := Pair(resource, resource).kind) in STATEFUL
        for path in _leaves(resource.inputs)
    }
    return {f"{kind} {path}" for kind, path in fields if not any(rule.names(kind, path) for rule in RULES)}


@pytest.mark.parametrize(("stack", "changes"), VARIANTS)
def test_every_field_that_a_stack_renders_has_a_rule(stack: str, changes: dict[str, Any]) -> None:
    assert without_a_rule(rendered_with(stack, changes)) == set()


@pytest.mark.parametrize(("stack", "changes"), VARIANTS)
def test_between_variants_no_change_is_without_a_rule(stack: str, changes: dict[str, Any]) -> None:
    for base in KUBERNETES_STACKS:
        found = compare(rendered(base).resources, rendered_with(stack, changes).resources)
        assert [change.as_line() for change in found if change.reason == NO_RULE] == []


def test_a_field_that_no_rule_names_is_refused() -> None:
    told = Told("Kafka", "spec.kafka.brandNew", 1, 2, kafka_cases.REFUSED, "no rule for this field")
    ((_, (risk, reason)),) = verdicts(told.case)
    assert (risk, reason) == (kafka_cases.REFUSED, NO_RULE)


def test_a_branch_that_no_rule_names_is_told_leaf_by_leaf() -> None:
    told = Told("Kafka", "spec", None, {"kafkaExporter": {}, "new": 1}, kafka_cases.SAFE, "")
    found = {field.path: risk.label for field, (risk, _) in verdicts(told.case)}
    assert found == {"spec.kafkaExporter": "safe", "spec.new": "refused"}


def test_every_rule_says_where_it_is_from() -> None:
    assert [rule for rule in RULES if not rule.source] == []
    assert [rule for rule in RULES if rule.risk is kafka_cases.REFUSED and not rule.how] == []


def test_the_page_of_rules_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make rules`"
