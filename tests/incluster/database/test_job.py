"""The schema-and-roles job against a real Cassandra that asks for passwords and certificates."""

from __future__ import annotations

import re
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cassandra import Unauthorized
from tests.incluster.database.node import (
    ADMINISTRATOR,
    DATABASE,
    FLIGHTS,
    PASSWORDS,
    SECRET,
    as_role,
    program_session,
    run_job,
)

from weir.catalog.roles import MONITOR_ROLE, job_role
from weir.catalog.tables import Table
from weir.catalog.types import ColumnType
from weir.clients.cassandra import Access, WrongPasswordError, admin_session, may_log_in
from weir.config.errors import ConfigError, WeirError
from weir.incluster.database import job
from weir.incluster.database.accounts import DEFAULT_SUPERUSER, MARKER_ROLE
from weir.incluster.database.lock import schema_lock
from weir.local.service import CASSANDRA_DATACENTER

if TYPE_CHECKING:
    from cassandra.cluster import Session


pytestmark = [pytest.mark.contract, pytest.mark.timeout(300)]


def test_a_fresh_cluster_gets_tables_and_roles_and_loses_the_superuser(
    access: Access, first_run: subprocess.CompletedProcess[str], administrator: Session
) -> None:
    assert "superuser cassandra: dropped" in first_run.stdout
    assert not may_log_in(access.as_role(DEFAULT_SUPERUSER, DEFAULT_SUPERUSER))
    roles = {row["role"]: row["is_superuser"] for row in administrator.execute("SELECT * FROM system_auth.roles")}
    assert roles == {ADMINISTRATOR: True, MARKER_ROLE: False, **dict.fromkeys(PASSWORDS, False)}
    found = administrator.execute("SELECT table_name FROM system_schema.tables WHERE keyspace_name = 'flights'")
    assert {row["table_name"] for row in found} == {table.name for table in FLIGHTS.tables}


def test_the_publisher_of_reference_tables_reads_them_as_the_jobs_role(
    access: Access, files: Path, administrator: Session
) -> None:
    administrator.execute("INSERT INTO flights.airlines (carrier, name) VALUES ('UA', 'United')")
    with program_session(access, files, job_role("flights")) as session:
        assert session.execute("SELECT name FROM flights.airlines").all() == [("United",)]
        with pytest.raises(Unauthorized):
            session.execute("INSERT INTO flights.airlines (carrier, name) VALUES ('XX', 'no')")


def test_the_monitor_writes_health_and_looks_for_rows(access: Access, files: Path, administrator: Session) -> None:
    with program_session(access, files, MONITOR_ROLE) as session:
        session.execute("INSERT INTO weir.pipeline_health (pipeline, day, at) VALUES ('flights', '2026-01-01', 0)")
        assert session.execute("SELECT count(*) FROM flights.flights_enriched").one() == (0,)
        with pytest.raises(Unauthorized):
            session.execute("SELECT name FROM flights.airlines")
    assert administrator.execute("SELECT pipeline FROM weir.pipeline_health").one()["pipeline"] == "flights"
    administrator.execute("TRUNCATE weir.pipeline_health")


def test_a_second_run_changes_nothing(access: Access, files: Path, administrator: Session) -> None:
    def history() -> int:
        return len(administrator.execute("SELECT at FROM weir.schema_history").all())

    before = history()
    again = run_job(access, files)
    assert (again.returncode, again.stdout) == (0, "schema and roles match the catalog\n")
    assert history() == before > 0


def test_no_password_is_in_what_it_prints_or_keeps(
    first_run: subprocess.CompletedProcess[str], administrator: Session
) -> None:
    history = [row["statement"] for row in administrator.execute("SELECT statement FROM weir.schema_history")]
    said = first_run.stdout + first_run.stderr + "\n".join(history)
    assert not [password for password in (SECRET, *PASSWORDS.values()) if password in said]


def test_the_job_role_may_do_its_work_and_no_more(access: Access, administrator: Session) -> None:
    with admin_session(as_role(access, "job_flights")) as session:
        session.execute("SELECT * FROM flights.planes")
        session.execute(
            "INSERT INTO flights.fleet_by_month (flight_month, origin, carrier, manufacturer, flights) "
            "VALUES ('2013-01-01', 'JFK', 'AA', 'AIRBUS', 1) USING TIMESTAMP 1"
        )
        for forbidden in (
            "SELECT * FROM flights.fleet_by_month",
            "INSERT INTO flights.planes (tailnum) VALUES ('N1')",
            "SELECT * FROM weir.pipeline_health",
            "TRUNCATE flights.planes",
            "ALTER TABLE flights.planes ADD extra text",
            "CREATE ROLE other",
            "SELECT salted_hash FROM system_auth.roles",
        ):
            with pytest.raises(Unauthorized):
                session.execute(forbidden)


def test_dashboards_read_everything_and_change_nothing(access: Access, administrator: Session) -> None:
    with admin_session(as_role(access, "trino")) as session:
        for table in ("flights.fleet_by_month", "flights.planes", "weir.pipeline_health"):
            session.execute(f"SELECT * FROM {table}")
        with pytest.raises(Unauthorized):
            session.execute("INSERT INTO flights.planes (tailnum) VALUES ('N1')")


def test_nobody_is_let_in_without_a_certificate_check_or_a_password(access: Access, administrator: Session) -> None:
    with pytest.raises(WeirError, match="does not answer"), admin_session(replace(access, ca_file=None)):
        pass
    guessed = access.as_role(ADMINISTRATOR, "guess")
    with pytest.raises(WrongPasswordError, match="refused the login of weir_admin"), admin_session(guessed):
        pass


def test_a_changed_secret_becomes_the_roles_password(access: Access, administrator: Session) -> None:
    job.apply(access, DATABASE, PASSWORDS | {"trino": "rotated"})
    assert may_log_in(access.as_role("trino", "rotated"))
    assert not may_log_in(as_role(access, "trino"))
    job.apply(access, DATABASE, PASSWORDS)
    assert may_log_in(as_role(access, "trino"))


def test_a_right_given_by_hand_is_taken_back(
    access: Access, administrator: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    administrator.execute("GRANT MODIFY ON KEYSPACE flights TO trino")
    administrator.execute("ALTER ROLE loader WITH SUPERUSER = true")
    job.apply(access, DATABASE, PASSWORDS)
    told = capsys.readouterr().out
    assert 'role trino: revoked MODIFY on KEYSPACE "flights"' in told
    assert "role loader: no longer a superuser" in told
    found = administrator.execute("SELECT is_superuser FROM system_auth.roles WHERE role = 'loader'").one()
    assert found["is_superuser"] is False


def test_a_removed_pipelines_role_loses_its_login_and_comes_back(
    access: Access, administrator: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    administrator.execute("CREATE ROLE IF NOT EXISTS job_of_others WITH PASSWORD = 'o' AND LOGIN = true")
    without = replace(DATABASE, roles=tuple(role for role in DATABASE.roles if role.name != "job_flights"))
    job.apply(access, without, PASSWORDS)
    told = capsys.readouterr().out
    assert "role job_flights: login withdrawn, since no pipeline has it any more" in told
    assert 'role job_flights: revoked SELECT on TABLE "flights"."airlines"' in told
    assert not may_log_in(as_role(access, "job_flights"))
    assert not administrator.execute("LIST ALL PERMISSIONS OF job_flights NORECURSIVE").all()
    assert may_log_in(access.as_role("job_of_others", "o")), "a role that weir did not make is left alone"
    job.apply(access, without, PASSWORDS)
    assert capsys.readouterr().out == "schema and roles match the catalog\n"
    job.apply(access, DATABASE, PASSWORDS)
    with admin_session(as_role(access, "job_flights")) as session:
        session.execute("SELECT name FROM flights.airlines")
    administrator.execute("DROP ROLE job_of_others")


def test_a_role_without_a_secret_stops_the_job_before_anything_is_granted(
    access: Access, administrator: Session
) -> None:
    with pytest.raises(WeirError, match="no password for the roles loader, trino"):
        job.apply(access, DATABASE, PASSWORDS | {"loader": "", "trino": ""})


def test_a_migration_adds_and_keeps_drops_what_is_named_refuses_the_rest(
    access: Access, administrator: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    table = Table("scratch", "readings", {"id": ColumnType.TEXT, "old": ColumnType.INT}, ("id",))
    wanted = replace(DATABASE, tables=(*DATABASE.tables, table))
    job.apply(access, wanted, PASSWORDS)
    administrator.execute("INSERT INTO scratch.readings (id, old) VALUES ('a', 1)")

    newer = replace(table, columns={"id": ColumnType.TEXT, "new": ColumnType.INT}, ttl_seconds=864_000)
    wanted = replace(DATABASE, tables=(*DATABASE.tables, newer))
    job.apply(access, wanted, PASSWORDS)
    assert "scratch.readings.old: kept, although no file declares it" in capsys.readouterr().out
    assert administrator.execute("SELECT old, new FROM scratch.readings").one() == {"old": 1, "new": None}

    job.apply(access, replace(wanted, drops=("scratch.readings.old",)), PASSWORDS)
    columns = administrator.execute("SELECT column_name FROM system_schema.columns WHERE keyspace_name = 'scratch'")
    assert {row["column_name"] for row in columns} == {"id", "new"}

    with pytest.raises(ConfigError, match="a primary key cannot change"):
        job.apply(
            access,
            replace(DATABASE, tables=(*DATABASE.tables, replace(newer, clustering_key=("new",)))),
            PASSWORDS,
        )
    with pytest.raises(ConfigError, match="would become 0"):
        job.apply(access, replace(DATABASE, replication={"elsewhere": 1}), PASSWORDS)


def test_the_history_tells_what_was_done_in_order(administrator: Session) -> None:
    rows = administrator.execute("SELECT * FROM weir.schema_history WHERE keyspace_name = 'flights'").all()
    assert rows[0]["statement"].startswith('CREATE KEYSPACE IF NOT EXISTS "flights"')
    assert all(re.match(r"(CREATE|ALTER|DROP) ", row["statement"]) for row in rows)


def test_two_runs_do_not_change_the_schema_at_once(access: Access, administrator: Session) -> None:
    replication = {CASSANDRA_DATACENTER: 1}
    with schema_lock(administrator, "first", replication) as renew:
        second = schema_lock(administrator, "second", replication, wait_seconds=0.5)
        with pytest.raises(WeirError, match="first is changing Cassandra's schema"), second:
            pass
        renew()
    begun = time.monotonic()
    with schema_lock(administrator, "second", replication) as renew:
        administrator.execute("DELETE FROM weir.schema_lock WHERE name = 'schema'")
        with pytest.raises(WeirError, match="another run has taken the schema lock"):
            renew()
    assert time.monotonic() - begun < 30


def test_a_file_that_is_missing_is_named(access: Access, files: Path, tmp_path: Path) -> None:
    (tmp_path / "administrator").mkdir()
    (tmp_path / "database.json").write_text(DATABASE.to_json(), encoding="utf-8")
    refused = run_job(access, tmp_path)
    assert refused.returncode == 1
    assert (
        "administrator/username cannot be read: No such file or directory; check that it is mounted" in refused.stdout
    )
    assert "Traceback" not in refused.stderr
