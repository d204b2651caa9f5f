"""Renderings of the stacks, made once for all tests, and of stacks with other settings."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from weir.catalog.environment import load_environment
from weir.config.errors import read_yaml
from weir.config.images import ImageName, ImagesConfig
from weir.config.stack import StackConfig, load_stack
from weir.config.yaml_text import written
from weir.programs.rendering import REPOSITORY, STACKS, Rendering, render
from weir.sizing import plan_for
from weir.sizing.lock import LockFile, lock_of

STACK_NAMES = ("local", "dev", "staging", "prod")
KUBERNETES_STACKS = ("dev", "staging", "prod")
AIVEN = {"provider": "aiven", "aiven": {"project": "acme", "cloud_name": "aws-eu-west-1"}}
AIVEN_PRICES = {
    "aiven_plans": {
        "business-16": {"month": 900, "included_disk_gib": 600, "maximum_disk_gib": 9000},
        "premium-9x-16": {"month": 2700, "included_disk_gib": 1800, "maximum_disk_gib": 27000},
    },
}
PLAIN = {f"weir:{name}.provider": "plain" for name in ("kafka", "cassandra", "superset")}
"""Development, previews and test clusters: pods of weir's own, no operator but Flink's."""
DIGESTS = {name.value: f"sha256:{index:064x}" for index, name in enumerate(ImageName)}
"""A digest for every image. The repository's stacks have none: whoever deploys them asks the registries."""


@cache
def rendered(stack: str) -> Rendering:
    """The stack as its file says."""
    return render(STACKS / f"Pulumi.{stack}.yaml")


@cache
def _settings(stack: str) -> dict[str, Any]:
    return read_yaml(STACKS / f"Pulumi.{stack}.yaml")["config"]


def settings_of(stack: str) -> dict[str, Any]:
    """The settings of a stack file, free to be changed."""
    return copy.deepcopy(_settings(stack))


def rendered_with(stack: str, changes: Mapping[str, Any]) -> Rendering:
    """The stack with other settings: `{"weir:kafka.provider": "plain"}` sets one field below `weir:kafka`."""
    return _rendered_with(stack, json.dumps(changes))


@cache
def _rendered_with(stack: str, changes: str) -> Rendering:
    settings = settings_of(stack)
    for path, value in json.loads(changes).items():
        key, *rest = path.split(".")
        group = settings
        for part in rest:
            group = group.setdefault(key, {})
            key = part
        group[key] = value
    return rendered_from(stack, settings)


def pinned(stack: str) -> Rendering:
    """The stack with every image by digest, as protected ones must be before anything is deployed."""
    return rendered_with(stack, {"weir:images.digests": DIGESTS})


def by_digest(stack: StackConfig) -> StackConfig:
    """The settings with a digest for every image."""
    return stack.model_copy(update={"images": ImagesConfig.model_validate({"digests": DIGESTS})})


def rendered_from(stack: str, settings: Mapping[str, Any]) -> Rendering:
    """A stack of these settings, created anew: its lock is the plan of a stack of which nothing stands."""
    with TemporaryDirectory(prefix="weir-stack-") as folder:
        file = Path(folder) / f"Pulumi.{stack}.yaml"
        file.write_text(written({"config": settings}), encoding="utf-8")
        write_lock(file)
        return render(file)


def write_lock(file: Path) -> None:
    """The lock of a stack file, on top of the lock beside it."""
    lock = LockFile.of(file)
    standing = lock.read()
    environment = load_environment(REPOSITORY / "pipelines", load_stack(file))
    plan = plan_for(environment, standing and standing.standing)
    lock.write(lock_of(environment, plan, standing, date(2026, 1, 1)), plan)


def manifest(rendering: Rendering, kind: str, name: str) -> dict[str, Any]:
    """The manifest of one object."""
    found = [
        resource.inputs
        for resource in rendering.manifests
        if resource.inputs["kind"] == kind and resource.inputs["metadata"]["name"] == name
    ]
    assert len(found) == 1, f"{kind} {name}: {len(found)} in {rendering.stack}"
    return found[0]


__all__ = [
    "AIVEN",
    "AIVEN_PRICES",
    "DIGESTS",
    "KUBERNETES_STACKS",
    "PLAIN",
    "REPOSITORY",
    "STACK_NAMES",
    "by_digest",
    "manifest",
    "pinned",
    "rendered",
    "rendered_from",
    "rendered_with",
    "write_lock",
]
