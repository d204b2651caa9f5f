"""Who somebody is, by the claims of an identity provider. Pure, and of the standard library alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from weir.superset.account import ADMIN

Claims = Mapping[str, Any]


class RefusedError(Exception):
    """Somebody whom the provider knows may not come in; the message says why, to that person."""


def merged(id_token: Claims, userinfo: Claims) -> dict[str, Any]:
    """Both sources in one; what the signed ID token says counts.

    Raises:
        RefusedError: userinfo speaks of somebody else. OpenID Connect Core 5.3.2 has the client compare `sub`, because
            an access token that was swapped for another person's would otherwise not be noticed.
    """
    if userinfo.get("sub") != id_token.get("sub"):
        raise RefusedError("The identity provider's userinfo speaks of somebody else than its ID token.")
    return {**userinfo, **id_token}


def missing(claims: Claims, names: Iterable[str]) -> list[str]:
    """Those of the wanted claims that `claims` lacks."""
    return [name for name in names if value_of(claims, name) is None]


def person(claims: Claims, names: Mapping[str, str]) -> dict[str, Any]:
    """Flask-AppBuilder's description of a user; `names` are the stack's `superset.sign_in.claims`.

    Raises:
        RefusedError: the claim with the user name is missing, or it is the name of weir's own account. Whoever had
            that name would own the dashboards, and the next import would run with that person's rights.
    """
    user_name = value_of(claims, names["user_name"])
    if not isinstance(user_name, str) or not user_name.strip():
        raise RefusedError(f"The identity provider gives no user name: the claim {names['user_name']} is missing.")
    if user_name.casefold() == ADMIN:
        raise RefusedError(f"The user name {user_name} belongs to weir's own account.")
    groups = value_of(claims, names["groups"])
    return {
        "username": user_name,
        "email": value_of(claims, names["email"]) or "",
        "first_name": value_of(claims, names["first_name"]) or user_name,
        "last_name": value_of(claims, names["last_name"]) or "",
        "role_keys": [groups] if isinstance(groups, str) else list(groups or ()),
    }


def texts_of(claims: Claims, names: Iterable[str]) -> dict[str, list[str]]:
    """The values of claims that are a text or a list of texts; of all others none, for they open nothing."""
    return {name: _texts(value_of(claims, name)) for name in names}


def _texts(value: Any) -> list[str]:
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(each, str) and each.isprintable() for each in values):
        return []
    return sorted({each for each in values if each})


def value_of(claims: Claims, name: str) -> Any:
    """The claim called `name`, else the one that its dots lead to: names may be URLs, which have dots of their own."""
    if name in claims:
        return claims[name]
    value: Any = claims
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
