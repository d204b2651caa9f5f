"""Renderings of the stacks, made once for all tests, and of stacks with other settings."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from weir.programs.rendering import REPOSITORY, STACKS, Rendering, render

STACK_NAMES = ("local", "dev", "staging", "prod")
KUBERNETES_STACKS = ("dev", "staging", "prod")
AIVEN = {"provider": "aiven", "aiven": {"project": "acme", "cloud_name": "aws-eu-west-1"}}


@cache
def rendered(stack: str) -> Rendering:
    """The stack as its file says."""
    return render(STACKS / f"Pulumi.{stack}.yaml")


def settings_of(stack: str) -> dict[str, Any]:
    """The settings of a stack file, free to be changed."""
    return yaml.safe_load((STACKS / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8"))["config"]


def rendered_with(stack: str, folder: Path, changes: Mapping[str, Any]) -> Rendering:
    """The stack with other settings: `{"weir:kafka.provider": "plain"}` sets one field below `weir:kafka`."""
    settings = settings_of(stack)
    for path, value in changes.items():
        key, *rest = path.split(".")
        group = settings
        for part in rest:
            group = group.setdefault(key, {})
            key = part
        group[key] = value
    file = folder / f"Pulumi.{stack}.yaml"
    file.write_text(yaml.safe_dump({"config": settings}), encoding="utf-8")
    return render(file)


def manifest(rendering: Rendering, kind: str, name: str) -> dict[str, Any]:
    """The manifest of one object."""
    found = [
        resource.inputs
        for resource in rendering.manifests
        if resource.inputs["kind"] == kind and resource.inputs["metadata"]["name"] == name
    ]
    assert len(found) == 1, f"{kind} {name}: {len(found)} in {rendering.stack}"
    return found[0]


__all__ = ["AIVEN", "KUBERNETES_STACKS", "REPOSITORY", "STACK_NAMES", "manifest", "rendered", "rendered_with"]
