"""Superset's settings in a cluster, loaded by Superset's own Python, and its setting up from inside."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from weir.catalog.dashboard import import_files, load_dashboard
from weir.clients.superset import log_in
from weir.config.repository import REPOSITORY
from weir.local import superset
from weir.local.service import Context
from weir.toolchain.installed import Toolchain

pytestmark = [pytest.mark.contract, pytest.mark.timeout(900)]

TOLD = """
import json, types
from weir.superset import cluster
uri = types.SimpleNamespace(drivername="trino")
_, params = cluster.DB_CONNECTION_MUTATOR(uri, {}, None, None, None)
names = [name for name in dir(cluster) if name.isupper()]
print(json.dumps({name: repr(getattr(cluster, name)) for name in names} | {
    "connect": {name: repr(value) for name, value in params.get("connect_args", {}).items()},
    "broker": getattr(getattr(cluster, "CeleryConfig", None), "broker_url", None),
}))
"""
LOGGED = """
from types import SimpleNamespace
from flask import Flask, g
from weir.superset import cluster
sent = {"password": "canary", "dashboard_id": 3}
with Flask("test").test_request_context("/api/v1/chart/data?token=canary", method="POST", json=sent):
    g.user = SimpleNamespace(username="ana")
    cluster.EVENT_LOGGER.log(
        7, "ChartDataRestApi.data", records=[sent], dashboard_id=3, slice_id=5, duration_ms=12,
        referrer="https://canary", curated_payload=sent, curated_form_data=sent, database_id=1,
    )
"""
CONNECTIONS = {
    "WEIR_METADATA_HOST": "db.svc",
    "WEIR_METADATA_PORT": "5432",
    "WEIR_METADATA_USER": "superset",
    "WEIR_METADATA_DATABASE": "superset",
    "WEIR_CACHE_HOST": "cache.svc",
    "WEIR_CACHE_PORT": "6379",
}


@pytest.fixture
def settings_of(tmp_path: Path, toolchain_for: Callable[..., Toolchain]) -> Callable[..., dict[str, Any]]:
    """What `weir.superset.cluster` says under some environment variables."""
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    for name in ("secret-key", "guest-token-secret", "metadata-password", "cache-password"):
        (secrets / name).write_text(f"p@ss/{name}\n", encoding="utf-8")
    trino = tmp_path / "trino"
    trino.mkdir()
    python = toolchain_for("superset").home("superset") / "bin" / "python"

    def ask(*, certificate: bool = True, program: str = TOLD, **variables: str) -> dict[str, Any]:
        if certificate:
            (trino / "tls.crt").write_text("a certificate", encoding="utf-8")
        environment = {
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(REPOSITORY / "infra"),
            "SUPERSET_HOME": str(tmp_path),
            "WEIR_SUPERSET_SECRETS_FOLDER": str(secrets),
            "WEIR_TRINO_FOLDER": str(trino),
            **variables,
        }
        told = subprocess.run([str(python), "-c", program], env=environment, capture_output=True, text=True, check=True)
        return json.loads(told.stdout.splitlines()[-1])

    return ask


def test_addresses_come_from_the_environment_and_passwords_from_files(settings_of: Callable[..., Any]) -> None:
    told = settings_of(**CONNECTIONS)
    address = "postgresql+psycopg2://superset:p%40ss%2Fmetadata-password@db.svc:5432/superset"
    assert told["SQLALCHEMY_DATABASE_URI"] == repr(address)
    assert told["broker"] == "redis://default:p%40ss%2Fcache-password@cache.svc:6379/0"
    assert told["SECRET_KEY"] == repr("p@ss/secret-key")


def test_cookies_are_secure_where_people_come_by_https(settings_of: Callable[..., Any]) -> None:
    assert settings_of(WEIR_PUBLIC_URL="https://dashboards.example.org")["SESSION_COOKIE_SECURE"] == "True"
    assert "'frame-ancestors'" in settings_of()["TALISMAN_CONFIG"]


def test_what_an_operator_sets_is_left_to_it(settings_of: Callable[..., Any]) -> None:
    told = settings_of()
    assert not {"SQLALCHEMY_DATABASE_URI", "SECRET_KEY", "CACHE_CONFIG"} & set(told)
    assert told["broker"] is None


def test_trino_is_shown_a_certificate_where_there_is_one(settings_of: Callable[..., Any]) -> None:
    assert settings_of(certificate=False)["connect"] == {}
    connect = settings_of()["connect"]
    assert connect["http_scheme"] == "'https'"
    assert "CertificateAuthentication" in connect["auth"]


def test_the_log_says_who_did_what_and_not_what_was_sent(settings_of: Callable[..., Any]) -> None:
    line = settings_of(program=LOGGED)
    assert line.pop("time").startswith("20")
    assert line == {
        "event": "superset",
        "user": "ana",
        "user_id": 7,
        "address": None,
        "action": "ChartDataRestApi.data",
        "dashboard_id": 3,
        "chart_id": 5,
        "path": "/api/v1/chart/data",
        "duration_ms": 12,
    }


def test_dashboards_are_brought_from_inside_as_often_as_one_likes(dashboards: Context, tmp_path: Path) -> None:
    ctx = dashboards
    for path, content in import_files(
        load_dashboard(REPOSITORY / "dashboards" / "flights"), ctx.endpoints.trino_url
    ).items():
        (tmp_path / path.replace("/", "__")).write_text(content, encoding="utf-8")
    (tmp_path / "readers.json").write_text("{}", encoding="utf-8")
    service = superset.service(ctx)
    command = [service.command[0], "-m", "weir.superset.setup", "--password-file", str(superset.password_file(ctx))]
    for _ in range(2):
        subprocess.run(
            [*command, "--assets", str(tmp_path)],
            env={"PATH": "/usr/bin:/bin", **service.environment},
            cwd=ctx.paths.data("superset"),
            capture_output=True,
            check=True,
        )
    with httpx.Client(base_url=ctx.endpoints.superset_url, trust_env=False, timeout=60) as client:
        log_in(client, superset.password_file(ctx).read_text(encoding="utf-8").strip())
        found = client.get("/api/v1/dashboard/").raise_for_status().json()["result"]
    assert [dashboard["slug"] for dashboard in found if dashboard["slug"] == "flights"] == ["flights"]
