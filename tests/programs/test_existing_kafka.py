"""A stack on a Kafka of somebody else's: nothing of Kafka's is made, and every client finds its way and its login."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests import schemas
from tests.policy.rules_under_test import Resource, rules
from tests.programs.existing_stack import GUARDED, MTLS, OPEN, SCRAM, environment, made, stack, whole

from weir.catalog.ownership import ownership_problems
from weir.catalog.pipeline import load_pipeline
from weir.components.kafka.access import FLINK_SHADING
from weir.components.kafka.existing import ExistingAccess
from weir.config.errors import ConfigError
from weir.config.existing import ExistingKafka
from weir.config.stack import load_stack
from weir.programs.change_rules import compare
from weir.programs.changes import Risk
from weir.programs.recording import Recorded
from weir.programs.rendering import REPOSITORY, STACKS

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module", params=["flink", "kafka-streams"])
def platform(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Recorded]:
    folder = tmp_path_factory.mktemp("existing")
    return made(environment(folder, stack(SCRAM), engine=request.param))


def named(resources: list[Recorded], kind: str) -> dict[str, dict[str, Any]]:
    return {each.inputs["metadata"]["name"]: each.inputs for each in resources if each.inputs.get("kind") == kind}


def test_no_broker_topic_or_user_is_made_and_all_else_is_valid(platform: list[Recorded]) -> None:
    kinds = {each.inputs.get("kind") for each in platform}
    assert not kinds & {"Kafka", "KafkaNodePool", "KafkaTopic", "KafkaUser", "KafkaConnect"}
    assert not any("strimzi" in str(each.inputs.get("chart", "")) for each in platform)
    assert "registry" not in named(platform, "Deployment")
    for each in platform:
        if each.inputs.get("kind") and each.inputs.get("apiVersion"):
            assert schemas.problems(each.inputs) == []


def test_the_policy_pack_stops_it_for_tags_alone(platform: list[Recorded]) -> None:
    resources = [Resource(each.type, each.name, each.inputs, each.protect) for each in platform if each.custom]
    assert {violation.rule for violation in rules.stack_violations(resources)} == {"by-digest"}


def test_the_job_checks_and_makes_weirs_own_topics(platform: list[Recorded]) -> None:
    (setup,) = (entry for name, entry in named(platform, "ConfigMap").items() if name.startswith("kafka-setup"))
    document = json.loads(setup["data"]["kafka.json"])
    topics = [topic["name"] for topic in document["topics"]]
    assert "flights.dead-letters" in topics
    assert "flights.events" not in topics
    assert [source["topic"] for source in document["sources"]] == ["flights.events"]
    (job,) = (entry for name, entry in named(platform, "Job").items() if name.startswith("kafka-setup"))
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert container["command"][:3] == ["python", "-m", "weir.incluster.kafka.existing"]
    assert {mount["mountPath"] for mount in container["volumeMounts"]} >= {"/etc/weir/kafka-user", "/etc/weir/kafka-ca"}


def test_one_login_is_mounted_by_every_client(platform: list[Recorded]) -> None:
    assert {"kafka-login", "kafka-authority"} <= set(named(platform, "Secret"))
    pods = [each for kind in ("Deployment", "StatefulSet") for each in named(platform, kind).values()]
    mounted = {
        volume["secret"]["secretName"]
        for pod in pods
        for volume in pod["spec"]["template"]["spec"].get("volumes", [])
        if volume["name"].startswith("kafka-")
    }
    assert mounted == {"kafka-login", "kafka-authority"}


def test_the_guides_commands_restart_all_that_logs_in(platform: list[Recorded]) -> None:
    guide = (REPOSITORY / "docs" / "how-to" / "use-your-own-kafka.md").read_text(encoding="utf-8")
    (label, value) = re.findall(r"rollout restart statefulset -l (.+)=(.+?)`", guide)[0]
    assert "rollout restart deployment`" in guide
    sets = [each for each in named(platform, "StatefulSet").values() if "kafka-login" in str(each)]
    assert all(each["metadata"]["labels"][label] == value for each in sets)
    assert bool(sets) is not bool(named(platform, "FlinkDeployment"))


def test_flows_lead_to_the_brokers_and_the_registry(platform: list[Recorded]) -> None:
    policies = {name: entry["spec"] for name, entry in named(platform, "NetworkPolicy").items()}
    (rule,) = policies["monitor-to-kafka-out"]["egress"]
    assert rule["to"] == [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["169.254.169.254/32"]}}]
    assert [port["port"] for port in rule["ports"]] == [9093, 9094]
    (schemas_rule,) = policies["kafka-setup-to-registry-out"]["egress"]
    assert schemas_rule["to"] == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "data"}}}]
    assert [port["port"] for port in schemas_rule["ports"]] == [8081]
    assert "registry-to-kafka-out" not in policies
    assert "clients-to-kafka-in" not in policies


LOGINS: dict[str, tuple[dict[str, Any], dict[str, str], list[str]]] = {
    "password": (SCRAM, {"security.protocol": "SASL_SSL", "sasl.mechanism": "SCRAM-SHA-512"}, ["--kafka-user", "weir"]),
    "unencrypted password": (
        {**SCRAM, "tls": False, "certificate_authority": None},
        {"security.protocol": "SASL_PLAINTEXT"},
        ["--kafka-user", "weir", "--kafka-unencrypted"],
    ),
    "certificate": (MTLS, {"security.protocol": "SSL", "ssl.keystore.type": "PEM"}, ["--kafka-certificate"]),
    "nobody asks": (OPEN, {"security.protocol": "SSL"}, ["--kafka-tls"]),
    "in the clear": ({**OPEN, "tls": False}, {"security.protocol": "PLAINTEXT"}, []),
}


@pytest.mark.parametrize("case", LOGINS)
def test_each_login_reaches_javas_clients_and_weirs_own(case: str) -> None:
    existing, wanted, arguments = LOGINS[case]
    access = ExistingAccess.of(ExistingKafka.model_validate(existing), ())
    properties = access.properties("weir-flights", FLINK_SHADING)
    assert wanted.items() <= properties.items()
    assert ("sasl.jaas.config" in properties) is (existing.get("username") is not None)
    assert 'username="weir-flights"' not in properties.get("sasl.jaas.config", "")
    given = access.program_arguments("weir-flights")
    assert set(arguments) <= set(given)
    assert bool(given) is bool(arguments)
    folders = {mount.name for mount in access.mounts()}
    assert folders == set(access.secrets("weir-flights"))


def test_a_registrys_login_and_trust_reach_all_of_its_clients(tmp_path: Path) -> None:
    found = made(environment(tmp_path, stack(SCRAM, registry=GUARDED)))
    assert "registry-login" in named(found, "Secret")
    (job,) = named(found, "FlinkDeployment").values()
    options = [value for value in job["spec"]["job"]["args"] if "registry-login" in value or value == "username=reader"]
    assert options == [
        "username=reader",
        "password.path=/etc/weir/registry-login/password",
        "truststore.location=/etc/weir/registry-login/ca.crt",
    ]
    assert "truststore.type=PEM" in job["spec"]["job"]["args"]
    (setup,) = (entry for name, entry in named(found, "Job").items() if name.startswith("kafka-setup"))
    for pod in (named(found, "Deployment")["monitor-flights"], setup):
        (container,) = pod["spec"]["template"]["spec"]["containers"]
        assert {entry["name"]: entry["value"] for entry in container["env"]} == {
            "WEIR_REGISTRY_USER": "reader",
            "WEIR_REGISTRY_PASSWORD_FILE": "/etc/weir/registry-login/password",
            "WEIR_REGISTRY_CA_FILE": "/etc/weir/registry-login/ca.crt",
        }
    mounting = [
        setup,
        named(found, "Deployment")["monitor-flights"],
        {"spec": {"template": job["spec"]["podTemplate"]}},
    ]
    for pod in mounting:
        volumes = pod["spec"]["template"]["spec"]["volumes"]
        assert [volume for volume in volumes if volume["name"] == "registry-login"]
    assert any("'registry-login'" in str(entry) for entry in named(found, "ValidatingAdmissionPolicy").values())


def test_brokers_in_the_cluster_are_reached_in_their_namespace(tmp_path: Path) -> None:
    inside = {**OPEN, "bootstrap_servers": ["kafka-0.kafka.streams.svc:9093"], "ports": [9093, 9095]}
    policies = named(made(environment(tmp_path, stack(inside))), "NetworkPolicy")
    (rule,) = policies["flink-to-kafka-out"]["spec"]["egress"]
    assert rule["to"] == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "streams"}}}]
    assert [port["port"] for port in rule["ports"]] == [9093, 9095]


def test_given_addresses_take_the_place_of_all(tmp_path: Path) -> None:
    policies = named(made(environment(tmp_path, stack({**OPEN, "cidrs": ["10.1.0.0/16"]}))), "NetworkPolicy")
    (rule,) = policies["flink-to-kafka-out"]["spec"]["egress"]
    assert rule["to"] == [{"ipBlock": {"cidr": "10.1.0.0/16"}}]


def test_weirs_own_registry_logs_in_to_the_existing_kafka(tmp_path: Path) -> None:
    found = made(environment(tmp_path, stack(SCRAM, registry={}), owned=True))
    (container,) = named(found, "Deployment")["registry"]["spec"]["template"]["spec"]["containers"]
    (password,) = (entry for entry in container["env"] if entry["name"] == "KAFKA_PASSWORD")
    assert password["valueFrom"]["secretKeyRef"]["name"] == "kafka-login"
    (setup,) = (entry for name, entry in named(found, "ConfigMap").items() if name.startswith("kafka-setup"))
    topics = {topic["name"] for topic in json.loads(setup["data"]["kafka.json"])["topics"]}
    assert {"flights.events", "kafkasql-journal"} <= topics
    # The job runs before that registry does, and asks it nothing.
    assert not [name for name in named(found, "NetworkPolicy") if name.startswith("kafka-setup-to-registry")]


def test_an_existing_registry_beside_weirs_own_kafka_leaves_nothing_behind(tmp_path: Path) -> None:
    found = made(environment(tmp_path, stack(SCRAM, kafka={}), owned=True))
    assert "flights.events" in named(found, "KafkaTopic")
    assert not [name for name in named(found, "KafkaTopic") if name.startswith("kafkasql")]
    assert "registry" not in named(found, "KafkaUser")
    (subjects,) = (entry for name, entry in named(found, "ConfigMap").items() if name.startswith("registry-schemas"))
    assert [subject["name"] for subject in json.loads(subjects["data"]["subjects.json"])] == ["flights.events-value"]


def test_no_broker_is_planned_and_the_load_is_told(tmp_path: Path) -> None:
    plan = whole(environment(tmp_path, stack(SCRAM))).plan
    assert (plan.kafka.brokers, plan.kafka.controllers, plan.kafka.disk_gib) == (0, 0, 0)
    assert plan.kafka.existing
    assert plan.kafka.existing.topics == 2
    assert plan.kafka.existing.partitions == 5
    assert plan.kafka.existing.read_bytes_per_second > plan.kafka.existing.written_bytes_per_second > 1e6
    assert {group.name for group in plan.pods if group.component == "kafka"} == {"setup"}


def test_leaving_weirs_own_kafka_behind_is_refused(tmp_path: Path) -> None:
    own = made(environment(tmp_path / "own", load_stack(STACKS / "Pulumi.prod.yaml"), owned=True))
    beside = made(environment(tmp_path / "beside", stack(SCRAM), owned=True))
    refused = {change.resource for change in compare(own, beside) if change.risk is Risk.REFUSED}
    assert {"Kafka kafka", "KafkaNodePool brokers", "KafkaTopic flights.events"} <= refused


REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "unsaid": ({}, {"owned": None}, "source.owned: missing, and kafka.provider is existing"),
    "clients": (
        {},
        {"clients": {"feed": {"role": "producer", "namespace": "ops"}}},
        "clients: weir makes no users on an existing Kafka",
    ),
    "a start that Kafka Streams does not know": (
        {},
        {"engine": "kafka-streams", "start": "latest"},
        "source.start: Kafka Streams begins at the earliest event alone",
    ),
    "a registry that Kafka Streams cannot reach": (
        {"registry": GUARDED},
        {"engine": "kafka-streams"},
        "engine: Kafka Streams and its loader reach a registry without a login",
    ),
    "no registry": ({"registry": {}}, {}, "set registry.provider to existing"),
    "weir's own Kafka": ({"kafka": {}}, {}, "source.owned: false, but kafka.provider strimzi is a Kafka of weir's own"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_pipeline_that_does_not_fit_the_kafka_is_refused(case: str, tmp_path: Path) -> None:
    settings, pipeline, words = REFUSED[case]
    with pytest.raises(ConfigError, match="flights: ") as refused:
        environment(tmp_path, stack(SCRAM, **settings), **pipeline)
    assert words in str(refused.value)


def test_events_in_json_need_no_registry_of_their_producers() -> None:
    orders = load_pipeline(REPOSITORY / "pipelines" / "orders")
    source = orders.spec.source.model_copy(update={"owned": False})
    foreign = replace(orders, spec=orders.spec.model_copy(update={"source": source}))
    settings = stack(SCRAM, registry={})
    assert list(ownership_problems(settings, [foreign])) == []
