from __future__ import annotations

import io
import zipfile

import pytest
import yaml

from weir.catalog.dashboard import load_dashboard
from weir.clients.superset import bundle
from weir.config.repository import REPOSITORY

pytestmark = pytest.mark.unit


def test_a_bundle_holds_every_asset_and_the_running_trino() -> None:
    dashboard = load_dashboard(REPOSITORY / "dashboards" / "flights")
    archive = zipfile.ZipFile(io.BytesIO(bundle(dashboard, "http://127.0.0.1:4711")))
    assert set(archive.namelist()) == {"weir/metadata.yaml", *(f"weir/{path}" for path in dashboard.files)}
    database = yaml.safe_load(archive.read("weir/databases/cassandra.yaml"))
    assert database["sqlalchemy_uri"] == "trino://weir@127.0.0.1:4711/cassandra"
    assert dashboard.files["databases/cassandra.yaml"]["sqlalchemy_uri"] == "trino://weir@trino:8080/cassandra"
    for path, asset in dashboard.of("charts").items():
        assert yaml.safe_load(archive.read(f"weir/{path}")) == asset
