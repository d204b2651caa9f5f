"""People at Cassandra: the two superusers, who set each other's password, and what the audit log says of everybody."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cassandra import Unauthorized
from tests.incluster.database.node import (
    audited,
    program_session,
    run_job,
)

from weir.catalog.roles import job_role
from weir.clients.cassandra import Access, admin_session, may_log_in
from weir.components.cassandra.settings import STANDBY
from weir.local.service import Context

if TYPE_CHECKING:
    from cassandra.cluster import Session


pytestmark = [pytest.mark.contract, pytest.mark.timeout(300)]


@pytest.fixture
def standby(access: Access, files: Path, administrator: Session) -> Access:
    """The superuser who stands by, as the job has made it."""
    folder = files / "standby"
    if not folder.exists():
        folder.mkdir()
        (folder / "username").write_text(STANDBY, encoding="utf-8")
        (folder / "password").write_text("of who stands by", encoding="utf-8")
        first = run_job(access, files, "--standby", folder)
        assert f"superuser {STANDBY}: created" in first.stdout.splitlines()
    return access.as_role(STANDBY, "of who stands by")


@pytest.mark.parametrize("rotated", ["administrator", "standby"])
def test_each_superuser_sets_the_others_new_password(
    access: Access, files: Path, standby: Access, rotated: str
) -> None:
    """As after a deleted Secret: the job sees a password that the cluster does not know."""
    old = access if rotated == "administrator" else standby
    new = replace(old, password=f"new {rotated}")
    secret = files / rotated / "password"
    try:
        secret.write_text(new.password, encoding="utf-8")
        done = run_job(access, files, "--standby", files / "standby")
        assert done.stdout.splitlines() == [f"superuser {old.user}: password set", "schema and roles match the catalog"]
        assert (may_log_in(old), may_log_in(new)) == (False, True)
        assert new.password not in done.stdout + done.stderr
    finally:
        secret.write_text(old.password, encoding="utf-8")
        assert run_job(access, files, "--standby", files / "standby").returncode == 0
    assert may_log_in(old)


def test_people_are_in_the_audit_log_and_programs_writes_are_not(
    ctx: Context, access: Access, files: Path, administrator: Session
) -> None:
    log = ctx.paths.log("cassandra")
    administrator.execute("CREATE ROLE ana WITH PASSWORD = 'canary-of-ana' AND LOGIN = true")
    administrator.execute("GRANT SELECT ON KEYSPACE flights TO ana")
    with admin_session(access.as_role("ana", "canary-of-ana")) as person:
        person.execute("SELECT name FROM flights.airlines WHERE carrier = 'AA'")
        with pytest.raises(Unauthorized):
            person.execute("DELETE FROM flights.airlines WHERE carrier = 'AA'")
    with program_session(access, files, job_role("flights")) as job_session:
        job_session.execute(
            "INSERT INTO flights.delays_by_hour (flight_month, origin, carrier, hour, flights) "
            "VALUES ('2013-01-01', 'JFK', 'AA', 5, 1)"
        )
    administrator.execute("DELETE FROM flights.airlines WHERE carrier = 'of an administrator'")
    assert not may_log_in(access.as_role("ana", "guessed"))
    (read,) = audited(log, "SELECT name FROM flights.airlines WHERE carrier = 'AA'")
    assert "user:ana" in read
    assert "type:SELECT" in read
    assert re.search(r"timestamp:\d{13}", read)
    assert [line for line in audited(log, "type:UNAUTHORIZED_ATTEMPT") if "user:ana" in line]
    assert audited(log, "of an administrator")
    assert audited(log, "type:LOGIN_ERROR")
    assert audited(log, "delays_by_hour (flight_month") == []
    assert audited(log, "user:job_flights") == []
    assert audited(log, "CREATE ROLE ana")
    assert audited(log, "canary-of-ana") == []
    administrator.execute("DROP ROLE ana")
