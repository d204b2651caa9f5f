"""What the claims of identity providers say of a person, and which roles groups stand for."""

from __future__ import annotations

from typing import Any

import pytest

from weir.config.sign_in import Claims, SignInGroups
from weir.superset.claims import RefusedError, merged, missing, person, texts_of
from weir.superset.groups import roles_of

pytestmark = pytest.mark.unit

KEYCLOAK = {
    "preferred_username": "rita",
    "email": "rita@example.org",
    "given_name": "Rita",
    "family_name": "Reader",
    "groups": ["staff", "ops"],
}
ROLES = {"realm_access": {"roles": ["staff"]}}


def described(claims: dict[str, Any], **names: str) -> dict[str, Any]:
    return person(claims, Claims(**names).model_dump())


def test_the_usual_claims_make_a_user() -> None:
    assert described(KEYCLOAK) == {
        "username": "rita",
        "email": "rita@example.org",
        "first_name": "Rita",
        "last_name": "Reader",
        "role_keys": ["staff", "ops"],
    }


@pytest.mark.parametrize(
    ("claims", "names", "groups"),
    [
        (ROLES, {"groups": "realm_access.roles"}, ["staff"]),
        ({"https://example.org/groups": ["staff"]}, {"groups": "https://example.org/groups"}, ["staff"]),
        ({"realm_access": "none"}, {"groups": "realm_access.roles"}, []),
        ({"groups": "staff"}, {}, ["staff"]),
        ({"groups": None}, {}, []),
        ({}, {}, []),
    ],
    ids=["a claim inside another", "a claim whose name has dots", "not an object", "one group", "null", "no claim"],
)
def test_groups_are_found_where_providers_put_them(
    claims: dict[str, Any], names: dict[str, str], groups: list[str]
) -> None:
    assert described({"preferred_username": "rita", **claims}, **names)["role_keys"] == groups


def test_somebody_without_a_name_or_address_is_called_by_the_user_name() -> None:
    found = described({"upn": "rita@example.org"}, user_name="upn")
    assert (found["username"], found["first_name"], found["last_name"], found["email"]) == (
        "rita@example.org",
        "rita@example.org",
        "",
        "",
    )


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({}, "the claim preferred_username is missing"),
        ({"preferred_username": " "}, "the claim preferred_username is missing"),
        ({"preferred_username": ["rita"]}, "the claim preferred_username is missing"),
        ({"preferred_username": "Admin"}, "belongs to weir's own account"),
    ],
)
def test_a_user_without_a_name_or_with_weirs_own_is_refused(claims: dict[str, Any], why: str) -> None:
    with pytest.raises(RefusedError, match=why):
        described(claims)


def test_userinfo_adds_to_the_id_token_and_changes_nothing() -> None:
    assert merged({"sub": "1", "email": "a"}, {"sub": "1", "email": "b", "groups": []}) == {
        "sub": "1",
        "email": "a",
        "groups": [],
    }


@pytest.mark.parametrize("userinfo", [{"sub": "2"}, {}])
def test_userinfo_of_somebody_else_is_refused(userinfo: dict[str, Any]) -> None:
    with pytest.raises(RefusedError, match="somebody else"):
        merged({"sub": "1"}, userinfo)


def test_userinfo_is_asked_for_what_the_id_token_leaves_out() -> None:
    names = Claims().model_dump()
    assert missing(KEYCLOAK, names.values()) == []
    assert missing({name: value for name, value in KEYCLOAK.items() if name != "groups"}, names.values()) == ["groups"]


def test_a_group_has_the_roles_of_every_list_that_names_it() -> None:
    groups = SignInGroups(
        administrators=["platform"],
        editors=["analysts"],
        readers=["staff", "analysts"],
        readers_of={"flights": ["ops"]},
    )
    assert roles_of(groups.model_dump()) == {
        "platform": ["Admin"],
        "analysts": ["Alpha", "weir reader"],
        "staff": ["weir reader"],
        "ops": ["weir reader of flights"],
    }


@pytest.mark.parametrize(
    ("claims", "values"),
    [
        ({"airports": ["LGA", "JFK", "LGA"]}, ["JFK", "LGA"]),
        ({"airports": "JFK"}, ["JFK"]),
        ({"airports": ["O'Hare"]}, ["O'Hare"]),
        ({}, []),
        ({"airports": None}, []),
        ({"airports": ""}, []),
        ({"airports": []}, []),
        ({"airports": ["", "JFK"]}, ["JFK"]),
        ({"airports": {"JFK": True}}, []),
        ({"airports": 7}, []),
        ({"airports": ["JFK", 7]}, []),
        ({"airports": [["JFK"]]}, []),
        ({"airports": ["JFK\0"]}, []),
        ({"airports": "JFK\n"}, []),
        ({"airports": ["\ud800"]}, []),
    ],
)
def test_only_a_text_or_a_list_of_texts_opens_rows(claims: dict[str, Any], values: list[str]) -> None:
    assert texts_of(claims, ["airports"]) == {"airports": values}


def test_values_are_found_in_a_claim_inside_another() -> None:
    assert texts_of({"staff": {"airports": "JFK"}}, ["staff.airports"]) == {"staff.airports": ["JFK"]}
