"""A pipeline's FlinkDeployment: upgrades that keep state, files instead of secrets, and what follows from the plan."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests import schemas

from weir.catalog.pipeline import load_pipeline
from weir.components.base import Site
from weir.components.cassandra.access import CassandraAccess
from weir.components.certificates import CertificateAuthority, CertificateAuthorityArgs
from weir.components.flink.account import FlinkAccount, FlinkAccountArgs
from weir.components.flink.deployment import STATE_DECISION, FlinkDeployment, FlinkDeploymentArgs, FlinkVersion
from weir.components.flink.settings import OperatorPolicy
from weir.components.images import Image
from weir.components.kafka.access import KafkaAccess
from weir.config.flink import FlinkConfig, GarbageCollector, StateBackend, StateDecision
from weir.config.kafka import KafkaAuthentication
from weir.config.storage import ObjectEncryption, ObjectStorage
from weir.programs.recording import Recorded, record
from weir.sizing.plan import FlinkJobPlan, NodeSize, PodSize

pytestmark = pytest.mark.unit

FLIGHTS = load_pipeline(Path(__file__).parents[2] / "pipelines" / "flights")
SITE = Site("prod", "weir-prod", "platform", keep_data=True, zones=3)
BUCKET = ObjectStorage(bucket="weir-prod", region="eu-west-1", workload_identity=True)
PLAN = FlinkJobPlan(
    pipeline="flights",
    parallelism=12,
    task_slots=4,
    task_managers=3,
    max_parallelism=128,
    task_manager=NodeSize(4, 8192, None, 100),
    job_managers=2,
    job_manager=PodSize(1, 2048),
    state_backend=StateBackend.ROCKSDB,
    state_gib=40,
    checkpoint_interval_seconds=30,
    checkpoint_storage_gib=120.2,
    autoscaler_min_parallelism=4,
    autoscaler_max_parallelism=12,
    settings=FlinkConfig(parallelism=12, task_slots=4, task_managers=3, state_backend=StateBackend.ROCKSDB),
)


def made(site: Site = SITE, bucket: ObjectStorage | None = BUCKET, **changes: Any) -> dict[str, Recorded]:
    def program() -> None:
        args = FlinkDeploymentArgs(
            pipeline=changes.pop("pipeline", FLIGHTS),
            plan=changes.pop("plan", PLAN),
            version=FlinkVersion("2.2.1", "v2_2", "flink.apache.org/v1beta1"),
            image=Image("ghcr.io/weir/flink-job:0.1.0"),
            kafka=KafkaAccess("kafka:9093", KafkaAuthentication.SCRAM, "kafka-cluster-ca-cert", ()),
            cassandra=CassandraAccess(("cassandra:9042",), "dc1", "cassandra-tls", ()),
            cassandra_role="job_flights",
            registry_url="http://registry:8080/apis/ccompat/v7",
            registry_login=changes.pop("registry_login", False),
            operator=OperatorPolicy(5, 168),
            authority=CertificateAuthority(site, CertificateAuthorityArgs("cert-manager.io/v1")),
            object_storage=bucket,
            storage_class="fast",
            **changes,
        )
        FlinkDeployment("flights", site, args)

    return {resource.name: resource for resource in record(program, site.environment)}


def spec(found: dict[str, Recorded]) -> dict[str, Any]:
    assert schemas.problems(found["flights"].inputs) == []
    return found["flights"].inputs["spec"]


def test_an_upgrade_goes_through_a_savepoint_and_loses_no_state_in_silence():
    job = spec(made())["job"]
    assert (job["upgradeMode"], job["allowNonRestoredState"], job["state"]) == ("savepoint", False, "running")
    found = made()
    settings = spec(found)["flinkConfiguration"]
    assert settings["kubernetes.operator.job.savepoint-on-deletion"] == "true"
    # Else Kubernetes deletes the job manager before the operator has asked it for that savepoint.
    assert found["flights"].inputs["metadata"]["annotations"]["pulumi.com/deletionPropagationPolicy"] == "background"
    assert settings["kubernetes.operator.deployment.rollback.enabled"] == "true"


@pytest.mark.parametrize(
    ("decision", "mode", "lenient"),
    [(StateDecision.START_EMPTY, "stateless", False), (StateDecision.DROP_REMOVED, "savepoint", True)],
)
def test_state_is_given_up_only_by_a_decision_that_stays_visible(decision: StateDecision, mode: str, lenient: bool):
    found = made(state_decision=decision)
    job = spec(found)["job"]
    assert (job["upgradeMode"], job["allowNonRestoredState"]) == (mode, lenient)
    assert found["flights"].inputs["metadata"]["annotations"][STATE_DECISION] == decision.value


def test_size_and_bounds_are_the_plans():
    job = spec(made())
    assert job["job"]["parallelism"] == 12
    assert job["taskManager"]["resource"] == {"cpu": 4, "memory": "8192m"}
    assert job["jobManager"]["replicas"] == 2
    settings = job["flinkConfiguration"]
    assert settings["taskmanager.numberOfTaskSlots"] == "4"
    assert settings["job.autoscaler.vertex.min-parallelism"] == "4"
    assert settings["job.autoscaler.vertex.max-parallelism"] == "12"


@pytest.mark.parametrize("collector", list(GarbageCollector))
def test_task_managers_collect_garbage_as_the_stack_says(collector: GarbageCollector):
    chosen = replace(PLAN, settings=PLAN.settings.model_copy(update={"garbage_collector": collector}))
    assert spec(made(plan=chosen))["flinkConfiguration"]["env.java.opts.taskmanager"] == collector.flag


def test_without_room_to_scale_the_autoscaler_is_off():
    fixed = replace(PLAN, autoscaler_min_parallelism=12)
    settings = spec(made(plan=fixed))["flinkConfiguration"]
    assert settings["job.autoscaler.enabled"] == "false"
    assert "jobmanager.scheduler" not in settings


def test_state_is_in_the_bucket_and_rocksdb_on_each_task_managers_volume():
    job = spec(made())
    settings = job["flinkConfiguration"]
    assert settings["execution.checkpointing.dir"] == "s3://weir-prod/weir/flink/flights/checkpoints"
    assert settings["high-availability.storageDir"].startswith("s3://weir-prod/")
    (volume,) = job["taskManager"]["podTemplate"]["spec"]["volumes"]
    claim = volume["ephemeral"]["volumeClaimTemplate"]["spec"]
    assert claim["resources"]["requests"]["storage"] == "100Gi"
    assert claim["storageClassName"] == "fast"


KEY = "arn:aws:kms:eu-west-1:1:key/a1"
ENCRYPTIONS = {
    None: ({}, None),
    "bucket": ({}, "bucket"),
    "aes256": ({"s3.sse.enabled": "true", "s3.sse.type": "S3"}, None),
    "kms": ({"s3.sse.enabled": "true", "s3.sse.type": "KMS", "s3.sse.kms-key-id": KEY}, None),
}


@pytest.mark.parametrize("algorithm", ENCRYPTIONS)
def test_a_job_asks_for_the_encryption_of_its_state_or_says_who_does_it(algorithm: str | None):
    given = {"algorithm": algorithm, **({"kms_key_id": KEY} if algorithm == "kms" else {})}
    bucket = BUCKET.model_copy(update={"encryption": ObjectEncryption.model_validate(given) if algorithm else None})
    found = made(bucket=bucket)
    asked = {name: value for name, value in spec(found)["flinkConfiguration"].items() if name.startswith("s3.sse")}
    noted = found["flights"].inputs["metadata"]["annotations"].get("weir.io/bucket-encryption")
    assert (asked, noted) == ENCRYPTIONS[algorithm]


def test_without_a_bucket_all_pods_share_a_volume_on_one_node():
    found = made(bucket=None)
    claim = found["flights-state"]
    assert claim.inputs["spec"]["resources"]["requests"]["storage"] == "121Gi"
    assert claim.protect
    assert claim.urn in found["flights"].dependencies
    pod = spec(found)["podTemplate"]["spec"]
    assert {"name": "state", "persistentVolumeClaim": {"claimName": "flights-state"}} in pod["volumes"]
    assert "podAffinity" in pod["affinity"]
    assert spec(found)["flinkConfiguration"]["execution.checkpointing.dir"] == "file:///opt/flink/state/checkpoints"


def test_keys_of_a_bucket_come_from_a_secret():
    keyed = ObjectStorage(bucket="weir-prod", endpoint_url="https://s3.example")
    (container,) = spec(made(bucket=keyed))["podTemplate"]["spec"]["containers"]
    keys = {entry["name"]: entry["valueFrom"]["secretKeyRef"] for entry in container["env"] if "valueFrom" in entry}
    assert keys["AWS_SECRET_ACCESS_KEY"] == {"name": "object-storage", "key": "secret_key"}


def test_secrets_are_files_and_every_file_is_mounted():
    pod = spec(made())["podTemplate"]["spec"]
    (container,) = pod["containers"]
    mounted = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert set(mounted) - {"work"} == {volume["name"] for volume in pod["volumes"]}
    arguments = " ".join(spec(made())["job"]["args"])
    for folder in ("/etc/weir/kafka-user", "/etc/weir/kafka-ca", "/etc/weir/cassandra-role"):
        assert folder in mounted.values()
        assert folder in arguments


def test_a_registry_of_kafkas_own_is_given_kafkas_user():
    arguments = spec(made(registry_login=True))["job"]["args"]
    assert "username=weir-flights" in arguments
    assert "password.path=/etc/weir/kafka-user/password" in arguments
    assert "--registry-option" not in spec(made())["job"]["args"]


def test_a_changed_pipeline_file_makes_a_new_config_map_and_a_restart(tmp_path: Path):
    folder = tmp_path / "flights"
    folder.mkdir()
    for name in ("pipeline.yaml", "flight.avsc"):
        (folder / name).write_text((FLIGHTS.folder / name).read_text() + "\n")
    other = replace(FLIGHTS, folder=folder)

    def files_and_checksum(found: dict[str, Recorded]) -> tuple[str, str]:
        annotations = spec(found)["podTemplate"]["metadata"]["annotations"]
        return found["flights-files"].inputs["metadata"]["name"], annotations["weir.io/pipeline-checksum"]

    before = made()
    name, checksum = files_and_checksum(before)
    other_name, other_checksum = files_and_checksum(made(pipeline=other))
    assert name != other_name
    assert checksum != other_checksum
    assert before["flights-files"].inputs["immutable"] is True
    assert before["flights-files"].retain_on_delete, "a version that does not come up gives way to the one before"


def test_internal_connections_show_the_jobs_own_certificate():
    found = made()
    assert spec(found)["flinkConfiguration"]["security.ssl.internal.enabled"] == "true"
    assert found["flights-internal"].urn in found["flights"].dependencies


def test_the_job_outlives_the_stack_where_data_is_kept():
    assert made()["flights"].protect
    assert not made(site=Site("dev", "weir-dev", "platform", keep_data=False))["flights"].protect


def test_flinks_account_may_touch_its_own_namespace_alone():
    found = {
        resource.inputs["kind"]: resource
        for resource in record(lambda: FlinkAccount(SITE, FlinkAccountArgs({"role": "arn"})), "prod")
        if resource.custom
    }
    assert set(found) == {"ServiceAccount", "Role", "RoleBinding"}
    assert found["ServiceAccount"].inputs["metadata"]["annotations"] == {"role": "arn"}
    assert {item for rule in found["Role"].inputs["rules"] for item in rule["resources"]} == {
        "pods",
        "configmaps",
        "deployments",
    }
