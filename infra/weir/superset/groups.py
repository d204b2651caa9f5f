"""The roles that the identity provider's groups stand for. Pure, and of the standard library alone.

Administrators and editors have Superset's own roles Admin and Alpha. Superset's Gamma does not suit readers: it may
make charts and dashboards of its own, and it is granted no dataset. So readers have roles of weir's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

ADMINISTRATOR = "Admin"
EDITOR = "Alpha"
READER = "weir reader"


def reader_of(pipeline: str) -> str:
    """The role of those who see this pipeline's dashboards alone."""
    return f"{READER} of {pipeline}"


def roles_of(groups: Mapping[str, Any]) -> dict[str, list[str]]:
    """Group -> roles, from the stack's `superset.sign_in.groups`. A group in several lists has all their roles."""
    roles: dict[str, list[str]] = {}
    for role, members in _assignments(groups):
        for group in members:
            roles.setdefault(group, []).append(role)
    return roles


def _assignments(groups: Mapping[str, Any]) -> Iterator[tuple[str, Sequence[str]]]:
    yield ADMINISTRATOR, groups["administrators"]
    yield EDITOR, groups["editors"]
    yield READER, groups["readers"]
    for pipeline, members in groups["readers_of"].items():
        yield reader_of(pipeline), members
