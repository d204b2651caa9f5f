"""What `make up` needs of this machine, each thing taken away in turn."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from weir.config.image_references import repository
from weir.config.repository import stack_file
from weir.config.stack import load_stack
from weir.doctor.findings import Finding, State, findings, is_ready
from weir.doctor.machine import CHECKS, Machine, ask
from weir.doctor.snapshot import quantity

pytestmark = pytest.mark.unit

COMPLETE = Machine(
    python=(3, 11),
    uv="/cache/uv",
    java="/jdk",
    java_problem="",
    has_maven=True,
    missing_programs=(),
    memory_gib=16,
    free_memory_gib=8,
    free_disk_gib=40,
    cache=Path("/cache"),
    taken_ports={},
)


def judged(machine: Machine) -> list[Finding]:
    return findings(CHECKS, machine)


def test_a_complete_machine_lacks_nothing() -> None:
    found = judged(COMPLETE)
    assert {finding.state for finding in found} == {State.OK}
    assert [finding.about for finding in found] == ["Python", "uv", "Java", "programs", "memory", "disk", "ports"]


TAKEN: dict[str, tuple[Machine, str, State]] = {
    "Python": (replace(COMPLETE, python=(3, 13)), "Python", State.MISSING),
    "uv": (replace(COMPLETE, uv=None), "uv", State.MISSING),
    "Java": (replace(COMPLETE, java=None, java_problem="no Java found"), "Java", State.MISSING),
    "Maven": (replace(COMPLETE, has_maven=False, missing_programs=("kafka",)), "programs", State.MISSING),
    "memory": (replace(COMPLETE, memory_gib=3.9, free_memory_gib=3), "memory", State.MISSING),
    "free memory": (replace(COMPLETE, free_memory_gib=3.9), "memory", State.WARNING),
    "disk": (replace(COMPLETE, free_disk_gib=1.9), "disk", State.MISSING),
    "disk for programs": (replace(COMPLETE, free_disk_gib=9.9, missing_programs=("kafka",)), "disk", State.MISSING),
    "ports": (replace(COMPLETE, taken_ports={"kafka": 9092}), "ports", State.WARNING),
}


@pytest.mark.parametrize("name", TAKEN)
def test_what_is_taken_away_is_missed(name: str) -> None:
    machine, about, state = TAKEN[name]
    (finding,) = [finding for finding in judged(machine) if finding.state is not State.OK]
    assert (finding.about, finding.state) == (about, state)
    assert finding.remedy
    assert is_ready(judged(machine)) is (state is State.WARNING)


@pytest.mark.parametrize(
    "machine",
    [
        replace(COMPLETE, has_maven=False),
        replace(COMPLETE, missing_programs=("kafka",), free_disk_gib=10),
        replace(COMPLETE, free_memory_gib=4, free_disk_gib=2),
        replace(COMPLETE, is_running=True, free_memory_gib=0.5, taken_ports={"kafka": 9092}),
    ],
    ids=["all programs cached", "programs to fetch", "just enough", "it runs already"],
)
def test_what_is_not_needed_is_not_missed(machine: Machine) -> None:
    assert {finding.state for finding in judged(machine)} == {State.OK}


def test_this_machine_is_looked_at_and_nothing_started() -> None:
    found = ask(load_stack(stack_file("local")), os.environ)
    assert found.python[0] == 3
    assert found.memory_gib > found.free_memory_gib > 0
    assert found.free_disk_gib > 0
    assert len(judged(found)) >= 6


@pytest.mark.parametrize(
    ("text", "expected"),
    [("500m", 0.5), ("2", 2), ("1Ki", 1024), ("2Gi", 2**31), ("1k", 1000), ("3M", 3e6), ("1.5Gi", 1.5 * 2**30)],
)
def test_a_quantity_is_a_number(text: str, expected: float) -> None:
    assert quantity(text) == expected


def test_what_is_no_quantity_is_refused() -> None:
    with pytest.raises(ValueError, match="no quantity"):
        quantity("much")


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("quay.io/strimzi/operator:1.2.0", "quay.io/strimzi/operator"),
        ("localhost:5000/operator", "localhost:5000/operator"),
        ("a/b:1@sha256:00", "a/b"),
    ],
)
def test_an_image_has_a_repository(image: str, expected: str) -> None:
    assert repository(image) == expected
