"""Trino's configuration of the cluster, read by the real Trino; asked as Superset asks in the cluster."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.contract import trino_cluster
from tests.contract.certificates import Authority
from tests.contract.trino_cluster import HOST, Answer, RefusedError, TrinoCluster
from tests.platforms import free_ports_stack

from weir.components.superset.settings import TRINO_USER
from weir.config.repository import REPOSITORY
from weir.config.stack import load_stack
from weir.local import installation, services
from weir.local.service import Context, Paths

pytestmark = [pytest.mark.contract, pytest.mark.alone, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrinoCluster]:
    folder = tmp_path_factory.mktemp("trino-cluster")
    stack = load_stack(free_ports_stack(folder))
    wanted = [*services.tools(("cassandra", "trino", "superset")), "trino-jdbc"]
    tools = installation.ensure(REPOSITORY, wanted, lambda *_: None)
    ctx = Context(REPOSITORY, Paths(folder / "weir"), stack.embedded.ports, stack, tools)
    with trino_cluster.running(ctx, folder) as found:
        yield found


def test_superset_gets_in_by_its_certificate_and_a_worker_reads_cassandra(cluster: TrinoCluster) -> None:
    assert cluster.ask("SELECT count(*) FROM cassandra.system.local") == [[1]]
    nodes = cluster.ask("SELECT coordinator, http_uri FROM system.runtime.nodes ORDER BY 1")
    assert [coordinator for coordinator, _ in nodes] == [False, True]
    assert all(address.startswith("https://") for _, address in nodes)


def test_without_a_certificate_nobody_is_let_in(cluster: TrinoCluster) -> None:
    trusting = ssl.create_default_context(cafile=str(cluster.client / "ca.crt"))
    with httpx.Client(trust_env=False, verify=trusting) as visitor:
        headers = {"X-Trino-User": TRINO_USER}
        answer = visitor.post(f"https://{HOST}:{cluster.port}/v1/statement", content="SELECT 1", headers=headers)
    assert answer.status_code in {401, 403}


def test_nobody_is_let_in_under_anothers_name(cluster: TrinoCluster) -> None:
    with pytest.raises(RefusedError, match="Access Denied: User weir cannot impersonate user somebody-else"):
        cluster.ask("SELECT 1", user="somebody-else")


def test_a_certificate_of_another_authority_is_refused(cluster: TrinoCluster) -> None:
    other = Authority.made_in(cluster.folder / "other-authority", cluster.authority.java_home)
    forged = other.issue(cluster.folder / "forged", TRINO_USER, [TRINO_USER])
    _copied(cluster.client, forged, "ca.crt")
    with pytest.raises(RefusedError, match=r"alert|EOF|[Uu]nauthorized"):
        cluster.ask("SELECT 1", client=forged)


def test_a_server_of_another_authority_is_not_believed(cluster: TrinoCluster) -> None:
    strange = cluster.folder / "strange"
    strange.mkdir()
    _copied(cluster.client, strange, "tls.crt", "tls.key")
    other = Authority.made_in(cluster.folder / "strange-authority", cluster.authority.java_home)
    _copied(other.folder, strange, "ca.crt")
    with pytest.raises(RefusedError, match="CERTIFICATE_VERIFY_FAILED"):
        cluster.ask("SELECT 1", client=strange)


def test_nothing_can_be_written(cluster: TrinoCluster) -> None:
    with pytest.raises(RefusedError, match="Access Denied"):
        cluster.ask("CREATE SCHEMA cassandra.scratch")


ROWS = "SELECT origin, dest FROM cassandra.flights.flights_enriched ORDER BY 1, 2"
REFUSED = {
    "another pipeline's table": "SELECT * FROM orders.orders",
    "Cassandra's own tables": "SELECT * FROM cassandra.system_auth.roles",
    "totals that tell of other rows": "SELECT * FROM flights.traffic_by_day",
    "CQL past the filter": "SELECT * FROM TABLE(system.query(query => 'SELECT * FROM flights.flights_enriched'))",
    "a new row": "INSERT INTO flights.airlines (carrier, name) VALUES ('XX', 'x')",
    "a deletion": "DELETE FROM flights.flights_enriched WHERE origin = 'JFK'",
    "a new table": "CREATE TABLE flights.mine (a int)",
    "a table that is dropped": "DROP TABLE flights.airlines",
    "a limit that is raised": "SET SESSION query_max_execution_time = '10h'",
    "the cluster's nodes": "SELECT * FROM system.runtime.nodes",
    "queries of others": "SELECT * FROM system.runtime.queries",
}


def test_a_person_logs_in_by_password_and_sees_the_groups_rows(cluster: TrinoCluster) -> None:
    assert cluster.by_jdbc("ana", ROWS, "SELECT current_user") == [
        Answer((("JFK", "BOS"), ("JFK", "LAX"), ("LGA", "ORD"))),
        Answer((("ana",),)),
    ]
    assert cluster.by_jdbc("eve", ROWS) == [Answer((("EWR", "LAX"), ("JFK", "LAX")))]
    assert cluster.by_jdbc("cleo", "SELECT count(*) FROM flights.flights_enriched") == [Answer((("4",),))]


def test_a_person_sees_no_more_than_the_groups_pipelines(cluster: TrinoCluster) -> None:
    (schemas, tables, counted) = cluster.by_jdbc(
        "eve", "SHOW SCHEMAS", "SHOW TABLES FROM flights", "SELECT count(*) FROM flights.airlines"
    )
    assert schemas.rows == (("flights",), ("information_schema",))
    assert ("destinations_by_month",) in tables.rows
    assert ("traffic_by_day",) not in tables.rows
    assert counted.rows == (("0",),)


def test_a_person_is_refused_what_no_rule_allows(cluster: TrinoCluster) -> None:
    answers = cluster.by_jdbc("eve", *REFUSED.values())
    for what, answer in zip(REFUSED, answers, strict=True):
        assert "Access Denied" in answer.refusal, (what, answer)


def test_a_login_without_a_group_reads_nothing(cluster: TrinoCluster) -> None:
    (answer,) = cluster.by_jdbc("nobody", ROWS)
    assert "Access Denied" in answer.refusal


def test_nobody_is_let_in_by_a_wrong_password_or_in_clear(cluster: TrinoCluster) -> None:
    (wrong,) = cluster.by_jdbc("ana", ROWS, password="guessed")
    (clear,) = cluster.by_jdbc("ana", ROWS, password="", options="SSL=false")
    (untrusted,) = cluster.by_jdbc("ana", ROWS, options="SSL=true")
    assert "Authentication failed" in wrong.refusal
    assert clear.refusal
    assert "unable to find valid certification path" in untrusted.refusal


def test_a_query_may_take_as_long_as_the_stack_says(cluster: TrinoCluster) -> None:
    ((_, value, *_),) = cluster.ask("SHOW SESSION LIKE 'query_max_execution_time'")
    assert value == "600.00s"


def test_the_log_says_who_read_what_and_who_was_refused(cluster: TrinoCluster) -> None:
    cluster.by_jdbc("ana", ROWS, REFUSED["another pipeline's table"])
    read, *_ = cluster.query_log(user="ana", query=ROWS)
    assert read["read"] == {"flights.flights_enriched": ["dest", "origin"]}
    assert (read["state"], read["groups"], read["client"]) == ("FINISHED", ["new-york"], "trino-jdbc")
    assert read["address"] == "127.0.0.1"
    assert read["time"].startswith("20")
    refused, *_ = cluster.query_log(user="ana", query=REFUSED["another pipeline's table"])
    assert (refused["state"], refused["error"]) == ("FAILED", "PERMISSION_DENIED")
    dashboards, *_ = cluster.query_log(user=TRINO_USER)
    assert dashboards["state"] == "FINISHED"
    assert not any(password in str(cluster.query_log(user="ana")) for password in trino_cluster.PASSWORDS.values())


def _copied(source: Path, target: Path, *names: str) -> None:
    for name in names:
        (target / name).write_bytes((source / name).read_bytes())
