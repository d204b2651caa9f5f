"""Cassandra by the operator and as a StatefulSet, and the job that brings schema and roles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import yaml
from tests.components import serving
from tests.components.serving import CASSANDRA, DEV, IMAGE, PROD, SMALL_CASSANDRA, made_by, one

from weir.catalog.database import Database
from weir.components.base import Site
from weir.components.cassandra.database import CassandraDatabase, CassandraDatabaseArgs
from weir.components.cassandra.k8ssandra import CassandraCluster, CassandraClusterArgs
from weir.components.cassandra.plain import CassandraPlain
from weir.components.cassandra.settings import Backups, CassandraArgs
from weir.config import versions
from weir.config.storage import EncryptionAlgorithm, ObjectEncryption, ObjectStorage
from weir.programs.recording import SECRET, Recorded

pytestmark = pytest.mark.unit

ENCRYPTION = ObjectEncryption(algorithm=EncryptionAlgorithm.AES256)
BUCKET = ObjectStorage(bucket="weir-prod", region="eu-west-1", encryption=ENCRYPTION)
CLUSTER = "K8ssandraCluster/cassandra"


def operated(site: Site = PROD, **changes: Any) -> dict[str, Recorded]:
    arguments: dict[str, Any] = {
        "plan": CASSANDRA,
        "version": versions.CASSANDRA,
        "storage_class": "fast",
        "cluster_api_version": versions.CRDS["K8ssandraCluster"].api_version,
        "backup_api_version": versions.CRDS["MedusaBackupSchedule"].api_version,
        "backups": Backups(BUCKET, "0 2 * * *", 14),
        "bucket_keys": ("access", "secret-canary"),
        "monitor_labels": (("release", "prometheus"),),
        **changes,
    }

    def program() -> None:
        arguments.setdefault("certificates", serving.authority(site))
        CassandraCluster("cassandra", site, CassandraClusterArgs(**arguments))

    return made_by(program)


def plain(site: Site = DEV, *, tls: bool = True, **changes: Any) -> dict[str, Recorded]:
    def program() -> None:
        authority = serving.authority(site) if tls else None
        args = CassandraArgs(SMALL_CASSANDRA, versions.CASSANDRA, authority, **changes)
        cluster = CassandraPlain("cassandra", site, args, IMAGE)
        CassandraDatabase(site, CassandraDatabaseArgs(serving.DATABASE, cluster.access, IMAGE))

    return made_by(program)


@pytest.mark.parametrize(
    "make",
    [operated, lambda: operated(DEV, backups=None, bucket_keys=None), plain, lambda: plain(tls=False)],
    ids=["operator", "operator-small", "plain", "plain-in-clear"],
)
def test_everything_fits_its_schema_and_the_rules(make: Callable[[], dict[str, Recorded]]) -> None:
    made = make()
    assert serving.schema_problems(made) == []
    assert serving.policy_problems(made) == []


def test_each_zone_is_a_rack_and_its_nodes_stay_there() -> None:
    (datacenter,) = one(operated(), CLUSTER)["spec"]["cassandra"]["datacenters"]
    assert datacenter["size"] == 6
    assert [rack["nodeAffinityLabels"] for rack in datacenter["racks"]] == [
        {"topology.kubernetes.io/zone": zone} for zone in ("zone-a", "zone-b", "zone-c")
    ]


def test_no_connection_is_in_clear_and_no_client_goes_without_encryption() -> None:
    cassandra = one(operated(), CLUSTER)["spec"]["cassandra"]
    settings = cassandra["config"]["cassandraYaml"]
    assert settings["client_encryption_options"]["optional"] is False
    assert settings["server_encryption_options"]["internode_encryption"] == "all"
    for side, secret in (("server", "cassandra-internode"), ("client", "cassandra-tls")):
        assert cassandra[f"{side}EncryptionStores"]["keystoreSecretRef"] == {"name": secret, "key": "keystore.p12"}
    assert cassandra["serverEncryptionStores"]["truststoreSecretRef"] == {
        "name": "cassandra-nodes-trust",
        "key": "truststore.p12",
    }


def test_the_certificate_is_good_for_the_address_that_clients_are_told() -> None:
    names = one(operated(), "Certificate/cassandra-tls")["spec"]["dnsNames"]
    assert "cassandra-dc1-service.weir-prod.svc" in names


def test_it_comes_after_its_certificate_and_its_superuser() -> None:
    made = operated()
    for earlier in ("Certificate/cassandra-tls", "Secret/cassandra-administrator", "Secret/cassandra-backups"):
        assert serving.depends_on(made, CLUSTER, earlier)
    assert serving.depends_on(made, "MedusaBackupSchedule/cassandra-backups", CLUSTER)


@pytest.mark.parametrize(("site", "kept"), [(PROD, True), (DEV, False)])
def test_data_outlives_the_stack_where_it_is_kept(site: Site, *, kept: bool) -> None:
    entry = operated(site)[CLUSTER]
    assert (entry.protect, entry.retain_on_delete) == (kept, kept)
    (datacenter,) = entry.inputs["spec"]["cassandra"]["datacenters"]
    annotation = datacenter["metadata"]["annotations"]["cassandra.datastax.com/delete-pvc"]
    assert annotation == ("false" if kept else "true")


def test_secrets_are_marked_and_their_values_nowhere_in_clear() -> None:
    made = operated()
    assert made["Secret/cassandra-backups"].inputs["stringData"] == {"credentials": SECRET}
    assert made["Secret/cassandra-administrator"].secret_paths
    assert "canary" not in str([entry.inputs for entry in made.values()])


def test_nodes_without_a_key_have_the_identity_that_the_stack_names() -> None:
    annotations = {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/weir"}
    store = BUCKET.model_copy(update={"workload_identity": True, "service_account_annotations": annotations})
    made = operated(backups=Backups(store, "0 2 * * *", 14), bucket_keys=None)
    assert one(made, "ServiceAccount/cassandra")["metadata"]["annotations"] == annotations
    (datacenter,) = one(made, CLUSTER)["spec"]["cassandra"]["datacenters"]
    assert datacenter["serviceAccount"] == "cassandra"
    assert serving.depends_on(made, CLUSTER, "ServiceAccount/cassandra")
    assert "ServiceAccount/cassandra" not in operated()


@pytest.mark.parametrize(
    ("encryption", "note"),
    [
        (None, None),
        ({"algorithm": "aes256"}, "aes256"),
        ({"algorithm": "bucket"}, "bucket"),
        ({"algorithm": "kms", "kms_key_id": "a1"}, "kms a1"),
    ],
)
def test_a_cluster_says_how_the_bucket_of_its_backups_encrypts(
    encryption: dict[str, str] | None, note: str | None
) -> None:
    store = ObjectStorage.model_validate({"bucket": "weir-prod", "encryption": encryption})
    metadata = one(operated(backups=Backups(store, "0 2 * * *", 14)), CLUSTER)["metadata"]
    assert (metadata.get("annotations") or {}).get("weir.io/bucket-encryption") == note


def test_backups_may_have_an_identity_that_no_other_pod_has() -> None:
    own, shared = {"eks.amazonaws.com/role-arn": "backups"}, {"eks.amazonaws.com/role-arn": "weir"}
    changes = {"workload_identity": True, "service_account_annotations": shared, "backup_account_annotations": own}
    made = operated(backups=Backups(BUCKET.model_copy(update=changes), "0 2 * * *", 14), bucket_keys=None)
    assert one(made, "ServiceAccount/cassandra")["metadata"]["annotations"] == own


def test_backups_go_to_the_bucket_and_old_ones_go_away() -> None:
    made = operated()
    storage = one(made, CLUSTER)["spec"]["medusa"]["storageProperties"]
    assert (storage["bucketName"], storage["prefix"], storage["maxBackupAge"]) == (
        "weir-prod",
        "weir/cassandra/cassandra",
        14,
    )
    assert one(made, "MedusaBackupSchedule/cassandra-backups")["spec"]["cronSchedule"] == "0 2 * * *"
    without = operated(backups=None, bucket_keys=None)
    assert "medusa" not in one(without, CLUSTER)["spec"]
    assert not [key for key in without if key.startswith("MedusaBackupSchedule")]


def test_a_bigger_plan_changes_nodes_disk_and_heap_and_nothing_else() -> None:
    bigger = replace(CASSANDRA, nodes_per_rack=3, node=replace(CASSANDRA.node, disk_gib=900, heap_mib=12288))
    before, after = (one(operated(plan=plan), CLUSTER)["spec"]["cassandra"] for plan in (CASSANDRA, bigger))
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"datacenters", "storageConfig", "config"}
    assert after["datacenters"][0]["size"] == 9
    assert after["storageConfig"]["cassandraDataVolumeClaimSpec"]["resources"]["requests"]["storage"] == "900Gi"
    assert after["config"]["jvmOptions"]["heapSize"] == "12288Mi"


def test_fewer_nodes_than_copies_are_refused_before_anything_is_made() -> None:
    few = replace(CASSANDRA, racks=("zone-a",), nodes_per_rack=2)
    with pytest.raises(ValueError, match="2 nodes cannot hold 3 copies"):
        operated(plan=few)


def test_the_plain_node_asks_for_passwords_and_listens_at_its_host_name() -> None:
    config = one(plain(), "ConfigMap/cassandra-config")["data"]["cassandra.yaml"]
    for line in ("PasswordAuthenticator", "CassandraAuthorizer", "optional: false", "internode_encryption: all"):
        assert line in config
    assert "listen_address" not in config
    assert "cassandra-0.cassandra-nodes.weir-dev.svc" in config
    assert "encryption" not in one(plain(tls=False), "ConfigMap/cassandra-config")["data"]["cassandra.yaml"]


def test_a_changed_setting_replaces_the_plain_nodes_one_by_one() -> None:
    def annotation(**changes: Any) -> str:
        template = one(plain(**changes), "StatefulSet/cassandra")["spec"]["template"]
        return template["metadata"]["annotations"]["weir.io/config-checksum"]

    assert annotation() == annotation()
    assert annotation() != annotation(audit_log=False)


def test_the_audit_log_has_what_people_do_and_leaves_programs_out() -> None:
    programs = ("job_flights", "monitor")
    written = yaml.safe_load(one(plain(programs=programs), "ConfigMap/cassandra-config")["data"]["cassandra.yaml"])
    applied = one(operated(programs=programs), "K8ssandraCluster/cassandra")["spec"]["cassandra"]["config"]
    assert (
        written["audit_logging_options"]
        == applied["cassandraYaml"]["audit_logging_options"]
        == {
            "enabled": True,
            "logger": [{"class_name": "FileAuditLogger"}],
            "included_categories": "AUTH,DCL,DDL,DML,ERROR,QUERY",
            "excluded_keyspaces": "system,system_schema,system_virtual_schema,reaper_db",
            "excluded_users": "job_flights,monitor",
        }
    )


def test_the_schema_job_gets_the_catalog_and_runs_again_when_it_changes() -> None:
    made = plain()
    (files,) = [entry for key, entry in made.items() if key.startswith("ConfigMap/cassandra-schema")]
    assert Database.from_json(files.inputs["data"]["database.json"]) == serving.DATABASE
    (job,) = [entry for key, entry in made.items() if key.startswith("Job/cassandra-schema")]
    assert job.inputs["metadata"]["name"] == files.inputs["metadata"]["name"]
    assert serving.depends_on(made, "Job/cassandra-schema", "StatefulSet/cassandra")


def test_each_role_has_a_secret_that_the_schema_job_sees_as_a_file() -> None:
    made = plain()
    pod = one(made, "Job/cassandra-schema")["spec"]["template"]["spec"]
    (roles,) = [volume["projected"]["sources"] for volume in pod["volumes"] if volume["name"] == "roles"]
    for role, source in zip(serving.DATABASE.roles, roles, strict=True):
        secret = f"cassandra-role-{role.name.replace('_', '-')}"
        assert source["secret"] == {"name": secret, "items": [{"key": "password", "path": role.name}]}
        assert made[f"Secret/{secret}"].inputs["stringData"] == {"username": SECRET, "password": SECRET}
        assert serving.depends_on(made, "Job/cassandra-schema", f"Secret/{secret}")


def test_the_schema_job_trusts_the_node_authority_but_never_sees_its_key() -> None:
    pod = one(plain(), "Job/cassandra-schema")["spec"]["template"]["spec"]
    (ca,) = [volume["projected"]["sources"] for volume in pod["volumes"] if volume["name"] == "cassandra-ca"]
    assert [source["secret"]["items"] for source in ca] == [[{"key": "ca.crt", "path": "ca.crt"}]]


def test_roles_are_asked_for_before_the_job_is_made() -> None:
    def program() -> None:
        cluster = CassandraPlain("cassandra", DEV, CassandraArgs(SMALL_CASSANDRA, "5.0.9", None), IMAGE)
        CassandraDatabase(DEV, CassandraDatabaseArgs(replace(serving.DATABASE, roles=()), cluster.access, IMAGE))

    with pytest.raises(ValueError, match=r"database\.roles: none"):
        made_by(program)
