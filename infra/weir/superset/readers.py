# pyright: reportMissingImports=false
"""The roles of readers: what Superset's pages need to be looked at, the datasets of weir's dashboards, their rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from superset.extensions import db, security_manager

from weir.superset.access import see_to_rules
from weir.superset.groups import READER, reader_of

SIGNED_IN = frozenset({("menu_access", "Dashboards"), ("can_recent_activity", "Log"), ("can_log", "Superset")})
"""What somebody who signed in has besides what Superset shows the public of a dashboard. The last one lets pages report
what is done in them, for the log of who looked at what."""
NEEDED = (("can_read", "Dashboard"), ("can_read", "Chart"))
"""Missing only where `superset init` has not run yet."""


def see_to_readers(datasets: Mapping[str, Sequence[str]], limits: Mapping[str, Mapping[str, str]]) -> None:
    """Gives each role of readers exactly its rights, and the rules of their datasets.

    Args:
        datasets: pipeline -> the UUIDs of its datasets.
        limits: UUID of a dataset that has rules -> column -> claim; without a column, readers see no row of it.

    Raises:
        LookupError: Superset lacks a dataset, or its permissions, because it has not been set up yet.
    """
    looking = _looking()
    tables = {pipeline: _tables(uuids) for pipeline, uuids in datasets.items()}
    every = {uuid: table for each in tables.values() for uuid, table in each.items()}
    readers = [_grant(READER, [*looking, *_rights_to(every)])]
    readers += [_grant(reader_of(pipeline), [*looking, *_rights_to(each)]) for pipeline, each in tables.items()]
    see_to_rules(limits, every, readers)
    ours = {role.name for role in readers}
    for role in security_manager.get_all_roles():
        if role.name.startswith(reader_of("")) and role.name not in ours:
            role.permissions = []  # of a pipeline that is gone
    db.session.commit()


def _looking() -> list[Any]:
    """Superset's own list of what a viewer of dashboards needs (some of it is not there), and SIGNED_IN."""
    wanted = security_manager.PUBLIC_ROLE_PERMISSIONS | SIGNED_IN
    found = {name: security_manager.find_permission_view_menu(*name) for name in wanted}
    _all_of({name: found[name] for name in NEEDED}, "permission")
    return [right for right in found.values() if right is not None]


def _tables(uuids: Iterable[str]) -> dict[str, Any]:
    from superset.connectors.sqla.models import SqlaTable  # noqa: PLC0415 - needs the app's context

    found = {uuid: db.session.query(SqlaTable).filter_by(uuid=uuid).one_or_none() for uuid in uuids}
    return _all_of(found, "dataset")


def _rights_to(tables: Mapping[str, Any]) -> list[Any]:
    return [security_manager.add_permission_view_menu("datasource_access", table.perm) for table in tables.values()]


def _all_of(found: dict[Any, Any], kind: str) -> dict[Any, Any]:
    absent = sorted(str(key) for key, value in found.items() if value is None)
    if absent:
        raise LookupError(f"Superset has no {kind} {', '.join(absent)}")
    return found


def _grant(name: str, permissions: list[Any]) -> Any:
    role = security_manager.find_role(name) or security_manager.add_role(name)
    role.permissions = permissions
    return role
