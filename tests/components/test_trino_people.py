"""People in Trino: what they may read, which rows, how much, and what is made for them to log in."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pulumi
import pytest
from tests.components import serving
from tests.components.serving import FLIGHTS, IMAGE, PROD, TRINO, made_by, one

from weir.catalog.tables import Table
from weir.catalog.types import ColumnType
from weir.components.cassandra.access import CassandraAccess
from weir.components.trino import people as rules_of
from weir.components.trino.deployment import PeopleArgs, Trino, TrinoArgs
from weir.components.trino.people import NO_ROW, People, row_filter
from weir.config.trino import TrinoGroup, TrinoLimits
from weir.programs.recording import SECRET, Recorded

pytestmark = pytest.mark.unit

HASH = "$2y$10$canarycanarycanarycanary"
GROUPS = {
    "new-york": TrinoGroup(members=["ben", "ana"], pipelines=["flights"], rows={"origin": ["JFK", "LGA"]}),
    "everything": TrinoGroup(members=["cleo"], pipelines=["flights"]),
    "others": TrinoGroup(members=["dan"], pipelines=["orders"]),
    "to-the-west": TrinoGroup(members=["eve"], pipelines=["flights"], rows={"dest": ["LAX"]}),
}
PEOPLE = People(GROUPS, TrinoLimits(), [FLIGHTS])
TABLE = Table("flights", "t", {"origin": ColumnType.TEXT, "delay": ColumnType.INT}, ("origin",))


def group(**fields: Any) -> TrinoGroup:
    return TrinoGroup.model_validate({"members": ["ana"], "pipelines": ["flights"], **fields})


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (group(), None),
        (group(rows={"origin": ["JFK", "LGA"]}), "\"origin\" IN ('JFK', 'LGA')"),
        (group(rows={"origin": ["O'Hare"]}), "\"origin\" IN ('O''Hare')"),
        (group(rows={"delay": ["1"]}), "CAST(\"delay\" AS varchar) IN ('1')"),
        (
            group(rows={"origin": ["JFK"], "delay": ["1"]}),
            "CAST(\"delay\" AS varchar) IN ('1') AND \"origin\" IN ('JFK')",
        ),
        (group(rows={"carrier": ["UA"]}), NO_ROW),
    ],
)
def test_the_rows_that_a_group_sees(wanted: TrinoGroup, expected: str | None) -> None:
    assert row_filter(TABLE, wanted) == expected


def tables_of(name: str) -> dict[str, dict[str, Any]]:
    rules = json.loads(rules_of.rules(PEOPLE))["tables"]
    return {rule["table"]: rule for rule in rules if rule.get("group") == name and "table" in rule}


def test_a_group_reads_its_pipelines_tables_and_never_writes() -> None:
    everything = tables_of("everything")
    assert sorted(everything) == sorted(table.name for table in FLIGHTS.tables)
    assert {tuple(rule["privileges"]) for rule in everything.values()} == {("SELECT",)}
    assert not any("filter" in rule for rule in everything.values())
    assert tables_of("others") == {}


def test_totals_without_the_column_are_hidden_and_references_are_not() -> None:
    seen = {name: (rule["privileges"], rule.get("filter")) for name, rule in tables_of("to-the-west").items()}
    limited = (["SELECT"], "\"dest\" IN ('LAX')")
    assert seen == {
        **dict.fromkeys(FLIGHTS.reference_tables, (["SELECT"], None)),
        **dict.fromkeys(["flights_enriched", "destinations_by_month"], limited),
        **dict.fromkeys(["traffic_by_day", "delays_by_hour", "fleet_by_month"], ([], None)),
    }


def test_what_no_rule_names_is_refused() -> None:
    rules = json.loads(rules_of.rules(PEOPLE))
    assert rules["catalogs"][-1] == {"allow": "none"}
    assert rules["tables"][-1] == {"privileges": []}
    assert rules["queries"][-1] == {"allow": []}
    assert rules["schemas"] == [{"owner": False}]
    for sessions in ("system_session_properties", "catalog_session_properties"):
        assert rules[sessions] == [{"user": "weir", "allow": True}, {"allow": False}]
    for none in ("system_information", "impersonation", "functions", "procedures", "authorization"):
        assert rules[none] == []
    assert {rule["allow"] for rule in rules["catalogs"]} == {"read-only", "none"}


def test_the_groups_of_people() -> None:
    assert rules_of.group_file(GROUPS) == "everything:cleo\nnew-york:ana,ben\nothers:dan\nto-the-west:eve\n"


def test_a_person_cannot_take_what_the_dashboards_need() -> None:
    limits = TrinoLimits(queries_per_person=2, waiting_per_person=5)
    found = json.loads(rules_of.resource_groups(limits))
    dashboards, people = found["rootGroups"]
    (person,) = people["subGroups"]
    assert (person["name"], person["hardConcurrencyLimit"], person["maxQueued"]) == ("${USER}", 2, 5)
    assert (people["softMemoryLimit"], people["hardConcurrencyLimit"]) == ("50%", 20)
    assert (dashboards["softMemoryLimit"], dashboards["hardConcurrencyLimit"]) == ("100%", 100)
    assert found["selectors"] == [{"user": "weir", "group": "dashboards"}, {"group": "people.${USER}"}]


def made(**reached: Any) -> dict[str, Recorded]:
    access = CassandraAccess(("cassandra.weir-prod.svc:9042",), "dc1", "cassandra-tls", ())

    def program() -> None:
        people = PeopleArgs(PEOPLE, pulumi.Output.secret(f"ana:{HASH}\n"), IMAGE, **reached)
        Trino(PROD, TrinoArgs(TRINO, IMAGE, access, "trino", serving.authority(PROD), people))

    return made_by(program)


def config(resources: dict[str, Recorded], file: str, name: str = "trino") -> dict[str, str]:
    lines = one(resources, f"ConfigMap/{name}-config")["data"][file].splitlines()
    return dict(line.split("=", 1) for line in lines)


def outside() -> dict[str, Recorded]:
    return made(host="trino.example.org", allowed_cidrs=["192.0.2.0/24"])


@pytest.mark.parametrize("reached", [made, outside])
def test_everything_for_people_fits_its_schema_and_the_rules(reached: Callable[[], dict[str, Recorded]]) -> None:
    resources = reached()
    assert serving.schema_problems(resources) == []
    assert serving.policy_problems(resources) == []


def test_people_log_in_by_password_and_superset_by_its_certificate() -> None:
    resources = made()
    settings = config(resources, "config.properties")
    assert settings["http-server.authentication.type"] == "CERTIFICATE,PASSWORD"
    assert settings["http-server.http.enabled"] == "false"
    assert settings["query.max-execution-time"] == "600s"
    assert settings["access-control.config-files"].split(",") == [
        "/etc/trino/access-control.properties",
        "/etc/trino/access-control-of-people.properties",
    ]
    assert config(resources, "password-authenticator.properties") == {
        "password-authenticator.name": "file",
        "file.password-file": "/etc/weir/trino-people/password.db",
    }
    assert "http-server.authentication.type" not in config(resources, "config.properties", "trino-worker")


def test_passwords_are_in_a_secret_and_nowhere_else() -> None:
    resources = made()
    assert resources["Secret/trino-passwords"].inputs["stringData"] == {"password.db": SECRET}
    assert "canary" not in json.dumps([entry.inputs for entry in resources.values()], default=str)
    volumes = {
        name: [volume["name"] for volume in one(resources, f"Deployment/{name}")["spec"]["template"]["spec"]["volumes"]]
        for name in ("trino", "trino-worker")
    }
    assert "people" in volumes["trino"]
    assert "people" not in volumes["trino-worker"]


def test_each_query_goes_to_a_log_within_the_same_pod() -> None:
    resources = made()
    listener = config(resources, "event-listener.properties")
    assert listener["http-event-listener.connect-ingest-uri"] == "http://127.0.0.1:8099/"
    assert listener["http-event-listener.log-completed"] == "true"
    trino, log = one(resources, "Deployment/trino")["spec"]["template"]["spec"]["containers"]
    assert (trino["name"], log["name"]) == ("trino", "query-log")
    assert log["command"] == ["python", "-m", "weir.incluster.query_log", "--port", "8099"]
    assert log["securityContext"]["readOnlyRootFilesystem"] is True
    assert "env" not in log
    assert "volumeMounts" not in log
    assert len(one(resources, "Deployment/trino-worker")["spec"]["template"]["spec"]["containers"]) == 1


def test_from_outside_listed_addresses_alone_reach_it_by_its_name() -> None:
    resources = outside()
    spec = one(resources, "Service/trino-people")["spec"]
    assert spec["type"] == "LoadBalancer"
    assert spec["loadBalancerSourceRanges"] == ["192.0.2.0/24"]
    assert spec["externalTrafficPolicy"] == "Local"
    assert [port["port"] for port in spec["ports"]] == [8443]
    assert spec["selector"] == one(resources, "Service/trino")["spec"]["selector"]
    assert "trino.example.org" in one(resources, "Certificate/trino-tls")["spec"]["dnsNames"]


def test_without_a_host_nothing_is_open_to_the_outside() -> None:
    resources = made()
    assert "Service/trino-people" not in resources
    assert "type" not in one(resources, "Service/trino")["spec"]
