"""Brings the dashboards of the repository into a running Superset, through its import interface.

An import overwrites what has the same UUID and adds the rest, so running it again changes nothing.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path

import httpx

from weir.catalog.dashboard import Dashboard, check_dashboard, import_files, load_dashboard
from weir.catalog.pipeline import Pipeline
from weir.clients.http import platform_client
from weir.config.endpoints import Endpoints
from weir.config.errors import WeirError

TIMEOUT_SECONDS = 120
ADMIN = "admin"


def import_dashboards(
    endpoints: Endpoints, password_file: Path, root: Path, pipelines: Iterable[Pipeline]
) -> dict[str, str]:
    """Imports `root/<pipeline>/` of every pipeline that has one; pipeline name -> the dashboard's address.

    Raises:
        ConfigError: an asset leads nowhere.
        WeirError: Superset refuses the login or the assets.
    """
    wanted = list(pipelines)
    dashboards = {
        pipeline.name: load_dashboard(root / pipeline.name) for pipeline in wanted if (root / pipeline.name).is_dir()
    }
    for dashboard in dashboards.values():
        check_dashboard(dashboard, wanted)
    if not dashboards:
        return {}
    password = password_file.read_text(encoding="utf-8").strip()
    with platform_client(TIMEOUT_SECONDS, base_url=endpoints.superset_url) as client:
        try:
            log_in(client, password)
            for dashboard in dashboards.values():
                _import(client, dashboard, endpoints.trino_url)
        except httpx.HTTPError as error:
            raise WeirError(f"Superset at {endpoints.superset_url} does not answer: {error!r}") from None
    return {name: f"{endpoints.superset_url}/superset/dashboard/{each.slugs[0]}/" for name, each in dashboards.items()}


def log_in(client: httpx.Client, password: str) -> None:
    """Makes every later request of `client` the administrator's.

    Raises:
        WeirError: Superset refuses the password.
    """
    credentials = {"username": ADMIN, "password": password, "provider": "db"}
    response = client.post("/api/v1/security/login", json=credentials)
    _check(response, "the login")
    client.headers["Authorization"] = f"Bearer {response.json()['access_token']}"
    response = client.get("/api/v1/security/csrf_token/")
    _check(response, "a request token")
    client.headers["X-CSRFToken"] = response.json()["result"]
    client.headers["Referer"] = str(client.base_url)


def bundle(dashboard: Dashboard, trino_url: str) -> bytes:
    """The assets as the zip file that Superset imports, with every database at `trino_url`."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in import_files(dashboard, trino_url).items():
            archive.writestr(f"weir/{path}", content)
    return stream.getvalue()


def _import(client: httpx.Client, dashboard: Dashboard, trino_url: str) -> None:
    files = {"bundle": ("weir.zip", bundle(dashboard, trino_url), "application/zip")}
    _check(client.post("/api/v1/assets/import/", files=files), f"the assets in {dashboard.folder}")


def _check(response: httpx.Response, what: str) -> None:
    if not response.is_success:
        raise WeirError(f"Superset refused {what} ({response.status_code}): {response.text[:2000]}")
