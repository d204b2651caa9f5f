"""A stack with some settings changed, as a person writes them: `peak_events_per_second=200000`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

from weir.config.errors import ConfigError, parse
from weir.config.retention import PipelineRetention
from weir.config.stack import StackConfig
from weir.config.workload import PipelineWorkload


def what_if(stack: StackConfig, changes: Sequence[str]) -> StackConfig:
    """`stack` with every `name=value` of `changes`.

    A name is a field of a pipeline's workload or retention, for all pipelines (`event_bytes=500`) or one
    (`flights.event_bytes=500`), or the dotted path of any setting (`availability.zones=[a, b, c]`).

    Raises:
        ConfigError: a change has no value, names no setting, or the changed stack is wrong.
    """
    settings = stack.model_dump(mode="json", exclude_unset=True)
    # A dump leaves them out, and a stack without the secrets that it needs is refused.
    settings["given_secrets"] = sorted(stack.given_secrets)
    for change in changes:
        name, equals, text = change.partition("=")
        if not equals or not name:
            raise ConfigError("--what-if", [f"{change}: write it as name=value, e.g. peak_events_per_second=200000"])
        for path in _paths(name.strip(), stack):
            _set(settings, path, _value(text))
    return parse(StackConfig, settings, "--what-if " + " ".join(changes))


def _paths(name: str, stack: StackConfig) -> list[tuple[str, ...]]:
    parts = tuple(name.split("."))
    pipelines = list(stack.pipelines)
    if len(parts) == 2 and parts[0] in pipelines:
        pipelines, parts = [parts[0]], parts[1:]
    for group, model in (("workload", PipelineWorkload), ("retention", PipelineRetention)):
        if len(parts) == 1 and parts[0] in model.model_fields:
            return [(group, "pipelines", pipeline, parts[0]) for pipeline in pipelines]
    return [parts]


def _set(settings: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    target = settings
    for part in path[:-1]:
        inner = target.setdefault(part, {})
        if not isinstance(inner, dict):
            raise ConfigError("--what-if", [f"{'.'.join(path)}: {part} has no nested settings; correct the name"])
        target = inner
    target[path[-1]] = value


def _value(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(
            "--what-if", [f"{text}: not a valid value: {error}; write a number, a word or a [list]"]
        ) from None
