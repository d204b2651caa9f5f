"""Trino and Superset as the platform runs them: what they allow, what they keep, and whom they talk to."""

from __future__ import annotations

import stat

import httpx
import psutil
import pytest
from trino.dbapi import connect
from trino.exceptions import TrinoUserError

from weir.clients.superset import ADMIN, log_in
from weir.config.errors import WeirError
from weir.local import lifecycle, superset
from weir.local.service import LOOPBACK, Context

pytestmark = [pytest.mark.contract, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def ctx(dashboards: Context) -> Context:
    return dashboards


def client(ctx: Context) -> httpx.Client:
    return httpx.Client(base_url=ctx.endpoints.superset_url, trust_env=False, timeout=60)


def execute(ctx: Context, statement: str) -> list[list[object]]:
    with connect(host=LOOPBACK, port=ctx.ports.trino, user="test") as connection:
        cursor = connection.cursor()
        cursor.execute(statement)
        return cursor.fetchall()


def test_both_listen_on_loopback_only(ctx: Context) -> None:
    ports = {ctx.ports.trino, ctx.ports.superset}
    listening = [entry for entry in psutil.net_connections("inet") if entry.status == psutil.CONN_LISTEN]
    hosts = {entry.laddr.ip for entry in listening if entry.laddr and entry.laddr.port in ports}
    assert hosts
    assert hosts <= {LOOPBACK, f"::ffff:{LOOPBACK}"}


def test_trino_reads_cassandra_in_utc(ctx: Context) -> None:
    assert execute(ctx, "SELECT current_timezone()") == [["UTC"]]
    assert ["system"] in execute(ctx, "SHOW SCHEMAS FROM cassandra")


def test_trino_writes_nothing(ctx: Context) -> None:
    with pytest.raises(TrinoUserError, match="Access Denied"):
        execute(ctx, "CREATE SCHEMA cassandra.scratch")


def test_a_wrong_password_is_refused(ctx: Context) -> None:
    with client(ctx) as visitor, pytest.raises(WeirError, match="refused the login"):
        log_in(visitor, "not-the-password")


def test_the_password_is_for_its_owner_only(ctx: Context) -> None:
    assert stat.S_IMODE(superset.password_file(ctx).stat().st_mode) == 0o600
    assert stat.S_IMODE((ctx.paths.data("superset") / superset.METADATA).stat().st_mode) == 0o600


def test_a_visitor_sees_no_dashboard_and_pages_load_nothing_from_elsewhere(ctx: Context) -> None:
    with client(ctx) as visitor:
        assert visitor.get("/api/v1/dashboard/").status_code in {401, 403}
        policy = visitor.get("/login/").headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy


def test_what_is_in_superset_outlives_a_restart_and_a_migration(ctx: Context) -> None:
    def users() -> list[tuple[int, str]]:
        with client(ctx) as administrator:
            log_in(administrator, superset.password_file(ctx).read_text(encoding="utf-8"))
            found = administrator.get("/api/v1/security/users/").raise_for_status().json()["result"]
        return [(user["id"], user["username"]) for user in found]

    before = users()
    assert [name for _, name in before] == [ADMIN]
    (ctx.paths.data("superset") / "version").write_text("an-older-one", encoding="utf-8")
    lifecycle.restart(ctx.paths, "superset")
    assert users() == before
    assert (ctx.paths.data("superset") / f"{superset.METADATA}.before-migration").exists()
    assert (ctx.paths.data("superset") / "version").read_text() == ctx.toolchain.home("superset").name
