"""YAML by libyaml where PyYAML was built with it: the same text, ten times as fast as in Python."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import yaml

LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DUMPER: type[yaml.SafeDumper] = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _UniqueKeys(LOADER):
    """Refuses a mapping with a repeated key, because the intended value would be a guess."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: dict[str, yaml.Node] = {}
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and (first := seen.setdefault(key.value, key)) is not key:
                line = first.start_mark.line + 1
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key.value!r} appears twice, first in line {line}", key.start_mark
                )
        return super().construct_mapping(node, deep)


def parsed_strictly(text: str) -> Any:
    """The value of a text that people write; repeated keys are refused.

    Raises:
        yaml.YAMLError: it is not YAML, or a mapping repeats a key.
    """
    return yaml.load(text, Loader=_UniqueKeys)  # noqa: S506 - a safe loader


def parsed(text: str) -> Any:
    """The value of a text.

    Raises:
        yaml.YAMLError: it is not YAML.
    """
    return yaml.load(text, Loader=LOADER)  # noqa: S506 - both are safe loaders


def without(text: str, *keys: str) -> str:
    """The text of a mapping without some of its keys, nor the comments above those; all other lines stay.

    Raises:
        yaml.YAMLError: it is not YAML.
    """
    node = yaml.compose(text, Loader=LOADER)
    if not isinstance(node, yaml.MappingNode) or node.flow_style:
        return text
    lines = text.splitlines(keepends=True)
    begins = [_first_line(lines, name.start_mark.line) for name, _ in node.value] + [len(lines)]
    kept = [pair for (name, _), pair in zip(node.value, pairwise(begins), strict=True) if name.value not in keys]
    return "".join([*lines[: begins[0]], *(line for begin, end in kept for line in lines[begin:end])])


def _first_line(lines: list[str], line: int) -> int:
    """Of the comments and empty lines above `line`, or `line` itself."""
    while line > 0 and (not lines[line - 1].strip() or lines[line - 1].startswith("#")):
        line -= 1
    return line


def written(value: Any) -> str:
    """The text of a value, keys in the order in which they stand."""
    return yaml.dump(value, Dumper=DUMPER, sort_keys=False, allow_unicode=True)
