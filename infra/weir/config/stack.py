"""A stack file: one environment, typed. `stacks/Pulumi.<stack>.yaml` holds it under Pulumi's `config:` key.

Both ways to read it end in the same model: `load_stack` takes the file, `stack_from_pulumi` what `pulumi.Config` says.
Secrets are settings of their own (`weir:<secret name>: {secure: ...}`); only that they are there is known here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import model_validator

from weir.config import stack_rules
from weir.config.errors import ConfigError, parse, read_yaml
from weir.config.security import SecretName
from weir.config.stack_settings import StackSettings

NAMESPACE = "weir:"
FOREIGN_NAMESPACES = ("aiven:", "kubernetes:", "pulumi:")
"""Settings of the providers and of Pulumi itself, which stand in the same file."""


class StackConfig(StackSettings):
    """A whole environment."""

    @property
    def requires_digests(self) -> bool:
        """Whether only images by digest may run: where the stack says so, and wherever data is protected."""
        return self.images.require_digests is True or self.availability.protect

    @model_validator(mode="after")
    def _rules(self) -> StackConfig:
        problems = stack_rules.problems_of(self)
        if problems:
            raise ValueError("\n".join(problems))
        return self


def load_stack(path: Path) -> StackConfig:
    """The stack that `path` describes.

    Raises:
        ConfigError: names the file, each wrong field, its value and the remedy.
    """
    document = read_yaml(path)
    settings = document.get("config") if isinstance(document, dict) else None
    if not isinstance(settings, dict):
        raise ConfigError(str(path), ["config: missing; put the stack's settings below `config:`"])
    own = _without_namespace(settings, str(path))
    clear = [name for name in _secrets_among(own) if not _is_encrypted(own[name])]
    if clear:
        raise ConfigError(
            str(path),
            [
                f"{name}: a plaintext secret; remove it, rotate it where it is used, and run `pulumi config set "
                f"--secret {NAMESPACE}{name}`"
                for name in clear
            ],
        )
    return _stack(own, str(path))


def stack_from_pulumi(values: Mapping[str, str], source: str) -> StackConfig:
    """The stack from what `pulumi.Config("weir")` has: each setting as text, objects and lists as JSON.

    The values of secrets are not looked at: pass anything for them.

    Raises:
        ConfigError: as `load_stack`.
    """
    secrets = _secrets_among(values)
    return _stack({key: value if key in secrets else _decoded(value) for key, value in values.items()}, source)


def setting_names() -> list[str]:
    """The settings that `pulumi.Config("weir")` may have, the secrets not among them."""
    return [name for name, field in StackConfig.model_fields.items() if not field.exclude]


def _stack(settings: Mapping[str, Any], source: str) -> StackConfig:
    secrets = _secrets_among(settings)
    own = {key: value for key, value in settings.items() if key not in secrets}
    if "given_secrets" in own:
        raise ConfigError(source, ["given_secrets: set by weir itself; remove it"])
    return parse(StackConfig, {**own, "given_secrets": secrets} if secrets else own, source)


def _secrets_among(settings: Mapping[str, Any]) -> list[str]:
    return [key for key in settings if key in set(SecretName)]


def _is_encrypted(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"secure"}


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def _without_namespace(settings: dict[str, Any], source: str) -> dict[str, Any]:
    own = {key: value for key, value in settings.items() if not str(key).startswith(FOREIGN_NAMESPACES)}
    unknown = [key for key in own if not str(key).startswith(NAMESPACE)]
    if unknown:
        raise ConfigError(
            source, [f"config.{key}: unknown namespace; write it as `{NAMESPACE}{key}`" for key in unknown]
        )
    return {key.removeprefix(NAMESPACE): value for key, value in own.items()}
