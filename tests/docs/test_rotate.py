"""The guide on rotation is true: its settings are walked on production, and what its commands name exists."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import pytest
import yaml
from tests.renderings import rendered, rendered_from, settings_of
from tests.sizing.stacks import merged

from weir.config.repository import REPOSITORY
from weir.config.security import SecretName
from weir.programs.change_rules import compare, worst
from weir.programs.rendering import Rendering

pytestmark = pytest.mark.unit

TEXT = (REPOSITORY / "docs" / "how-to" / "rotate.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^ *```yaml\n(?P<settings>.*?)^ *```", re.M | re.S)
OPERATORS_SECRETS = {"weir-flights"}
"""Made by Strimzi, for the KafkaUser of this name."""


def section(title: str) -> str:
    return TEXT.split(f"\n## {title}\n")[1].split("\n## ")[0]


def steps(title: str) -> list[dict[str, Any]]:
    return [yaml.safe_load(found["settings"]) for found in BLOCK.finditer(section(title))]


@cache
def _stack(settings: str) -> Rendering:
    return rendered_from("prod", merged(settings_of("prod"), json.loads(settings)))


def stack(settings: dict[str, Any]) -> Rendering:
    return _stack(json.dumps(settings))


def named(rendering: Rendering, kind: str) -> set[str]:
    return {entry.inputs["metadata"]["name"] for entry in rendering.manifests if entry.inputs["kind"] == kind}


def issuers(rendering: Rendering) -> set[str]:
    certificates = [entry.inputs for entry in rendering.manifests if entry.inputs["kind"] == "Certificate"]
    return {entry["spec"]["issuerRef"]["name"].rpartition("-")[2] for entry in certificates}


def test_an_authority_is_replaced_in_three_steps_with_an_overlap() -> None:
    found = steps("Certificate authorities")
    told = [step["weir:security"]["authorities"] for step in found]
    assert [(step["signing"], step["trusted"]) for step in told] == [(1, [1, 2]), (2, [1, 2]), (2, [2])]
    assert [issuers(stack(step)) for step in found] == [{"1"}, {"2"}, {"2"}]


def test_no_step_of_a_rotation_is_a_refused_change() -> None:
    for title in ("Certificate authorities", "Cassandra's roles"):
        standing = rendered("prod").resources
        for step in steps(title):
            now = stack(step).resources
            assert worst(compare(standing, now)).label != "refused", (title, step)
            standing = now


def test_a_raised_generation_gives_every_role_another_secret() -> None:
    (step,) = steps("Cassandra's roles")
    before, after = (
        {name for name in named(rendering, "Secret") if name.startswith("cassandra-role-")}
        for rendering in (rendered("prod"), stack(step))
    )
    assert after == {f"{name}-2" for name in before}
    others = [entry.inputs for entry in stack(step).manifests if entry.inputs["kind"] != "Secret"]
    mentioned = set(re.findall(r'"(cassandra-role-[a-z-]+(?:-\d)?)"', json.dumps(others)))
    assert mentioned == after
    roles = [entry for entry in stack(step).manifests if entry.inputs["metadata"]["name"] in after]
    assert not any(entry.protect for entry in roles), "the next generation could not take their place"


def test_every_secret_and_job_that_the_commands_name_exists() -> None:
    rendering = rendered("prod")
    secrets = set(re.findall(r"(?:get|delete) secret ([a-z-]+)", TEXT))
    assert secrets == {"weir-flights", "superset-secrets", "cassandra-administrator"}
    assert secrets - OPERATORS_SECRETS <= named(rendering, "Secret")
    assert named(rendering, "Secret") >= {"cassandra-administrator-standby", "weir-authorities"}
    assert named(rendering, "KafkaUser") >= OPERATORS_SECRETS
    assert "superset-setup" in {entry.name for entry in rendering.manifests if entry.inputs["kind"] == "Job"}
    assert set(re.findall(r"patch flinkdeployment ([a-z-]+)", TEXT)) <= named(rendering, "FlinkDeployment")
    settings = set(re.findall(r"weir:([a-z_]+)$", TEXT, re.M))
    assert settings >= {"superset_previous_secret_key", "superset_secret_key", "metadata_database_password"}
    assert settings <= {name.value for name in SecretName}


def test_each_kind_in_the_table_has_its_section() -> None:
    headings = set(re.findall(r"^## (.+)$", TEXT, re.M))
    rows = re.findall(r"^\| \[([^\]]+)\]", TEXT, re.M)
    assert len(rows) == len(headings) == 7
