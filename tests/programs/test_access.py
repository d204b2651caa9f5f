"""Rules of access in a rendered environment: what Superset and its dashboards' job are given."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.catalog.with_clients import flights_with
from tests.renderings import by_digest

from weir.catalog.environment import resolve
from weir.config.stack import load_stack
from weir.programs.load import planned
from weir.programs.platform import platform
from weir.programs.recording import Recorded, record
from weir.programs.rendering import STACKS
from weir.programs.workloads import workloads
from weir.sizing import plan_for

pytestmark = pytest.mark.unit


def made(folder: Path, access: list[dict[str, str]]) -> list[Recorded]:
    stack = by_digest(load_stack(STACKS / "Pulumi.prod.yaml"))
    environment = resolve(stack, [flights_with(folder, {}, access=access)])
    whole = planned(environment, plan_for(environment), {})
    return record(lambda: workloads(whole, platform(whole)), "prod")


def files(resources: list[Recorded]) -> dict[str, Any]:
    (found,) = [each.inputs["data"] for each in resources if "readers.json" in each.inputs.get("data", {})]
    return found


def test_an_environment_hands_the_rules_of_its_pipelines_on(tmp_path: Path) -> None:
    resources = made(tmp_path, [{"column": "origin", "from_claim": "airports"}])
    limits = json.loads(files(resources)["access.json"])
    assert sorted(limits) == sorted(json.loads(files(resources)["readers.json"])["flights"])
    assert [*limits.values()].count({"origin": "airports"}) == 4
    assert "access.json" not in files(made(tmp_path / "without", []))
