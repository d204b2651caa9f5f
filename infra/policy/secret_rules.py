"""Secrets in clear, wherever an object has text: variables, arguments, settings, ConfigMaps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from resources import Resource

_WORDS = r"(?:(?:password|passwd|secret|private[_.-]?key|secret[_.-]?key|access[_.-]?key|credential)s?|token)"
_NAME = re.compile(rf"(?:{_WORDS}|keystore\.key|truststore\.key)$", re.IGNORECASE)
_ASSIGNED = re.compile(rf"""([\w.-]*{_WORDS}|[\w.-]*store\.key)["']?[ \t]*[=:][ \t]*["']?([^\s"',;]*)""", re.IGNORECASE)
_IN_URL = re.compile(r"://[^/\s:@]*:([^/\s@]+)@")
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")
_NO_VALUE = re.compile(r"""["']?(?:$|\$|/|\{|<|file:|env:|null$|none$|true$|false$)""", re.IGNORECASE)
# psql's own variables, as in PASSWORD :'given'.
_PSQL_VARIABLE = re.compile(r"(?<=\s):'\w+'")
_STORE = re.compile(r"(?:key|trust)_?stores?|key[_.-]?password$", re.IGNORECASE)
STORE_PASSWORD = "changeit"  # noqa: S105 - Java's own default, which protects nothing and is no secret
"""The password of key and trust stores that are files of a Secret: the format wants one, the Secret keeps the key."""


def no_clear_secrets(resource: Resource) -> Iterator[str]:
    """Secrets are kept in Secrets: not in environment variables, arguments, settings or ConfigMaps."""
    if resource.kind in ("", "Secret"):
        return
    for part, value in resource.props.items():
        if part not in {"apiVersion", "kind", "metadata"}:
            for path in _clear(value, part):
                yield f"{path}: a plaintext secret; take it from a Secret"


def _clear(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        yield from _clear_fields(value, path)
    elif isinstance(value, list):
        yield from _clear_items(value, path)
    elif isinstance(value, str) and _says_secret(value):
        yield path


def _clear_fields(fields: dict[str, Any], path: str) -> Iterator[str]:
    if isinstance(fields.get("name"), str) and isinstance(fields.get("value"), str):
        fields = {fields["name"]: fields["value"]}
        path = path.rpartition(".")[0]
    # Beside the name of a Secret stands the name of a key in it.
    refers = "secretName" in fields
    for name, value in fields.items():
        below = f"{path}.{name}"
        if not refers and isinstance(value, str) and _NAME.search(name) and _is_literal(below, value):
            yield below
        else:
            yield from _clear(value, below)


def _clear_items(items: list[Any], path: str) -> Iterator[str]:
    """Of a command's words, one after a flag is that flag's value: `--password x`."""
    for index, item in enumerate(items):
        flag = items[index - 1] if index else None
        named = isinstance(flag, str) and flag.startswith("-") and _NAME.search(flag)
        if named and isinstance(item, str) and not item.startswith("-") and _is_literal(str(flag), item):
            yield f"{path}.{index}"
        else:
            yield from _clear(item, f"{path}.{index}")


def _says_secret(text: str) -> bool:
    if _PRIVATE_KEY.search(text) or any(not _NO_VALUE.match(found) for found in _IN_URL.findall(text)):
        return True
    return any(_is_literal(name, value) for name, value in _ASSIGNED.findall(_PSQL_VARIABLE.sub("", text)))


def _is_literal(name: str, value: str) -> bool:
    """Whether `value` is the secret itself: no reference, no file, and no password that everybody knows."""
    if _STORE.search(name) and value == STORE_PASSWORD:
        return False
    return not _NO_VALUE.match(value)
