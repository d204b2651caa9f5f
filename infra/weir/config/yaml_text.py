"""YAML by libyaml where PyYAML was built with it: the same text, ten times as fast as in Python."""

from __future__ import annotations

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


def written(value: Any) -> str:
    """The text of a value, keys in the order in which they stand."""
    return yaml.dump(value, Dumper=DUMPER, sort_keys=False, allow_unicode=True)
