"""Trino in front of Cassandra: who may ask it, what it may do, and what a plan changes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.components import serving
from tests.components.serving import IMAGE, PROD, TRINO, made_by, one

from weir.components.cassandra.access import CassandraAccess
from weir.components.trino.deployment import Trino, TrinoArgs
from weir.programs.recording import SECRET, Recorded
from weir.sizing.plan import TrinoPlan

pytestmark = pytest.mark.unit


def made(plan: TrinoPlan = TRINO, *, tls: bool = True) -> dict[str, Recorded]:
    access = CassandraAccess(("cassandra.weir-prod.svc:9042",), "dc1", "cassandra-tls" if tls else None, ())

    def program() -> None:
        authority = serving.authority(PROD) if tls else None
        Trino(PROD, TrinoArgs(plan, IMAGE, access, "trino", authority))

    return made_by(program)


def settings(resources: dict[str, Recorded], name: str) -> dict[str, str]:
    lines = one(resources, f"ConfigMap/{name}-config")["data"]["config.properties"].splitlines()
    return dict(line.split("=", 1) for line in lines)


@pytest.mark.parametrize("tls", [True, False])
def test_everything_fits_its_schema_and_the_rules(*, tls: bool) -> None:
    resources = made(tls=tls)
    assert serving.schema_problems(resources) == []
    assert serving.policy_problems(resources) == []


def test_nobody_asks_in_clear_or_without_a_certificate() -> None:
    coordinator = settings(made(), "trino")
    assert coordinator["http-server.http.enabled"] == "false"
    assert coordinator["http-server.authentication.type"] == "CERTIFICATE"
    assert coordinator["internal-communication.https.required"] == "true"
    assert [port["port"] for port in one(made(), "Service/trino")["spec"]["ports"]] == [8443]


def test_its_catalog_is_a_secret_and_the_password_comes_from_the_roles() -> None:
    resources = made()
    assert resources["Secret/trino-catalog"].inputs["stringData"] == {"cassandra.properties": SECRET}
    pod = one(resources, "Deployment/trino")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    (config,) = [volume["projected"]["sources"] for volume in pod["volumes"] if volume["name"] == "config"]
    assert config[1]["secret"]["items"] == [{"key": "cassandra.properties", "path": "catalog/cassandra.properties"}]
    (password,) = [entry for entry in container["env"] if entry["name"] == "CASSANDRA_PASSWORD"]
    assert password["valueFrom"]["secretKeyRef"] == {"name": "cassandra-role-trino", "key": "password"}


def test_of_cassandras_certificate_it_sees_the_authority_and_not_the_key() -> None:
    volumes = one(made(), "Deployment/trino")["spec"]["template"]["spec"]["volumes"]
    (ca,) = [volume["secret"] for volume in volumes if volume["name"] == "cassandra-ca"]
    assert ca["items"] == [{"key": "ca.crt", "path": "ca.crt"}]


def test_without_workers_the_coordinator_works() -> None:
    alone = made(replace(TRINO, workers=0))
    assert "Deployment/trino-worker" not in alone
    assert settings(alone, "trino")["node-scheduler.include-coordinator"] == "true"
    assert settings(made(), "trino")["node-scheduler.include-coordinator"] == "false"


def test_workers_follow_the_plan_and_only_one_may_be_away() -> None:
    resources = made(replace(TRINO, workers=5))
    assert one(resources, "Deployment/trino-worker")["spec"]["replicas"] == 5
    assert one(resources, "PodDisruptionBudget/trino-worker")["spec"]["maxUnavailable"] == 1


def test_it_comes_after_its_secrets_and_configuration() -> None:
    resources = made()
    for earlier in ("Secret/trino-catalog", "Secret/trino-internal", "Certificate/trino-tls", "ConfigMap/trino-config"):
        assert serving.depends_on(resources, "Deployment/trino", earlier)
