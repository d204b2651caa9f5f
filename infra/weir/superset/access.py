# pyright: reportMissingImports=false
"""Which rows readers see: what they signed in with, and Superset's row level security on the datasets of dashboards.

Values are kept in the metadata database and not in the session, so that whatever draws a chart for somebody finds
them: a web server, a worker, a call of the API. They end with the session.

Superset's cache key has the text of a rule before its Jinja is rendered (`get_rls_cache_key` in security/manager.py of
Superset 6.1), which is the same for everybody. `cache_key_wrapper` puts what the rule becomes into the key, too;
`has_extra_cache_key_calls` in its connectors/sqla/models.py looks for that name in the rules. Without it, one reader
would be shown the chart that was drawn for another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from weir.superset.groups import ADMINISTRATOR, EDITOR
from weir.superset.macros import NO_ROW, one_of

EVERY_ROW = "1 = 1"
PREFIX = "weir: "
"""Of the names of weir's rules; others in Superset are left alone."""
_NAMESPACE = UUID("5bd4bd3a-94a9-4e0b-8f4e-6f0a7c9b2f11")


def rows_where(column: str = "", claim: str = "") -> str:
    """The condition on the rows that the signed-in person sees, as SQL: a macro of rules.

    Without a column, readers see no row. Administrators and editors see all, for they may be readers besides.
    """
    from superset.extensions import security_manager  # noqa: PLC0415 - needs the app's context
    from superset.utils.core import get_user_id  # noqa: PLC0415

    if {role.name for role in security_manager.get_user_roles()} & {ADMINISTRATOR, EDITOR}:
        return EVERY_ROW
    return one_of(column, _kept(get_user_id()).get(claim, ())) if column else NO_ROW


def keep(user_id: int, values: Mapping[str, list[str]], hours: float) -> None:
    """Keeps what somebody signed in with, for so long, in place of what an earlier sign-in said."""
    from superset.daos.key_value import KeyValueDAO  # noqa: PLC0415
    from superset.extensions import db  # noqa: PLC0415
    from superset.key_value.types import JsonKeyValueCodec, KeyValueResource  # noqa: PLC0415

    until = datetime.now() + timedelta(hours=hours)  # without a zone, as Superset compares it
    KeyValueDAO.upsert_entry(KeyValueResource.APP, values, JsonKeyValueCodec(), _key(user_id), until)
    db.session.commit()


def _kept(user_id: int | None) -> Mapping[str, list[str]]:
    from superset.daos.key_value import KeyValueDAO  # noqa: PLC0415
    from superset.key_value.types import JsonKeyValueCodec, KeyValueResource  # noqa: PLC0415

    if user_id is None:
        return {}
    return KeyValueDAO.get_value(KeyValueResource.APP, _key(user_id), JsonKeyValueCodec()) or {}


def _key(user_id: int) -> UUID:
    return uuid5(_NAMESPACE, f"claims of {user_id}")


def see_to_rules(limits: Mapping[str, Mapping[str, str]], tables: Mapping[str, Any], readers: Iterable[Any]) -> None:
    """Gives the roles of readers exactly these rules; the caller commits, together with their rights.

    Args:
        limits: UUID of a dataset -> column -> claim; without a column, readers see no row of it.
        tables: UUID -> dataset.
        readers: the roles.
    """
    from superset.connectors.sqla.models import RowLevelSecurityFilter  # noqa: PLC0415
    from superset.extensions import db  # noqa: PLC0415
    from superset.utils.core import RowLevelSecurityFilterType  # noqa: PLC0415

    roles = list(readers)
    wanted: dict[str, tuple[str, list[Any]]] = {}
    for uuid, columns in limits.items():
        for name, clause in rules_of(columns):
            wanted.setdefault(name, (clause, []))[1].append(tables[uuid])
    standing = {rule.name: rule for rule in db.session.query(RowLevelSecurityFilter) if rule.name.startswith(PREFIX)}
    for name in standing.keys() - wanted.keys():
        db.session.delete(standing[name])
    for name, (clause, limited) in wanted.items():
        rule = standing.get(name) or RowLevelSecurityFilter(name=name)
        rule.description = "From the pipelines' files: the next deployment overwrites it."
        rule.filter_type = RowLevelSecurityFilterType.REGULAR
        rule.group_key = None  # of one group, any rule would do
        rule.clause, rule.tables, rule.roles = clause, limited, roles
        db.session.add(rule)


def rules_of(columns: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Name and clause of each rule of a dataset; without a column, the one that leaves readers no row."""
    for column, claim in columns.items():
        yield f"{PREFIX}{column} from {claim}", f'{{{{ cache_key_wrapper(rows_where("{column}", "{claim}")) }}}}'
    if not columns:
        yield f"{PREFIX}no row", "{{ cache_key_wrapper(rows_where()) }}"
