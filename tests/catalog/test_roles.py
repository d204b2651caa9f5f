"""Least privilege, as the catalog gives it."""

from __future__ import annotations

import pytest

from weir.catalog.pipeline import load_pipeline
from weir.catalog.roles import roles_of
from weir.config.repository import REPOSITORY

pytestmark = pytest.mark.unit

FLIGHTS = load_pipeline(REPOSITORY / "pipelines" / "flights")
ROLES = {role.name: {(grant.permission, grant.resource) for grant in role.grants} for role in roles_of([FLIGHTS])}


def test_the_job_only_reads_references_and_only_writes_results() -> None:
    grants = ROLES["job_flights"]
    assert {resource for permission, resource in grants if permission == "SELECT"} == {
        f'TABLE "flights"."{name}"' for name in ("airlines", "airports", "planes")
    }
    results = {FLIGHTS.row_table.cql_name, *(each.cql_name for each in FLIGHTS.aggregate_tables.values())}
    assert {resource for permission, resource in grants if permission == "MODIFY"} == {
        f"TABLE {name}" for name in results
    }


def test_dashboards_read_and_change_nothing() -> None:
    assert {permission for permission, _ in ROLES["trino"]} == {"SELECT"}
    assert ("SELECT", 'KEYSPACE "flights"') in ROLES["trino"]


def test_no_role_may_change_schema_or_roles() -> None:
    assert {permission for grants in ROLES.values() for permission, _ in grants} == {"SELECT", "MODIFY"}


def test_the_monitor_writes_health_and_only_looks_for_rows() -> None:
    assert ROLES["monitor"] == {
        ("MODIFY", 'TABLE "weir"."pipeline_health"'),
        ("SELECT", 'TABLE "weir"."pipeline_health"'),
        ("SELECT", 'TABLE "flights"."flights_enriched"'),
    }
