"""Errors for people: every one names the file, the field, what is wrong and what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from weir.config.yaml_text import parsed

Model = TypeVar("Model", bound=BaseModel)


class WeirError(Exception):
    """A failure that a person can mend; `str()` is the whole message, without a traceback."""


class ConfigError(WeirError):
    """A configuration that weir refuses.

    `problems` holds one line per wrong field, each as `field: what is wrong; what to do`.
    """

    def __init__(self, source: str, problems: list[str]) -> None:
        self.source = source
        self.problems = problems
        super().__init__("\n".join([f"{source} is refused:", *(f"  {problem}" for problem in problems)]))


def read_yaml(path: Path) -> Any:
    """The content of a YAML file.

    Raises:
        ConfigError: the file is missing, is not UTF-8 or is not YAML (with line and column).
    """
    try:
        return parsed(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(str(path), ["the file does not exist; create it, or correct the name"]) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), [f"not valid YAML: {error}; correct the syntax"]) from None


def parse(model: type[Model], data: Any, source: str) -> Model:
    """`data` as a `model`, or a ConfigError that lists every wrong field of `source` at once."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        found = [line for entry in error.errors() for line in _problem(entry, model).splitlines()]
        raise ConfigError(source, found) from None


def _problem(entry: Any, model: type[BaseModel]) -> str:
    """One line; of a rule between fields of the whole file, one for each thing it finds."""
    field = ".".join(str(part) for part in entry["loc"]) or "(the whole file)"
    kind = entry["type"]
    if kind == "extra_forbidden":
        return f"{field}: unknown field; remove it or correct its name{_known_fields(entry['loc'], model)}"
    if kind == "missing":
        return f"{field}: missing; add it"
    message = entry["msg"].removeprefix("Value error, ")
    if kind == "value_error" and not entry["loc"]:
        return message
    if entry["loc"] and not isinstance(entry["input"], dict | list | BaseModel):
        return f"{field}: {message} (the value is {entry['input']!r})"
    return f"{field}: {message}"


def _known_fields(location: tuple[Any, ...], model: type[BaseModel]) -> str:
    """The names allowed at `location`, as far as the path leads through plain nested models."""
    current: type[BaseModel] = model
    for part in location[:-1]:
        field = current.model_fields.get(str(part))
        if field is None or not isinstance(field.annotation, type) or not issubclass(field.annotation, BaseModel):
            return ""
        current = field.annotation
    return (
        f" (known here: {', '.join(sorted(name for name, field in current.model_fields.items() if not field.exclude))})"
    )
