"""Writing digests into a stack file as a person would: everything else keeps its place, its comments too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from weir.config.errors import WeirError
from weir.config.yaml_text import LOADER, parsed

IMAGES = "weir:images"
DIGESTS = "digests"


def with_digests(text: str, digests: Mapping[str, str], remark: str = "") -> str:
    """A stack file's text with these `digests` below `weir:images`, and a remark of one line beside them.

    Raises:
        WeirError: the file is written in a way that cannot be edited in place.
    """
    config = _value(_composed(text), "config")
    if not isinstance(config, yaml.MappingNode) or config.flow_style or not config.value:
        raise WeirError(
            "config: not in block style, with one setting per line; rewrite it so, or set the digests by hand"
        )
    images = _value(config, IMAGES)
    if images is None:
        place = config.value[-1][0].start_mark
        lines = f"{IMAGES}:\n" + _indented(_lines(digests, remark), place.column + 2)
        edited = text[: place.index] + f"{lines}\n{' ' * place.column}" + text[place.index :]
    elif not isinstance(images, yaml.MappingNode):
        raise WeirError(f"{IMAGES}: not a mapping; correct it, or set the digests by hand")
    elif images.flow_style:
        edited = _in_braces(text, images, digests)
    else:
        edited = _in_lines(text, images, digests, remark)
    return _checked(text, edited, digests)


def _composed(text: str) -> yaml.Node | None:
    return yaml.compose(text, Loader=LOADER)


def _value(node: yaml.Node | None, name: str) -> yaml.Node | None:
    entry = _entry(node, name)
    return entry[1] if entry else None


def _entry(node: yaml.Node | None, name: str) -> tuple[yaml.Node, yaml.Node] | None:
    entries = node.value if isinstance(node, yaml.MappingNode) else []
    return next(((key, value) for key, value in entries if key.value == name), None)


def _in_lines(text: str, images: yaml.MappingNode, digests: Mapping[str, str], remark: str) -> str:
    place = images.value[0][0].start_mark
    lines = _indented(_lines(digests, remark), place.column).lstrip()
    entry = _entry(images, DIGESTS)
    if entry is None:
        return f"{text[: place.index]}{lines}\n{' ' * place.column}{text[place.index :]}"
    key, value = entry
    # A block ends where the next begins: what lies between, lines and remarks of the next, is not its own.
    block = isinstance(value, yaml.MappingNode) and not value.flow_style
    end = (value.value[-1][1] if block else value).end_mark.index
    return text[: key.start_mark.index] + lines + text[end:]


def _in_braces(text: str, images: yaml.MappingNode, digests: Mapping[str, str]) -> str:
    written = f"{DIGESTS}: {{{', '.join(f'{name}: {digest}' for name, digest in digests.items())}}}"
    entry = _entry(images, DIGESTS)
    if entry is not None:
        return text[: entry[0].start_mark.index] + written + text[entry[1].end_mark.index :]
    start = images.start_mark.index + 1
    return text[:start] + written + (", " if images.value else "") + text[start:]


def _lines(digests: Mapping[str, str], remark: str) -> list[str]:
    head = f"{DIGESTS}:" + (f" # {' '.join(remark.split())}" if remark else "")
    return [head, *(f"  {name}: {digest}" for name, digest in digests.items())]


def _indented(lines: list[str], column: int) -> str:
    return "\n".join(" " * column + line for line in lines)


def _checked(before: str, after: str, digests: Mapping[str, str]) -> str:
    """`after`, if it differs from `before` in the digests and in nothing else."""
    wanted: dict[str, Any] = parsed(before)
    images = wanted["config"].get(IMAGES) or {}
    wanted["config"][IMAGES] = images | {DIGESTS: dict(digests)}
    try:
        found = parsed(after)
    except yaml.YAMLError:
        found = None
    if found != wanted:
        raise WeirError(f"{IMAGES}: written in a style that weir cannot edit in place; set the digests by hand")
    return after
