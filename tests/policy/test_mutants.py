"""The pack sees what is wrong in a manifest, in each place where it can be wrong, and says nothing of sound ones."""

from __future__ import annotations

import copy
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from tests.policy.mutants import MUTANTS, UNSEEN
from tests.policy.rules_under_test import Resource, pods, rules
from tests.policy.test_stacks import resources_of
from tests.programs.test_streams_workloads import environment_of
from tests.renderings import DIGESTS, pinned, rendered_with

from weir.config.stack import load_stack
from weir.programs.platform import platform
from weir.programs.recording import record
from weir.programs.rendering import STACKS
from weir.programs.workloads import workloads

if TYPE_CHECKING:
    from tests.policy.mutation import Mutant

pytestmark = pytest.mark.unit

LEAST_KINDS = 49


@cache
def streams() -> tuple[Any, ...]:
    """Production with its pipelines on Kafka Streams, which adds Kafka Connect."""
    environment = environment_of(load_stack(STACKS / "Pulumi.prod.yaml"))

    def program() -> None:
        workloads(environment, platform(environment))

    return tuple(
        Resource(entry.type, entry.name, entry.inputs, entry.protect)
        for entry in record(program, "prod")
        if entry.custom
    )


def named(resource: Any) -> str:
    name = (resource.props.get("metadata") or {}).get("name") or resource.name
    return f"{resource.kind or resource.type} {name}"


def original(mutant: Mutant) -> Any:
    """The object as rendered; a Job's name ends with the hash of its content."""
    everything = [*resources_of(pinned("prod")), *streams()]
    found = [one for one in everything if named(one) == mutant.object]
    found = found or [one for one in everything if named(one).startswith(f"{mutant.object}-")]
    assert found, f"{mutant.object} is not rendered"
    return found[0]


def mutated(mutant: Mutant) -> Any:
    props = copy.deepcopy(original(mutant).props)
    mutant.change(props)
    return replace(original(mutant), props=props)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_named_rule_and_no_other_sees_the_mutant(mutant: Mutant) -> None:
    assert rules.violations([original(mutant)]) == []
    also = {"by-digest"} if mutant.seen_by == "pinned" else set()
    assert {violation.rule for violation in rules.violations([mutated(mutant)])} - also == {mutant.seen_by}


@pytest.mark.parametrize("mutant", UNSEEN, ids=lambda mutant: mutant.name)
def test_what_the_pack_does_not_see_is_on_the_list(mutant: Mutant) -> None:
    assert rules.violations([mutated(mutant)]) == []


def test_mutants_are_of_many_kinds_and_of_every_custom_resource_with_pods() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= LEAST_KINDS
    rendered_kinds = {one.kind for one in [*resources_of(pinned("prod")), *streams()]}
    assert {mutant.kind for mutant in MUTANTS} >= set(pods.PODS) & rendered_kinds


def test_each_rule_has_a_mutant_but_that_of_an_option() -> None:
    """`protected` looks at Pulumi's option, which no manifest has."""
    assert {rule.name for rule in rules.RULES} - {mutant.seen_by for mutant in MUTANTS} == {"protected"}


def test_production_on_kafka_streams_has_no_finding() -> None:
    assert [str(found) for found in rules.stack_violations(streams())] == []


@pytest.mark.parametrize(
    ("setting", "rule"),
    [("tls", "encrypted"), ("network_policies", "denied-by-default"), ("restricted_pods", "enforced")],
)
def test_a_protected_stack_cannot_switch_its_protection_off(setting: str, rule: str) -> None:
    resources = resources_of(rendered_with("prod", {f"weir:security.{setting}": False, "weir:images.digests": DIGESTS}))
    assert rule in {found.rule for found in rules.stack_violations(resources)}
    assert [one for one in resources if one.keeps_data]
