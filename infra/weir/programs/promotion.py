"""Promotion: the images that ran in one environment, by digest, into the stack file of the next.

CI writes what it built into the first environment; every later one takes exactly the same images from the one
before it.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from weir.config.errors import ConfigError, WeirError
from weir.config.images import ImageName
from weir.config.stack import StackConfig, load_stack
from weir.config.stack_edit import with_digests

SECONDS_PER_HOUR = 3600


@dataclass(frozen=True)
class Promotion:
    """What a promotion writes."""

    source: str
    before: Mapping[ImageName, str]
    after: Mapping[ImageName, str]
    text: str
    """The stack file as it becomes."""

    @property
    def changed(self) -> dict[ImageName, tuple[str | None, str]]:
        """The images that become others: before and after."""
        return {
            name: (self.before.get(name), digest)
            for name, digest in self.after.items()
            if self.before.get(name) != digest
        }


def built(stack_file: Path, digests: Mapping[ImageName, str]) -> Promotion:
    """What CI built, for the first environment; images that are not named stay.

    Raises:
        WeirError: the environment takes its images from another one.
    """
    stack = load_stack(stack_file)
    if source := stack.promotions.from_environment:
        raise WeirError(
            f"{stack.environment} only takes images that have run in {source}; promote them there first, then run "
            f"`weir promote {stack.environment}`"
        )
    return _promotion(stack_file, stack, "ci", {**stack.images.digests, **digests}, "as CI built them")


def promoted(stack_file: Path, now: float, approved_by: str = "") -> Promotion:
    """The digests of the environment before this one.

    Raises:
        WeirError: there is none, it has no digests, they have not run there for long enough, or nobody approved.
    """
    stack = load_stack(stack_file)
    rules = stack.promotions
    if rules.from_environment is None:
        raise WeirError(
            f"promotions.from_environment: not set for {stack.environment}; set it, or pass the digests that CI "
            "built: --digest flink-job=sha256:..."
        )
    if rules.approval_required and not approved_by:
        raise WeirError(
            f"promotions.approval_required: a person must approve promotions to {stack.environment}; pass "
            "--approved-by NAME"
        )
    source_file = stack_file.with_name(f"Pulumi.{rules.from_environment}.yaml")
    source = load_stack(source_file)
    if not source.images.digests:
        raise ConfigError(
            str(source_file),
            [
                "images.digests: empty, so there is nothing to promote; promote or "
                "build images for that environment first"
            ],
        )
    for name, digest in source.images.digests.items():
        if stack.images.digests.get(name) != digest:
            _check_soaked(source_file, source.environment, (name, digest), (rules.soak_hours, now))
    remark = f"from {source.environment}" + (f", approved by {approved_by}" if approved_by else "")
    # An image that runs here alone keeps its digest.
    digests = {**stack.images.digests, **source.images.digests}
    return _promotion(stack_file, stack, source.environment, digests, remark)


def _promotion(
    stack_file: Path, stack: StackConfig, source: str, digests: Mapping[ImageName, str], remark: str
) -> Promotion:
    by_name = {name: digests[name] for name in sorted(digests)}
    text = with_digests(stack_file.read_text(encoding="utf-8"), {n.value: d for n, d in by_name.items()}, remark)
    return Promotion(source, stack.images.digests, by_name, text)


def _check_soaked(file: Path, environment: str, image: tuple[ImageName, str], soak: tuple[int, float]) -> None:
    """The commit that wrote the digest shows since when it has been running."""
    (name, digest), (hours, now) = image, soak
    if not hours:
        return
    command = ["git", "-C", str(file.parent), "log", "-1", "--format=%ct", f"-S{digest}", "--", file.name]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    if told.returncode != 0 or not told.stdout.strip():
        raise WeirError(
            f"{name.value}: its digest is not in any commit of {file.name}; commit it and deploy {environment}"
        )
    ran = (now - int(told.stdout)) / SECONDS_PER_HOUR
    if ran < hours:
        raise WeirError(
            f"{name.value}: has run in {environment} for only {ran:.1f} h, and promotions.soak_hours is {hours}; "
            f"promote it in {hours - ran:.1f} h"
        )
