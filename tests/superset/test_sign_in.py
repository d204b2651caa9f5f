"""Signing in with Flask-AppBuilder's and Superset's own classes: who comes in with which roles, and who is refused."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from tests.superset.cluster_process import SIGN_IN, cluster_superset

pytestmark = [pytest.mark.contract, pytest.mark.timeout(300)]

# Each visit: the groups of a user, one after the other on one metadata database.
VISITS = [
    ("ada", ["platform"]),
    ("edda", ["analysts"]),
    ("rita", ["staff"]),
    ("olga", ["ops"]),
    ("both", ["staff", "platform"]),
    ("nora", ["canteen"]),
    ("ada", ["staff"]),
    ("rita", []),
]
TELL = """
import json, sys
from flask import g, session
from superset.app import create_app
from superset.extensions import db, security_manager as manager

from weir.superset.readers import see_to_readers

app = create_app()
told = {"visits": [], "roles": {}, "provider": app.config["OAUTH_PROVIDERS"][0]["remote_app"]}


def tell_roles(when):
    for role in manager.get_all_roles():
        if role.name.startswith("weir"):
            rights = sorted(f"{each.permission.name} {each.view_menu.name}" for each in role.permissions)
            told["roles"].setdefault(when, {})[role.name] = rights


with app.app_context():
    from superset.connectors.sqla.models import SqlaTable
    from superset.models.core import Database

    database = Database(database_name="cassandra", sqlalchemy_uri="sqlite://")
    tables = {name: SqlaTable(table_name=name, database=database) for name in ("delays", "days", "stops")}
    db.session.add_all(tables.values())
    db.session.commit()
    uuids = {name: str(table.uuid) for name, table in tables.items()}
    flights = [uuids["delays"], uuids["days"]]
    see_to_readers({"flights": flights, "trains": [uuids["stops"]]}, {})
    tell_roles("two pipelines")
    reader = manager.find_role("weir reader")
    reader.permissions = [*reader.permissions, manager.find_permission_view_menu("can_write", "Dashboard")]
    db.session.commit()
    see_to_readers({"flights": flights}, {})
    tell_roles("one pipeline")
    try:
        see_to_readers({"flights": ["00000000-0000-0000-0000-000000000000"]}, {})
    except LookupError as error:
        told["unknown"] = str(error)
    db.session.rollback()
for name, groups in json.loads(sys.argv[1]):
    with app.test_request_context():
        person = {"username": name, "email": "", "first_name": name, "last_name": "", "role_keys": groups}
        user = manager.auth_user_oauth(person)
        found = manager.find_user(username=name)
        visit = {"came_in": user is not None, "roles": sorted(role.name for role in found.roles) if found else None}
        visit["refusal"] = g.get("refusal")
        if user is not None:
            session["signed_in_until"] -= 3600 * app.config["SIGN_IN"]["session_hours"] - 60
            early = manager.load_user(user.id) is not None
            session["signed_in_until"] -= 120
            visit["session"] = [early, manager.load_user(user.id) is not None]
        told["visits"].append(visit)
password = {"username": "admin", "password": "weir's own", "provider": "db"}
answer = app.test_client().post("/api/v1/security/login", json=password)
told["by_password"] = [answer.status_code, answer.get_data(as_text=True)]
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("superset")
    superset = cluster_superset(folder, 8088, SIGN_IN, "http://unused.example.org:8080")
    return json.loads(superset.run("-c", TELL, json.dumps(VISITS)).splitlines()[-1])


def test_groups_give_roles_at_each_visit_and_nobody_else_comes_in(told: dict[str, Any]) -> None:
    assert [(visit["came_in"], visit["roles"]) for visit in told["visits"]] == [
        (True, ["Admin"]),
        (True, ["Alpha"]),
        (True, ["weir reader"]),
        (True, ["weir reader of flights"]),
        (True, ["Admin", "weir reader"]),
        (False, None),
        (True, ["weir reader"]),
        (False, []),
    ]
    refusals = [visit["refusal"] for visit in told["visits"] if not visit["came_in"]]
    assert all("None of your groups" in refusal for refusal in refusals)


def test_a_session_ends_and_groups_are_read_anew(told: dict[str, Any]) -> None:
    sessions = [visit["session"] for visit in told["visits"] if visit["came_in"]]
    assert sessions == [[True, False]] * 6


def test_the_password_of_weirs_own_account_opens_nothing(told: dict[str, Any]) -> None:
    status, answer = told["by_password"]
    assert status == 400
    assert "access_token" not in answer


def test_readers_see_the_datasets_of_their_pipelines_alone(told: dict[str, Any]) -> None:
    def datasets(role: str) -> list[str]:
        rights = [right.removeprefix("datasource_access ") for right in roles[role] if "datasource_access" in right]
        return [re.sub(r".*\[(\w+)\]\(id.*", r"\1", right) for right in rights]

    roles = told["roles"]["two pipelines"]
    assert datasets("weir reader") == ["days", "delays", "stops"]
    assert datasets("weir reader of flights") == ["days", "delays"]
    assert datasets("weir reader of trains") == ["stops"]


@pytest.mark.parametrize("role", ["weir reader", "weir reader of flights"])
def test_readers_write_nothing_whatever_was_granted_by_hand(told: dict[str, Any], role: str) -> None:
    rights = told["roles"]["one pipeline"][role]
    assert {"can_read Dashboard", "can_log Superset"} <= {*rights}
    writing = [right for right in rights if right.startswith(("can_write", "can_put", "can_post", "can_delete"))]
    assert writing == ["can_write DashboardFilterStateRestApi"], "the filters that a person chose, in the cache"
    assert not [right for right in rights if right.split()[0] in ("all_datasource_access", "database_access")]


def test_the_role_of_a_pipeline_that_is_gone_gives_nothing(told: dict[str, Any]) -> None:
    assert told["roles"]["one pipeline"]["weir reader of trains"] == []


def test_a_dataset_that_superset_lacks_is_an_error(told: dict[str, Any]) -> None:
    assert told["unknown"] == "Superset has no dataset 00000000-0000-0000-0000-000000000000"


def test_the_provider_is_discovered_and_codes_are_bound_by_pkce(told: dict[str, Any]) -> None:
    provider = told["provider"]
    assert provider["server_metadata_url"] == (
        "https://login.example.org/realms/company/.well-known/openid-configuration"
    )
    assert provider["client_kwargs"] == {
        "scope": "openid profile email",
        "code_challenge_method": "S256",
        "default_timeout": 10,
    }
    assert (provider["client_id"], provider["client_secret"]) == ("weir", "the client's secret")
