"""Kafka's components: what each provider is asked for, in which order it is made, and what is kept."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests import schemas

from weir.catalog.kafka_setup import ClientQuota, KafkaSetup
from weir.catalog.pipeline import load_pipeline
from weir.catalog.principals import job_principal, principals, producer_principal
from weir.catalog.topics import Topic
from weir.components.base import Site
from weir.components.certificates import CertificateAuthority, CertificateAuthorityArgs
from weir.components.images import Image
from weir.components.kafka.access import FLINK_SHADING, KafkaAccess
from weir.components.kafka.aiven import AivenKafkaArgs, ManagedKafka
from weir.components.kafka.plain import PlainKafka, PlainKafkaArgs
from weir.components.kafka.plain_setup import PlainKafkaSetup, PlainKafkaSetupArgs
from weir.components.kafka.strimzi import KafkaCluster, KafkaClusterArgs
from weir.components.kafka.topic import KafkaTopic, KafkaTopicArgs
from weir.components.kafka.user import KafkaUser, KafkaUserArgs
from weir.config.kafka import AivenKafka, KafkaAuthentication
from weir.programs.recording import SECRET, Recorded, record
from weir.sizing.kafka_elsewhere import AivenOrder
from weir.sizing.plan import KafkaPlan, NodeSize, QuotaPlan

pytestmark = pytest.mark.unit

FLIGHTS = load_pipeline(Path(__file__).parents[2] / "pipelines" / "flights")
PROD = Site("prod", "weir-prod", "platform", keep_data=True, zones=3)
DEV = Site("dev", "weir-dev", "platform", keep_data=False)
STRIMZI = "kafka.strimzi.io/v1"
CONFIG = {"retention.ms": "604800000", "min.insync.replicas": "2", "max.message.bytes": "3000000"}
TOPIC = Topic("flights.events", 12, CONFIG)
QUOTA = QuotaPlan(1_000_000, 2_000_000, 50)
PLAN = KafkaPlan(
    controllers=3,
    controller=NodeSize(0.5, 2048, 1024, 20),
    brokers=3,
    broker=NodeSize(2, 8192, 4096, 500),
    replication_factor=3,
    min_in_sync_replicas=2,
    topics=(TOPIC,),
    quotas={"flights": QUOTA},
    transaction_max_timeout_seconds=900,
    aiven=AivenOrder("business-8", additional_disk_gib=300, month=500),
)


def made(program: Callable[[], object], stack: str = "prod") -> dict[str, Recorded]:
    """The resources by name; a component's name may be that of its child, which is meant then."""
    return {resource.name: resource for resource in record(program, stack)}


def spec(resource: Recorded) -> dict[str, Any]:
    assert schemas.problems(resource.inputs) == []
    return resource.inputs["spec"]


@cache
def strimzi(site: Site = PROD, authentication: KafkaAuthentication = KafkaAuthentication.SCRAM) -> dict[str, Recorded]:
    def program() -> None:
        args = KafkaClusterArgs(PLAN, "4.3.1", "4.3", STRIMZI, authentication, ["* * 2-4 ? * SUN *"], "gp3")
        cluster = KafkaCluster("kafka", site, args)
        topic = KafkaTopicArgs("kafka", STRIMZI, TOPIC, 3, [cluster.cluster])
        KafkaTopic(TOPIC.name, site, topic)
        user = KafkaUserArgs("kafka", STRIMZI, job_principal(FLIGHTS), authentication, QUOTA, [cluster.cluster])
        KafkaUser("weir-flights", site, user)

    return made(program, site.environment)


@pytest.mark.parametrize("authentication", KafkaAuthentication)
def test_every_listener_is_encrypted_and_asks_who_calls(authentication: KafkaAuthentication):
    (listener,) = spec(strimzi(authentication=authentication)["kafka"])["kafka"]["listeners"]
    assert listener["tls"] is True
    assert listener["authentication"] == {"type": authentication.value}


def test_refusals_are_logged_and_what_is_allowed_is_not():
    loggers = spec(strimzi()["kafka"])["kafka"]["logging"]["loggers"]
    assert loggers["logger.authorizer.name"] == "kafka.authorizer.logger"
    assert loggers["rootLogger.level"] == loggers["logger.authorizer.level"] == "INFO"


def test_brokers_and_controllers_are_pools_of_the_planned_size():
    found = strimzi()
    brokers, controllers = spec(found["kafka-brokers"]), spec(found["kafka-controllers"])
    assert (brokers["replicas"], brokers["roles"]) == (3, ["broker"])
    assert (controllers["replicas"], controllers["roles"]) == (3, ["controller"])
    (volume,) = brokers["storage"]["volumes"]
    assert (volume["size"], volume["class"], volume["deleteClaim"]) == ("500Gi", "gp3", False)
    assert brokers["jvmOptions"] == {"-Xms": "4096m", "-Xmx": "4096m"}
    assert brokers["resources"]["requests"] == {"cpu": "2", "memory": "8192Mi"}


def test_nothing_acknowledged_can_be_lost_by_the_brokers_settings():
    config = spec(strimzi()["kafka"])["kafka"]["config"]
    assert config["unclean.leader.election.enable"] is False
    assert config["auto.create.topics.enable"] is False
    assert (config["default.replication.factor"], config["min.insync.replicas"]) == (3, 2)
    assert config["transaction.state.log.min.isr"] == 2


def test_brokers_copy_the_largest_record_that_a_topic_takes():
    config = spec(strimzi()["kafka"])["kafka"]["config"]
    assert (config["message.max.bytes"], config["replica.fetch.max.bytes"]) == (3_000_000, 3_000_000)


def test_racks_are_zones_where_there_are_several():
    assert spec(strimzi(PROD)["kafka"])["kafka"]["rack"] == {"topologyKey": "topology.kubernetes.io/zone"}
    assert "rack" not in spec(strimzi(DEV)["kafka"])["kafka"]


def test_pools_come_before_the_cluster_which_comes_before_topics_and_users():
    found = strimzi()
    assert {found["kafka-brokers"].urn, found["kafka-controllers"].urn} == set(found["kafka"].dependencies)
    for name in (TOPIC.name, "weir-flights"):
        assert found[name].dependencies == (found["kafka"].urn,)


@pytest.mark.parametrize(("site", "kept"), [(PROD, True), (DEV, False)])
def test_what_holds_data_is_protected_and_kept_outside_development(site: Site, kept: bool):
    found = strimzi(site)
    for name in ("kafka", "kafka-brokers", "kafka-controllers", TOPIC.name):
        assert (found[name].protect, found[name].retain_on_delete) == (kept, kept), name
    assert not found["weir-flights"].protect


def test_a_topic_has_the_plans_partitions_copies_and_settings():
    topic = strimzi()[TOPIC.name]
    assert topic.inputs["metadata"]["labels"]["strimzi.io/cluster"] == "kafka"
    assert spec(topic) == {"topicName": TOPIC.name, "partitions": 12, "replicas": 3, "config": CONFIG}


def test_the_job_reads_its_topic_writes_dead_letters_and_may_do_no_more():
    user = spec(strimzi()["weir-flights"])
    rules = {
        (rule["resource"]["type"], rule["resource"]["name"], rule["resource"]["patternType"]): rule["operations"]
        for rule in user["authorization"]["acls"]
    }
    assert rules == {
        ("topic", "flights.events", "literal"): ["Read", "Describe"],
        ("topic", "flights.dead-letters", "literal"): ["Read", "Write", "Describe"],
        ("group", "weir-flights", "literal"): ["Read", "Describe"],
        ("transactionalId", "weir-flights-", "prefix"): ["Write", "Describe"],
    }
    assert user["quotas"] == {"producerByteRate": 1_000_000, "consumerByteRate": 2_000_000, "requestPercentage": 50}


def test_a_producer_may_write_to_its_topic_alone():
    (rule,) = producer_principal(FLIGHTS).rules
    assert (rule.name, rule.operations, rule.prefix) == ("flights.events", ("Write", "Describe"), False)


@cache
def plain(site: Site = PROD) -> dict[str, Recorded]:
    def program() -> None:
        authority = CertificateAuthority(site, CertificateAuthorityArgs("cert-manager.io/v1"))
        kafka = PlainKafka("kafka", site, PlainKafkaArgs(PLAN, Image("apache/kafka:4.3.1"), authority))
        setup = PlainKafkaSetupArgs(kafka, PLAN.topics, principals([FLIGHTS]), Image("weir-jobs:0.1.0"))
        PlainKafkaSetup("kafka-setup", site, setup)

    return made(program, site.environment)


def test_plain_nodes_know_nodes_by_certificate_and_clients_by_password():
    settings = plain()["kafka-config"].inputs["data"]["broker.properties"].splitlines()
    assert "listener.security.protocol.map=CONTROLLER:SSL,INTERNAL:SSL,CLIENTS:SASL_SSL" in settings
    assert "listener.name.internal.ssl.client.auth=required" in settings
    assert "sasl.enabled.mechanisms=SCRAM-SHA-512" in settings
    assert "allow.everyone.if.no.acl.found=false" in settings
    assert "super.users=User:weir-kafka-node" in settings


def test_plain_volumes_stay_and_their_nodes_are_protected():
    for name in ("kafka-brokers", "kafka-controllers"):
        nodes = plain()[f"{name}-nodes"]
        assert spec(nodes)["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
        assert nodes.protect


def test_a_plain_certificate_names_every_node():
    names = spec(plain()["kafka-node"])["dnsNames"]
    for node in ("kafka-brokers-2.kafka-brokers", "kafka-controllers-0.kafka-controllers"):
        assert f"{node}.weir-prod.svc" in names
    assert "kafka-brokers.weir-prod.svc" in names


def test_the_setup_gets_topics_users_rules_and_quotas_but_no_password():
    found = plain()
    wanted = KafkaSetup.from_json(found["kafka-setup-files"].inputs["data"]["kafka.json"])
    assert (wanted.brokers, wanted.replication_factor) == (3, 3)
    assert wanted.topics == (TOPIC,)
    assert wanted.users == principals([FLIGHTS])
    quota = ClientQuota(producer_byte_rate=1_000_000, consumer_byte_rate=2_000_000, request_percentage=50)
    assert wanted.quotas == dict.fromkeys(("weir-flights", "weir-flights-producer", "weir-flights-monitor"), quota)
    assert found["weir-flights"].inputs["stringData"] == {"password": SECRET}
    assert found["weir-flights"].ignore_changes == ("data", "stringData")


def test_the_setup_sees_the_node_certificate_and_user_passwords_as_files():
    pod = spec(plain()["kafka-setup"])["template"]["spec"]
    (container,) = pod["containers"]
    assert container["image"] == "weir-jobs:0.1.0"
    folders = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    command = container["command"]
    assert command[:3] == ["python", "-m", "weir.incluster.kafka.job"]
    assert command[command.index("--servers") + 1] == "kafka-brokers.weir-prod.svc:9094"
    assert command[command.index("--certificate") + 1] == folders["certificate"]
    assert command[command.index("--passwords") + 1] == folders["passwords"]
    volumes = {volume["name"]: volume.get("projected", {}).get("sources", []) for volume in pod["volumes"]}
    shown = {
        source["secret"]["name"]: [item["path"] for item in source["secret"]["items"]]
        for source in volumes["certificate"]
    }
    assert shown == {"kafka-node": ["tls.crt", "tls.key"], "kafka-nodes-trust": ["ca.crt"]}
    passwords = {each["secret"]["name"]: each["secret"]["items"] for each in volumes["passwords"]}
    assert set(passwords) == {principal.name for principal in principals([FLIGHTS])}
    assert passwords["weir-flights"] == [{"key": "password", "path": "weir-flights"}]


def test_the_setup_runs_anew_when_a_topic_changes():
    def name(topic: Topic) -> str:
        def program() -> None:
            authority = CertificateAuthority(DEV, CertificateAuthorityArgs("cert-manager.io/v1"))
            kafka = PlainKafka("kafka", DEV, PlainKafkaArgs(PLAN, Image("apache/kafka:4.3.1"), authority))
            PlainKafkaSetup("kafka-setup", DEV, PlainKafkaSetupArgs(kafka, [topic], (), Image("weir-jobs:0.1.0")))

        return made(program)["kafka-setup"].inputs["metadata"]["name"]

    other = Topic("flights.events", 16, CONFIG)
    assert name(TOPIC) == name(TOPIC)
    assert name(TOPIC) != name(other)


@cache
def aiven(site: Site = PROD) -> dict[str, Recorded]:
    config = AivenKafka(project="acme", cloud_name="aws-eu-west-1")

    def program() -> None:
        ManagedKafka("kafka", site, AivenKafkaArgs(PLAN, config, "4.3.1", principals([FLIGHTS]), [FLIGHTS]))

    return made(program, site.environment)


@pytest.mark.parametrize(("site", "kept"), [(PROD, True), (DEV, False)])
def test_aiven_refuses_to_terminate_what_is_kept(site: Site, kept: bool):
    found = aiven(site)
    assert found["kafka"].inputs["terminationProtection"] is kept
    assert found["kafka-flights.events"].inputs["terminationProtection"] is kept
    assert found["kafka"].protect is kept


def test_aiven_orders_the_disk_that_its_plan_does_not_include():
    inputs = aiven()["kafka"].inputs
    assert (inputs["plan"], inputs["additionalDiskSpace"]) == ("business-8", "300GiB")


def test_aiven_has_the_same_topics_users_rules_and_schemas():
    found = aiven()
    topic = found["kafka-flights.events"].inputs
    assert (topic["partitions"], topic["replication"]) == (12, 3)
    assert topic["config"] == {
        "retentionMs": "604800000",
        "minInsyncReplicas": "2",
        "maxMessageBytes": "3000000",
    }
    brokers = found["kafka"].inputs["kafkaUserConfig"]["kafka"]
    assert (brokers["messageMaxBytes"], brokers["replicaFetchMaxBytes"]) == (3_000_000, 3_000_000)
    assert found["kafka-flights.events-value"].inputs["compatibilityLevel"] == "BACKWARD"
    rules = [resource.inputs for resource in found.values() if resource.type.endswith("KafkaNativeAcl")]
    wanted = sum(len(rule.operations) for principal in principals([FLIGHTS]) for rule in principal.rules)
    assert len(rules) == wanted
    assert {"Topic", "Group", "TransactionalId"} == {rule["resourceType"] for rule in rules}
    reading = found["kafka-weir-flights-flights.events-value"].inputs
    assert (reading["permission"], reading["resource"]) == ("schema_registry_read", "Subject:flights.events-value")
    assert found["kafka-weir-flights-quota"].inputs["producerByteRate"] == 1_000_000


def test_aivens_passwords_reach_the_cluster_as_secrets():
    secret = aiven()["kafka-weir-flights-secret"]
    assert secret.secret_paths == {"stringData"}
    assert secret.inputs["metadata"]["name"] == "weir-flights"


@pytest.mark.parametrize("authentication", KafkaAuthentication)
def test_a_clients_properties_name_files_and_no_secret(authentication: KafkaAuthentication):
    access = KafkaAccess("kafka:9093", authentication, "kafka-cluster-ca-cert", ())
    properties = access.properties("weir-flights", FLINK_SHADING)
    assert properties["security.protocol"].endswith("SSL")
    assert properties["config.providers.directory.class"].startswith("org.apache.flink.kafka.shaded.org.apache.kafka.")
    keys = [value for name, value in properties.items() if ("key" in name and "type" not in name) or "jaas" in name]
    assert keys
    assert all("${directory:/etc/weir/kafka-user:" in value for value in keys)
