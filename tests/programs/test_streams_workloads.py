"""A pipeline on Kafka Streams in a cluster: what is made, in which order, with which logins, and how sizing shows."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from functools import cache
from typing import Any, cast

import pytest
from tests import schemas
from tests.policy.rules_under_test import Resource, rules
from tests.renderings import AIVEN, AIVEN_PRICES, by_digest

from weir.catalog.environment import load_environment
from weir.catalog.spec import Engine
from weir.components.cassandra.access import CassandraAccess
from weir.components.certificates import CertificateAuthority, CertificateAuthorityArgs
from weir.components.kafka.access import KafkaAccess
from weir.config.errors import WeirError
from weir.config.kafka import KafkaAuthentication
from weir.config.stack import StackConfig, load_stack
from weir.programs.change_rules import compare
from weir.programs.changes import Risk
from weir.programs.load import PlannedEnvironment, planned
from weir.programs.platform import Platform, platform, site_of
from weir.programs.recording import Recorded, record
from weir.programs.rendering import REPOSITORY, STACKS
from weir.programs.workloads import workloads
from weir.sizing import plan_for

pytestmark = pytest.mark.unit

Objects = dict[tuple[str, str], Recorded]


@cache
def whole() -> Objects:
    """All that production is, with its pipelines on Kafka Streams; of two objects with one name, the last."""
    environment = environment_of(load_stack(STACKS / "Pulumi.prod.yaml"))
    return objects(record(lambda: workloads(environment, platform(environment)), "prod"))


@cache
def made(stack: str = "prod", provider: str = "strimzi", peak: float | None = None) -> Objects:
    """What the engine alone adds to a stack."""
    document = load_stack(STACKS / f"Pulumi.{stack}.yaml").model_dump(by_alias=True, exclude_unset=True)
    document.setdefault("kafka", {})["provider"] = provider
    if peak:
        rates = {"peak_events_per_second": peak, "mean_events_per_second": 100}
        document.setdefault("workload", {})["pipelines"] = {"flights": rates}
    environment = environment_of(StackConfig.model_validate(document))
    site = site_of(environment.stack)

    def program() -> None:
        services = Platform(
            site=site,
            authority=CertificateAuthority(site, CertificateAuthorityArgs("cert-manager.io/v1")),
            kafka=KafkaAccess("kafka:9093", KafkaAuthentication.SCRAM, "kafka-cluster-ca-cert", ()),
            registry_url="http://registry:8080/apis/ccompat/v7",
            ready=(),
            cassandra=CassandraAccess(("cassandra:9042",), "dc1", "cassandra-tls", ()),
        )
        workloads(environment, services)

    return objects(record(program, stack))


def environment_of(stack: StackConfig) -> PlannedEnvironment:
    environment = load_environment(REPOSITORY / "pipelines", by_digest(stack), Engine.KAFKA_STREAMS)
    return planned(environment, plan_for(environment), {})


def objects(found: list[Recorded]) -> Objects:
    return {
        (entry.inputs["kind"], entry.inputs["metadata"]["name"]): entry
        for entry in found
        if entry.custom and "kind" in entry.inputs
    }


def spec(found: Objects, kind: str, name: str) -> dict[str, Any]:
    return found[kind, name].inputs["spec"]


def depends(entry: Recorded, text: str) -> bool:
    return any(text in urn for urn in entry.dependencies)


@pytest.mark.parametrize(("stack", "provider"), [("dev", "strimzi"), ("prod", "strimzi"), ("prod", "plain")])
def test_every_manifest_fits_its_schema_and_breaks_no_rule(stack: str, provider: str) -> None:
    found = made(stack, provider)
    assert {name: problems for name, entry in found.items() if (problems := schemas.problems(entry.inputs))} == {}
    assert broken_rules(found) == []


def test_the_whole_of_production_fits_its_schemas_and_has_no_flink_job() -> None:
    found = whole()
    kinds = ("KafkaTopic", "KafkaUser", "NetworkPolicy", "KafkaConnect")
    some = {name: entry for name, entry in found.items() if name[0] in kinds}
    assert {name: problems for name, entry in some.items() if (problems := schemas.problems(entry.inputs))} == {}
    assert broken_rules(found) == []
    assert not [name for kind, name in found if kind == "FlinkDeployment"]


def broken_rules(found: Objects) -> list[str]:
    resources = [Resource(entry.type, entry.name, entry.inputs, entry.protect) for entry in found.values()]
    return [str(violation) for violation in rules.violations(resources)]


def test_a_pod_comes_back_as_the_member_that_it_was_with_its_state() -> None:
    found = made("prod")
    stateful = spec(found, "StatefulSet", "streams-flights")
    (container,) = stateful["template"]["spec"]["containers"]
    assert "group.instance.id=$(POD_NAME)" in container["command"]
    assert container["env"][0]["valueFrom"]["fieldRef"]["fieldPath"] == "metadata.name"
    (claim,) = stateful["volumeClaimTemplates"]
    assert claim["metadata"]["name"] in [mount["name"] for mount in container["volumeMounts"]]
    assert stateful["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    assert found["StatefulSet", "streams-flights"].protect
    probes = [container[probe]["httpGet"]["path"] for probe in ("startupProbe", "readinessProbe", "livenessProbe")]
    assert probes == ["/live", "/ready", "/live"]
    budget = spec(found, "PodDisruptionBudget", "streams-flights")
    assert budget["maxUnavailable"] == 1
    assert budget["selector"]["matchLabels"].items() <= stateful["template"]["metadata"]["labels"].items()


def test_production_has_a_standby_of_all_state() -> None:
    plan = json.loads(made("prod")["ConfigMap", "streams-flights-config"].inputs["data"]["flights.json"])
    assert plan["streams"]["num.standby.replicas"] == plan["totals_streams"]["num.standby.replicas"] == "1"
    assert spec(made("prod"), "StatefulSet", "streams-flights")["replicas"] >= 2


def test_more_events_are_more_threads_memory_and_tasks_and_other_pods() -> None:
    few, many = made("prod", peak=1000), made("prod", peak=40_000)

    def of(found: Objects) -> tuple[float, int, int]:
        stateful = spec(found, "StatefulSet", "streams-flights")
        (container,) = stateful["template"]["spec"]["containers"]
        plan = json.loads(found["ConfigMap", "streams-flights-config"].inputs["data"]["flights.json"])
        threads = stateful["replicas"] * int(plan["streams"]["num.stream.threads"])
        memory = stateful["replicas"] * int(container["resources"]["limits"]["memory"].removesuffix("Mi"))
        return threads, memory, spec(found, "KafkaConnector", "weir-flights")["tasksMax"]

    assert all(less < more for less, more in zip(of(few), of(many), strict=True))
    checksums = {
        spec(found, "StatefulSet", "streams-flights")["template"]["metadata"]["annotations"]["weir.io/config-checksum"]
        for found in (few, many)
    }
    assert len(checksums) == 2, "a changed plan replaces the pods"


def test_events_are_joined_once_the_reference_rows_are_there() -> None:
    found = whole()
    assert depends(found["StatefulSet", "streams-flights"], "::references-flights")
    for kind, name in (("StatefulSet", "streams-flights"), ("KafkaConnect", "loader-flights")):
        assert depends(found[kind, name], "::flights.table.flights-enriched"), name
        assert depends(found[kind, name], "::kafka"), name
    assert depends(found["KafkaConnect", "loader-flights"], "::cassandra-schema")
    assert depends(found["KafkaConnector", "weir-flights"], "::loader-flights")
    parent = found["StatefulSet", "streams-flights"].parent
    assert parent.endswith("weir:streams:StreamsApplication::streams-flights")


def test_every_program_has_a_user_with_no_more_than_it_needs() -> None:
    found = whole()
    allowed = {
        name: {
            (acl["resource"]["type"], acl["resource"]["name"], acl["resource"]["patternType"]): set(acl["operations"])
            for acl in spec(found, "KafkaUser", name)["authorization"]["acls"]
        }
        for name in ("weir-flights", "weir-flights-loader", "weir-flights-references")
    }
    application = allowed["weir-flights"]
    assert application["topic", "weir-flights-seen-changelog", "literal"] >= {"Create", "Read", "Write"}
    assert application["topic", "weir-flights-totals-traffic_by_day-repartition", "literal"] >= {"Create", "Delete"}
    assert application["topic", "flights.events", "literal"] == {"Read", "Describe"}
    assert application["topic", "flights.table.airports", "literal"] == {"Read", "Describe"}
    assert application["transactionalId", "weir-flights-", "prefix"] == {"Write", "Describe"}
    assert {name for kind, name, _ in application if kind == "group"} == {"weir-flights", "weir-flights-totals"}
    loader = allowed["weir-flights-loader"]
    assert ("topic", "flights.events", "literal") not in loader
    assert loader["topic", "flights.table.flights-enriched", "literal"] == {"Read", "Describe"}
    assert {name for kind, name, _ in loader if kind == "group"} == {"loader-flights", "connect-weir-flights"}
    references = allowed["weir-flights-references"]
    assert {name for _, name, _ in references} == {
        "flights.table.airlines",
        "flights.table.airports",
        "flights.table.planes",
    }
    prefixes = [entry for rules_of in allowed.values() for entry in rules_of if entry[2] == "prefix"]
    assert prefixes == [("transactionalId", "weir-flights-", "prefix")]


def test_the_topics_of_tables_are_planned_and_connects_own_are_compacted() -> None:
    found = whole()
    topics = {
        entry.inputs["spec"]["topicName"]: entry.inputs["spec"]
        for (kind, _), entry in found.items()
        if kind == "KafkaTopic"
    }
    source = topics["flights.events"]
    assert topics["flights.table.flights-enriched"]["partitions"] == source["partitions"]
    assert topics["flights.table.flights-enriched"]["config"]["retention.ms"] == source["config"]["retention.ms"]
    for name in ("flights.table.airports", "flights.table.traffic-by-day", "loader-flights-offsets"):
        assert topics[name]["config"]["cleanup.policy"] == "compact", name
        assert topics[name]["config"]["min.insync.replicas"] == "2", name
    assert topics["loader-flights-configs"]["partitions"] == 1


@pytest.mark.parametrize(("provider", "root"), [("strimzi", "/mnt"), ("plain", "")])
def test_the_loader_reads_its_passwords_from_files(provider: str, root: str) -> None:
    found = made("prod", provider)
    if provider == "plain":
        (container,) = spec(found, "Deployment", "loader-flights")["template"]["spec"]["containers"]
        mounts = {mount["mountPath"] for mount in container["volumeMounts"]}
        text = found["ConfigMap", "loader-flights-config"].inputs["data"]["connector.properties"]
        config = dict(line.split("=", 1) for line in text.splitlines())
    else:
        config = spec(found, "KafkaConnector", "weir-flights")["config"]
        template = spec(found, "KafkaConnect", "loader-flights")["template"]
        mounts = {mount["mountPath"] for mount in template["connectContainer"]["volumeMounts"]}
    assert config["username"] == "job_flights"
    for file in ("password.file", "tls.truststore.path", "tls.truststore.password.file"):
        assert config[file].startswith(f"{root}/etc/weir/"), file
        assert config[file].rpartition("/")[0] in mounts, file
    assert config["consumer.override.isolation.level"] == "read_committed"


def test_a_task_that_failed_is_started_again() -> None:
    assert spec(made("prod"), "KafkaConnector", "weir-flights")["autoRestart"] == {"enabled": True}
    (container,) = spec(made("prod", "plain"), "Deployment", "loader-flights")["template"]["spec"]["containers"]
    check = container["livenessProbe"]["exec"]["command"][-1]
    assert "/connectors/weir-flights/status" in check
    assert "FAILED" in check


def test_a_standalone_worker_logs_in_with_each_of_its_clients() -> None:
    data = made("prod", "plain")["ConfigMap", "loader-flights-config"].inputs["data"]
    worker = dict(line.split("=", 1) for line in data["worker.properties"].splitlines())
    logins = [key for key in worker if key.endswith("sasl.jaas.config")]
    assert set(logins) == {f"{client}sasl.jaas.config" for client in ("", "admin.", "consumer.", "producer.")}
    assert all("${directory:/etc/weir/kafka-user:password}" in worker[key] for key in logins)
    assert worker["listeners"] == "http://127.0.0.1:8083", "its REST interface could change what is loaded"


def test_all_that_a_program_talks_to_is_a_named_flow() -> None:
    found = whole()
    policies = {name for kind, name in found if kind == "NetworkPolicy"}
    for flow in (
        *("kafka-streams-to-kafka", "kafka-streams-to-registry", "loader-to-kafka", "loader-to-cassandra"),
        *("references-to-cassandra", "references-to-kafka", "operators-to-loader", "loader-internal"),
    ):
        assert f"{flow}-out" in policies or f"{flow}-in" in policies, flow
    assert "kafka-streams-to-cassandra-out" not in policies


def test_alerts_cover_threads_that_keep_failing_and_a_loader_that_stalls() -> None:
    found = whole()
    (endpoint,) = found["PodMonitor", "kafka-streams"].inputs["spec"]["podMetricsEndpoints"]
    assert (endpoint["port"], endpoint["path"]) == ("http", "/metrics")
    assert ("NetworkPolicy", "metrics-of-streams-in") in found
    groups = found["PrometheusRule", "weir"].inputs["spec"]["groups"]
    alerts = {rule["alert"]: rule for group in groups for rule in group["rules"]}
    assert not {"WeirJobLooping", "WeirEventsAreLate"} & set(alerts)
    threads = alerts["WeirStreamsLooping"]
    assert threads["expr"].endswith('(weir_pipeline_failures_since_progress{namespace="weir-prod"}) >= 3')
    assert (threads["for"], threads["labels"]["severity"]) == ("0m", "critical")
    group = 'namespace="weir-prod", consumergroup="connect-weir-flights"'
    assert alerts["WeirLoaderStandsFlights"]["expr"] == (
        f"max(kafka_consumergroup_lag{{{group}}}) > 100 and "
        f"sum(increase(kafka_consumergroup_current_offset{{{group}}}[10m])) == 0"
    ), "the ends of transactions wait for ever in a topic without traffic"
    assert all((REPOSITORY / alerts[name]["annotations"]["runbook"]).is_file() for name in alerts if "Loop" in name)


def test_other_partitions_are_refused_for_its_state_is_divided_by_them() -> None:
    before = list(whole().values())

    def grown(entry: Recorded) -> Recorded:
        topic = entry.inputs["spec"].get("topicName") if entry.inputs["kind"] == "KafkaTopic" else None
        if topic not in ("flights.events", "flights.table.airports"):
            return entry
        inputs = copy.deepcopy(entry.inputs)
        inputs["spec"]["partitions"] += 8
        return replace(entry, inputs=inputs)

    changes = {change.resource: change for change in compare(before, [grown(entry) for entry in before])}
    assert changes["KafkaTopic flights.events"].risk is Risk.REFUSED
    assert "divided by partition" in changes["KafkaTopic flights.events"].reason
    assert changes["KafkaTopic flights.table.airports"].risk is Risk.DATA_MOVING


def test_aiven_is_refused_with_its_reason() -> None:
    config = load_stack(STACKS / "Pulumi.prod.yaml").model_dump(by_alias=True, exclude_unset=True)
    config |= {"kafka": AIVEN, "prices": AIVEN_PRICES}
    environment = environment_of(StackConfig.model_validate(config))
    with pytest.raises(WeirError, match="creates its own topics"):
        workloads(environment, cast("Any", None))
