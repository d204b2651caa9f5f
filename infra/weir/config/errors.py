"""Errors for people: every one names the file, the field, what is wrong and what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from weir.config.yaml_text import parsed_strictly

Model = TypeVar("Model", bound=BaseModel)


LONGEST_VALUE = 100
"""Characters of a value that an error shows."""

_MESSAGES = {
    "model_type": "not a mapping; write `key: value` pairs",
    "dict_type": "not a mapping; write `key: value` pairs",
    "list_type": "not a list; write one, such as [a, b]",
    "string_type": "not a string; write one, in quotes if it looks like a number",
    "int_type": "not a whole number; write an integer",
    "int_parsing": "not a whole number; write an integer",
    "int_from_float": "not a whole number; write an integer",
    "int_parsing_size": "too large for a whole number; write a smaller one",
    "float_type": "not a number; write a number",
    "float_parsing": "not a number; write a number",
    "finite_number": "not a finite number; write a finite one",
    "bool_type": "neither true nor false; write true or false",
    "bool_parsing": "neither true nor false; write true or false",
    "enum": "not one of {expected}; choose one of them",
    "too_short": "empty; add at least {min_length}",
    "string_too_long": "longer than {max_length} characters; shorten it",
    "string_pattern_mismatch": "does not match {pattern}; correct it",
    "greater_than": "not above {gt}; raise it above that",
    "greater_than_equal": "below the minimum {ge}; raise it",
    "less_than": "not below {lt}; lower it below that",
    "less_than_equal": "above the maximum {le}; lower it",
}
"""Pydantic's error type -> what is wrong and what to do; other messages already say both."""


class WeirError(Exception):
    """A failure that a person can fix; `str()` is the complete message, without a traceback."""


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
        ConfigError: the file is missing, is not UTF-8 or is not YAML (with line and column), or a key is repeated.
    """
    try:
        return parsed_strictly(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(str(path), ["the file does not exist; create it, or correct the path"]) from None
    except OSError as error:
        raise ConfigError(str(path), [f"cannot be read: {error.strerror}; check its path and permissions"]) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        text = " ".join(str(error).split())
        raise ConfigError(str(path), [f"not valid YAML: {text}; fix the syntax"]) from None


def parse(model: type[Model], data: Any, source: str) -> Model:
    """`data` as a `model`, or a ConfigError that lists every wrong field of `source` at once."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        found = [line for entry in error.errors() for line in _problem(entry, model).splitlines()]
        raise ConfigError(source, found) from None


def _problem(entry: Any, model: type[BaseModel]) -> str:
    """One line; for a rule across the whole file, one line for each finding."""
    field = ".".join(map(_part, entry["loc"])) or "(the whole file)"
    kind = entry["type"]
    if kind == "extra_forbidden":
        return f"{field}: unknown field; remove it, or correct its name{_known_fields(entry['loc'], model)}"
    if kind == "missing":
        return f"{field}: missing; add it"
    message = entry["msg"].removeprefix("Value error, ")
    if kind in _MESSAGES:
        message = _MESSAGES[kind].format_map(entry.get("ctx", {}))
    if kind == "value_error" and not entry["loc"]:
        return message
    if entry["loc"] and not isinstance(entry["input"], dict | list | BaseModel):
        return f"{field}: {message} (the value is {_shown(entry['input'])})"
    return f"{field}: {message}"


def _part(part: object) -> str:
    """A part of a path, on one line: a key of a mapping is whatever stands in the file."""
    text = str(part)
    return text if text.replace("_", "").replace("-", "").isalnum() else _shown(text)


def _shown(value: object) -> str:
    """A value on one line, cut where it is long."""
    text = repr(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 3]}..."


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
