"""The schema registry, the platform's namespace, generated secrets and one-off jobs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests import schemas

from weir.catalog.pipeline import load_pipeline
from weir.components.base import Site
from weir.components.images import Image
from weir.components.kafka.access import KafkaAccess
from weir.components.namespace import Namespace, NamespaceArgs
from weir.components.registry import Registry, RegistryArgs
from weir.components.secret import GeneratedSecret, GeneratedSecretArgs, random_password
from weir.config.kafka import KafkaAuthentication
from weir.programs.recording import SECRET, Recorded, record
from weir.sizing.plan import PodSize, RegistryPlan

pytestmark = pytest.mark.unit

FLIGHTS = load_pipeline(Path(__file__).parents[2] / "pipelines" / "flights")
SITE = Site("prod", "weir-prod", "platform", keep_data=True, zones=3)


def registry(authentication: KafkaAuthentication = KafkaAuthentication.SCRAM) -> dict[str, Recorded]:
    def program() -> None:
        access = KafkaAccess("kafka:9093", authentication, "kafka-cluster-ca-cert", ())
        plan = RegistryPlan(2, PodSize(0.5, 1024, 512))
        args = RegistryArgs(plan, Image("apicurio:3.3.3"), Image("weir-jobs:0.1.0"), access, [FLIGHTS])
        Registry(SITE, args)

    found = [resource for resource in record(program, "prod") if resource.custom]
    return {f"{resource.inputs['kind']} {resource.name}": resource for resource in found}


def settings(found: dict[str, Recorded]) -> dict[str, str]:
    text = found["ConfigMap registry-config"].inputs["data"]["application.properties"]
    return dict(line.split("=", 1) for line in text.splitlines())


def test_the_registry_keeps_its_schemas_in_kafka_and_logs_in_there():
    found = settings(registry())
    assert found["apicurio.storage.kind"] == "kafkasql"
    assert found["apicurio.kafkasql.security.protocol"] == "SASL_SSL"
    assert 'username="weir-registry" password="${KAFKA_PASSWORD}"' in found["apicurio.kafka.common.sasl.jaas.config"]
    (container,) = registry()["Deployment registry"].inputs["spec"]["template"]["spec"]["containers"]
    (password,) = [entry for entry in container["env"] if entry["name"] == "KAFKA_PASSWORD"]
    assert password["valueFrom"]["secretKeyRef"] == {"name": "weir-registry", "key": "password"}


def test_with_certificates_kafka_itself_reads_the_key():
    found = settings(registry(KafkaAuthentication.MTLS))
    assert found["apicurio.kafkasql.security.protocol"] == "SSL"
    assert found["apicurio.kafka.common.ssl.keystore.key"] == "\\\\${directory:/etc/weir/kafka-user:user.key}"


def test_other_settings_restart_the_registry():
    def checksum(found: dict[str, Recorded]) -> str:
        return found["Deployment registry"].inputs["spec"]["template"]["metadata"]["annotations"][
            "weir.io/config-checksum"
        ]

    assert checksum(registry()) == checksum(registry())
    assert checksum(registry()) != checksum(registry(KafkaAuthentication.MTLS))


def test_every_schema_is_registered_with_its_rule_once_the_registry_runs():
    found = registry()
    (subject,) = json.loads(found["ConfigMap registry-schemas-files"].inputs["data"]["subjects.json"])
    assert subject == {"name": "flights.events-value", "schema": FLIGHTS.schema.text, "compatibility": "BACKWARD"}
    job = found["Job registry-schemas"]
    assert found["Deployment registry"].urn in job.dependencies
    assert schemas.problems(job.inputs) == []


def test_a_namespace_is_restricted_bounded_and_kept():
    found = {
        resource.inputs["kind"]: resource
        for resource in record(lambda: Namespace(SITE, NamespaceArgs(True, 12.5, 4096, 100)), "prod")
        if resource.custom
    }
    assert found["Namespace"].inputs["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert found["Namespace"].protect
    hard = found["ResourceQuota"].inputs["spec"]["hard"]
    assert hard == {"requests.cpu": "12.5", "requests.memory": "4096Mi", "requests.storage": "100Gi"}
    assert found["ResourceQuota"].dependencies == (found["Namespace"].urn,)


def test_a_generated_secret_is_made_once_and_shown_to_nobody():
    passwords: list[str] = []

    def make() -> dict[str, str]:
        passwords.append(random_password())
        return {"password": passwords[-1]}

    def program() -> None:
        GeneratedSecret("token", SITE, GeneratedSecretArgs("kafka", make))

    (secret,) = [resource for resource in record(program, "prod") if resource.custom]
    assert secret.inputs["stringData"] == {"password": SECRET}
    assert secret.ignore_changes == ("data", "stringData")
    assert secret.protect
    assert len(passwords[0]) >= 43
    assert passwords[0] not in repr(secret)
