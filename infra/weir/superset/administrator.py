# pyright: reportMissingImports=false
"""The account that weir itself uses in Superset."""

from __future__ import annotations

from typing import Any

from werkzeug.security import check_password_hash

from weir.superset.account import ADMIN


def see_to_administrator(app: Any, password: str) -> Any:
    """The user `admin`, made where it is missing, with this password."""
    users = app.appbuilder.sm
    user = users.find_user(username=ADMIN)
    if user is None:
        role = users.find_role("Admin")
        return users.add_user(ADMIN, "weir", "administrator", "admin@localhost", role, password=password)
    if not check_password_hash(user.password, password):
        users.reset_password(user.id, password)
    return user
