"""What Pulumi knows of the stack, as weir's own configuration. The only file that reads `pulumi.Config`."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass

import pulumi
from pulumi.runtime import config as settings

from weir.catalog.environment import Environment, load_environment
from weir.config.repository import REPOSITORY, stack_file
from weir.config.security import SecretName
from weir.config.stack import NAMESPACE, stack_from_pulumi
from weir.sizing import PlatformPlan
from weir.sizing.lock import LockFile, locked_plan

LOCK_FILE: ContextVar[LockFile | None] = ContextVar("LOCK_FILE", default=None)
"""Set where a stack file outside `stacks/` is rendered; Pulumi itself knows no other folder."""


@dataclass(frozen=True)
class PlannedEnvironment(Environment):
    """All that a program is made from."""

    plan: PlatformPlan
    secrets: Mapping[SecretName, pulumi.Output[str]]
    """What a person gave; encrypted in the state, and never text in this process."""


def load() -> PlannedEnvironment:
    """The environment of the stack that Pulumi runs.

    Raises:
        ConfigError: a setting is wrong.
        LockRefused: the stack's lock file is stale, or a protected stack has none.
        SizingRefused: nothing within the stack's limits carries its load.
    """
    config = pulumi.Config(NAMESPACE.removesuffix(":"))
    values = {name: value for name in _names() if (value := config.get(name)) is not None}
    given = {name: secret for name in SecretName if (secret := config.get_secret(name.value)) is not None}
    stack = stack_from_pulumi({**values, **dict.fromkeys(given, "")}, f"stack {pulumi.get_stack()}")
    environment = load_environment(REPOSITORY / "pipelines", stack)
    lock = LOCK_FILE.get() or LockFile.of(stack_file(pulumi.get_stack()))
    return planned(environment, locked_plan(environment, lock), given)


def planned(
    environment: Environment, plan: PlatformPlan, secrets: Mapping[SecretName, pulumi.Output[str]]
) -> PlannedEnvironment:
    """The environment with this plan."""
    return PlannedEnvironment(environment.stack, environment.pipelines, environment.platform_tables, plan, secrets)


def _names() -> list[str]:
    """The names of weir's settings, those among them that no model knows: they must be refused, not passed over."""
    known = [*settings.get_config_env(), *settings.CONFIG.get()]
    names = {key.removeprefix(NAMESPACE) for key in known if key.startswith(NAMESPACE)}
    return sorted(names - set(SecretName))
