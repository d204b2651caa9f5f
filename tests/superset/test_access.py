"""Rules of access in Superset itself: each reader's rows, through one cache, and nobody is shown another's."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from typing import Any

import pytest
from tests.superset.cluster_process import SIGN_IN, cluster_superset

from weir.components.superset.settings import CONFIG_FILE

pytestmark = [pytest.mark.contract, pytest.mark.timeout(300)]

HOSTILE = ["x') OR (1=1) --", "\\' OR 1=1 --", "{{ 1 / 0 }}", ":name %(name)s 100%", "LGA", "O'Hare"]
EVERYTHING = {"JFK": 3, "LGA": 5, "O'Hare": 7}
# Each visit: a user, the groups, the claim, and the flights of each airport that the person then sees.
VISITS: list[tuple[str, list[str], Any, dict[str, int]]] = [
    ("rita", ["staff"], ["JFK"], {"JFK": 3}),
    ("olga", ["ops"], HOSTILE, {"LGA": 5, "O'Hare": 7}),
    ("nora", ["staff"], None, {}),
    ("mal", ["ops"], {"JFK": True}, {}),
    ("edda", ["analysts"], None, EVERYTHING),
    ("both", ["staff", "platform"], ["JFK"], EVERYTHING),
    ("rita", ["staff"], "LGA", {"LGA": 5}),
    ("rita", ["staff"], None, {}),
]
CACHE = 'DATA_CACHE_CONFIG = {"CACHE_TYPE": "SimpleCache", "CACHE_DEFAULT_TIMEOUT": 300}\n'
DATASETS = {
    # Like weir's: named as the table that it reads, to which Superset then applies the rule, too, and with Jinja.
    "delays": "{% set day = '2013-01-01' -%} SELECT day, origin, flights FROM main.delays WHERE day IN ('{{ day }}')",
    # Where Superset can read the query, the rules of a dataset of the table's name are in the key, whatever weir does.
    "by_airport": "SELECT day, origin, flights FROM main.departures",
    "days": "SELECT day, SUM(flights) AS flights FROM main.delays GROUP BY day",
}
LIMITS = {"one dataset": {"origin": "airports"}, "another": {}}
"""All that the environment of a pod takes from the limits are the claims."""
TELL = """
import json, sys
from superset.app import create_app
from superset.extensions import db, security_manager as manager

from weir.superset.access import keep
from weir.superset.readers import see_to_readers

app = create_app()
told = {"visits": [], "rules": []}

with app.app_context():
    from superset.common.chart_data import ChartDataResultType
    from superset.common.query_context_factory import QueryContextFactory
    from superset.connectors.sqla.models import RowLevelSecurityFilter, SqlaTable, SqlMetric, TableColumn
    from superset.models.core import Database
    from superset.utils.core import override_user

    database = Database(database_name="flights", sqlalchemy_uri=f"sqlite:///{sys.argv[2]}")
    datasets = {
        name: SqlaTable(
            table_name=name,
            schema="main",
            database=database,
            sql=sql,
            columns=[TableColumn(column_name=column, type="VARCHAR") for column in ("day", "origin", "flights")],
            metrics=[SqlMetric(metric_name="n", expression="SUM(flights)")],
        )
        for name, sql in json.loads(sys.argv[3]).items()
    }
    by_hand = RowLevelSecurityFilter(name="by hand", filter_type="Regular", clause="1 = 1")
    db.session.add_all([*datasets.values(), by_hand])
    db.session.commit()
    ids = {name: table.id for name, table in datasets.items()}
    uuids = {name: str(table.uuid) for name, table in datasets.items()}
    limits = {uuid: {} if name == "days" else {"origin": "airports"} for name, uuid in uuids.items()}


def seen(user, name):
    column = "day" if name == "days" else "origin"
    query = {"columns": [column], "metrics": ["n"], "row_limit": 100}
    with app.test_request_context(), override_user(user):
        context = QueryContextFactory().create(
            datasource={"id": ids[name], "type": "table"}, queries=[query], result_type=ChartDataResultType.FULL
        )
        context.raise_for_access()
        (answer,) = context.get_payload()["queries"]
        assert not answer["error"], answer["error"]
        rows = {row[column]: row["n"] for row in answer["data"]}
        return {"rows": rows, "key": answer["cache_key"], "cached": answer["is_cached"], "sql": answer["query"]}


def rules():
    with app.app_context():
        found = [(rule, sorted(role.name for role in rule.roles)) for rule in db.session.query(RowLevelSecurityFilter)]
        told["rules"].append({rule.name: [rule.filter_type, roles] for rule, roles in found})


# As if the provider had been asked for its endpoints, and had none for userinfo.
manager.oauth_remotes["company"].server_metadata["_loaded_at"] = 1
for _ in range(2):
    with app.app_context():
        see_to_readers({"flights": [*uuids.values()]}, limits)
rules()
for name, groups, claim in json.loads(sys.argv[1]):
    claims = {"preferred_username": name, "groups": groups, "airports": claim}
    with app.test_request_context():
        user = manager.auth_user_oauth(manager.get_oauth_user_info("company", {"userinfo": claims}))
        told["visits"].append({name: [seen(user, name), seen(user, name)] for name in datasets})
with app.test_request_context():
    user = manager.find_user(username="olga")
    keep(user.id, {"airports": ["JFK"]}, -0.001)
    told["afterwards"] = seen(user, "delays")["rows"]
with app.app_context():
    see_to_readers({"flights": [*uuids.values()]}, {})
rules()
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("superset")
    data = folder / "flights.db"
    with sqlite3.connect(data) as connection:
        connection.execute("CREATE TABLE delays (day TEXT, origin TEXT, flights INTEGER)")
        connection.executemany("INSERT INTO delays VALUES ('2013-01-01', ?, ?)", EVERYTHING.items())
        connection.execute("CREATE VIEW departures AS SELECT * FROM delays")
    superset = cluster_superset(folder, 8088, SIGN_IN, "http://unused.example.org:8080")
    with (folder / CONFIG_FILE).open("a", encoding="utf-8") as config:
        config.write(CACHE)
    superset = replace(superset, args=replace(superset.args, limits=LIMITS))
    visits = json.dumps([visit[:3] for visit in VISITS])
    return json.loads(superset.run("-c", TELL, visits, str(data), json.dumps(DATASETS)).splitlines()[-1])


@pytest.mark.parametrize("dataset", ["delays", "by_airport"])
def test_each_reader_sees_the_rows_of_the_own_claim(told: dict[str, Any], dataset: str) -> None:
    assert [visit[dataset][0]["rows"] for visit in told["visits"]] == [visit[3] for visit in VISITS]


@pytest.mark.parametrize("dataset", ["delays", "by_airport"])
def test_the_cache_answers_a_reader_and_nobody_else(told: dict[str, Any], dataset: str) -> None:
    again = [visit[dataset][1] for visit in told["visits"]]
    assert all(answer["cached"] for answer in again)
    assert [answer["rows"] for answer in again] == [visit[3] for visit in VISITS]
    assert len({answer["key"] for answer in again[:3]}) == 3


@pytest.mark.parametrize("dataset", ["delays", "by_airport"])
def test_values_stand_in_the_query_as_literals(told: dict[str, Any], dataset: str) -> None:
    sql = told["visits"][1][dataset][0]["sql"]
    for value in HOSTILE:
        assert "'" + value.replace("'", "''") + "'" in sql


def test_readers_see_no_row_of_totals_without_the_column(told: dict[str, Any]) -> None:
    day = {"2013-01-01": 15}
    assert [visit["days"][0]["rows"] for visit in told["visits"]] == [
        day if shown == EVERYTHING else {} for *_, shown in VISITS
    ]


def test_a_claim_counts_no_longer_than_the_session(told: dict[str, Any]) -> None:
    assert told["afterwards"] == {}


def test_rules_are_those_of_the_deployment_and_others_stay(told: dict[str, Any]) -> None:
    standing, removed = told["rules"]
    readers = ["weir reader", "weir reader of flights"]
    assert standing == {
        "weir: origin from airports": ["Regular", readers],
        "weir: no row": ["Regular", readers],
        "by hand": ["Regular", []],
    }
    assert removed == {"by hand": ["Regular", []]}
