"""`pulumi up` and `preview` refuse what `weir plan` refuses, before anything is touched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pulumi
from pulumi.runtime import config as settings
from pulumi.runtime import mocks
from pulumi.runtime.settings import get_monitor

from weir.catalog.environment import Environment
from weir.config.decisions import Decisions
from weir.config.errors import ConfigError, WeirError
from weir.config.repository import REPOSITORY
from weir.programs.change_rules import compare
from weir.programs.changes import Change
from weir.programs.decided import decide, stale_line
from weir.programs.pinning import missing_digests
from weir.programs.recording import Recorded
from weir.programs.rendering import PROGRAM, WITH_SETTINGS, from_json
from weir.programs.standing import exported

TIMEOUT_SECONDS = 600
DEFAULT_ORGANIZATION = "organization"
"""What Pulumi calls the owner of a stack in a backend that has no owners: a bucket, a folder."""


@contextmanager
def plain_errors() -> Iterator[None]:
    """Lets the engine print weir's own errors as they are, without a traceback.

    Raises:
        pulumi.RunError: in place of a WeirError, where the engine runs for real.
    """
    try:
        yield
    except WeirError as error:
        if _is_rendering():
            raise
        raise pulumi.RunError(str(error)) from None


def guard(decisions: Decisions, program: Path = PROGRAM) -> None:
    """Compares what stands with what `program` would make, where the engine runs for real.

    Raises:
        pulumi.RunError: a change is refused; nothing was registered yet.
        WeirError: what stands, or what would be made, cannot be read.
    """
    if _is_rendering():
        return
    standing = exported(_stack(), Path(pulumi.get_root_directory() or REPOSITORY))
    if not any(resource.custom for resource in standing):
        return
    decided = decide(compare(standing, _rendered(program)), decisions)
    for entry in decided.stale:
        pulumi.log.warn(stale_line(entry))
    if decided.refused:
        raise pulumi.RunError(refusal(decided.refused))


def require_digests(environment: Environment) -> None:
    """Refuses images by tag where the stack lets none run. A rendering goes on: it pulls nothing.

    Raises:
        ConfigError: names the images, and the commands that pin them.
    """
    if not _is_rendering() and (problem := missing_digests(environment)):
        raise ConfigError(f"stack {environment.stack.environment}", [problem])


def refusal(changes: list[Change]) -> str:
    """Each refused change with its reason, and what to do."""
    lines = [f"  {change.as_line()}: {change.reason}" for change in changes]
    return "\n".join(
        [
            f"{len(changes)} refused change{'s' if len(changes) > 1 else ''}, and nothing was touched:",
            *lines,
            "see docs/changes.md; `decisions.allow` in the stack file lets one through",
        ]
    )


def _is_rendering() -> bool:
    """Whether resources are recorded only: nothing stands, and nothing is made."""
    return isinstance(get_monitor(), mocks.MockMonitor)


def _stack() -> str:
    """The stack by its full name: alone it would be looked for among the default owner's."""
    owner, stack = pulumi.get_organization(), pulumi.get_stack()
    return stack if owner in ("", DEFAULT_ORGANIZATION) else f"{owner}/{pulumi.get_project()}/{stack}"


def _rendered(program: Path) -> tuple[Recorded, ...]:
    """What the program makes of these settings. In a process of its own: here its resources would be made."""
    command = [sys.executable, "-m", "weir.programs.rendering", WITH_SETTINGS, pulumi.get_stack(), str(program)]
    result = subprocess.run(
        command,
        input=json.dumps(_settings()),
        # Pulumi's variables hold the settings too, secrets in clear among them.
        env={name: value for name, value in os.environ.items() if not name.startswith("PULUMI_")},
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_SECONDS,
    )
    if result.returncode != 0:
        last = result.stderr.strip().splitlines()[-1:] or ["it printed nothing"]
        raise WeirError(f"the program cannot be rendered to compare it with what stands: {last[0]}")
    return from_json(result.stdout)


def _settings() -> dict[str, str]:
    """The settings as Pulumi hands them over; secrets without their values, which a rendering does not read."""
    given = {**settings.get_config_env(), **settings.CONFIG.get()}
    secret = set(settings.get_config_secret_keys_env())
    return {key: "" if key in secret or settings.is_config_secret(key) else value for key, value in given.items()}
