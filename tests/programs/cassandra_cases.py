"""Changes of Cassandra's resources."""

from __future__ import annotations

from typing import Any

from tests.programs.rule_cases import MOVING, REFUSED, ROLLING, SAFE, Told, World, each, resource

CLUSTER, CASS = "K8ssandraCluster", "spec.cassandra."
YAML, DATACENTER = f"{CASS}config.cassandraYaml.", f"{CASS}datacenters[0]."
CLAIM = f"{CASS}storageConfig.cassandraDataVolumeClaimSpec."
STORAGE = f"{CLAIM}resources.requests.storage"


def cluster(size: int, annotated: str = "true") -> dict[str, Any]:
    annotations = {"cassandra.datastax.com/allow-storage-changes": annotated}
    return {"spec": {"cassandra": {"datacenters": [{"size": size, "metadata": {"annotations": annotations}}]}}}


def table(seconds: int) -> tuple[Any, ...]:
    return (resource("cassandra.Table", {"ttl_seconds": seconds}),)


def growing(before: int, after: int) -> World:
    return World(cluster(before), cluster(after))


DROPS = World(after=(resource("cassandra.Schema", {"drops": ["one", "one.seats"]}),))
TTL = World(cluster(18), cluster(9), before=table(90), after=table(30))

CASES = [
    Told(CLUSTER, f"{DATACENTER}racks", ["a", "b"], ["a", "b", "c"], MOVING, "new racks", growing(5, 7)),
    Told(CLUSTER, f"{DATACENTER}racks", ["a", "b"], ["a", "b", "c"], REFUSED, "only with nodes", growing(5, 6)),
    Told(CLUSTER, f"{DATACENTER}racks", ["a", "b"], ["a", "b", "c"], REFUSED, "only with nodes", growing(6, 6)),
    Told(CLUSTER, f"{DATACENTER}racks", ["a"], ["a", "b", "c"], REFUSED, "only with nodes", growing(2, 5)),
    Told(CLUSTER, f"{DATACENTER}racks", ["a"], ["a", "b", "c"], MOVING, "new racks", growing(2, 6)),
    Told(CLUSTER, f"{DATACENTER}racks", ["a", "b"], ["b", "a"], REFUSED, "rename, remove or reorder", growing(6, 9)),
    Told(CLUSTER, f"{DATACENTER}racks", ["a", "b"], ["a"], REFUSED, "rename, remove or reorder", growing(6, 6)),
    Told(CLUSTER, f"{DATACENTER}racks", ["a", "b"], ["a", "x", "b"], REFUSED, "reorder", growing(6, 12)),
    Told(CLUSTER, f"{DATACENTER}racks[a].nodeAffinityLabels", None, {"zone": "a"}, MOVING, "that their volumes are in"),
    Told(CLUSTER, f"{DATACENTER}racks[a].nodeAffinityLabels.zone", "a", "b", REFUSED, "into another zone"),
    Told(CLUSTER, f"{DATACENTER}size", 18, 9, REFUSED, "shorten the TTL first", TTL),
    Told(CLUSTER, f"{DATACENTER}size", 18, 9, REFUSED, "decisions.fewer_nodes.cassandra", growing(18, 9)),
    Told(CLUSTER, f"{DATACENTER}size", 9, 18, MOVING, "take over part", growing(9, 18)),
    Told(CLUSTER, STORAGE, "2Ti", "500Gi", REFUSED, "cannot shrink", growing(3, 3)),
    Told(CLUSTER, STORAGE, "500Gi", "2Ti", ROLLING, "grow in place", growing(3, 3)),
    Told(CLUSTER, STORAGE, "500Gi", "2Ti", REFUSED, "without the datacenter's annotation",
         World(cluster(3), cluster(3, "false"))),
    *each(CLUSTER, f"{CLAIM}storageClassName {CLAIM}accessModes[0]", REFUSED, "neither storage class nor access"),
    *each(CLUSTER, f"{DATACENTER}metadata.name", REFUSED, "another datacenter"),
    *each(CLUSTER, f"{DATACENTER}metadata.annotations.cassandra.datastax.com/delete-pvc", MOVING,
          "deleted with the datacenter", ("false", "true")),
    *each(CLUSTER, f"{DATACENTER}metadata.annotations.cassandra.datastax.com/delete-pvc", SAFE, "restarts nothing",
          ("true", "false")),
    *each(CLUSTER, f"{DATACENTER}serviceAccount", ROLLING, "one after the other", (None, "cassandra")),
    *each(CLUSTER, f"{CASS}softPodAntiAffinity", REFUSED, "share a machine", (True, False)),
    *each(CLUSTER, f"{CASS}superuserSecretRef.name", REFUSED, "superuser's Secret"),
    *each(CLUSTER, f"{CASS}serverType", REFUSED, "another server"),
    *each(CLUSTER, f"{CASS}serverVersion", REFUSED, "cannot read newer files", ("5.0.9", "4.1.8")),
    *each(CLUSTER, f"{CASS}serverVersion", ROLLING, "one after the other", ("5.0.9", "5.0.10")),
    *each(CLUSTER, "spec.auth", REFUSED, "locked out", (True, False)),
    *each(CLUSTER, "spec.secretsProvider", REFUSED, "other secrets"),
    *each(CLUSTER, f"{CASS}serverEncryptionStores {CASS}clientEncryptionStores", REFUSED, "do not understand",
          ({"keystore": 1}, None)),
    *each(CLUSTER, f"{CASS}serverEncryptionStores {CASS}clientEncryptionStores", REFUSED, "do not understand",
          (None, {"keystore": 1})),
    *each(CLUSTER, " ".join(f"{CASS}{name}" for name in (
        "serverEncryptionStores.x", "clientEncryptionStores.x", "config.jvmOptions.gc", "resources.limits.cpu",
        "podSecurityContext.fsGroup", "readOnlyRootFilesystem", "initContainers[a].name", "containers[a].name",
        "telemetry.prometheus.enabled", "metadata.pods.labels.a")), ROLLING, "one after the other"),
    *each(CLUSTER, "spec.reaper.heapSize", SAFE, "Reaper restarts"),
    *each(CLUSTER, " ".join(f"spec.medusa.storageProperties.{name}" for name in (
        "bucketName", "prefix", "storageProvider", "host", "region")), MOVING, "only be restored"),
    *each(CLUSTER, "spec.medusa.storageProperties.maxBackupAge", MOVING, "older backups are deleted", (14, 3)),
    *each(CLUSTER, "spec.medusa.storageProperties.maxBackupAge", ROLLING, "one after the other", (3, 14)),
    *each(CLUSTER, f"{YAML}num_tokens", REFUSED, "keeps the tokens", (16, 8)),
    *each("cassandra.Settings", f"{YAML}num_tokens", REFUSED, "keeps the tokens", (16, 8)),
    *each("cassandra.Settings", " ".join(f"{YAML}{name}" for name in (
        "storage_compatibility_mode", "sstable.selected_format", "partitioner", "data_file_directories[0]",
        "commitlog_directory", "hints_directory", "saved_caches_directory", "cdc_raw_directory")), REFUSED,
        "no longer read"),
    *each("cassandra.Settings", " ".join(f"{YAML}{name}" for name in (
        "client_encryption_options.enabled", "server_encryption_options.internode_encryption", "cluster_name",
        "endpoint_snitch", "authenticator.class_name", "role_manager.class_name", "storage_port",
        "native_transport_port")), REFUSED, "would not understand each other"),
    *each(CLUSTER, " ".join(f"{YAML}{name}" for name in (
        "memtable.configurations", "commitlog_segment_size", "disk_failure_policy", "commit_failure_policy",
        "tombstone_failure_threshold", "auto_snapshot", "audit_logging_options.enabled", "seed_provider[0]")),
        ROLLING, "one after the other"),
    Told("cassandra.Keyspace", "replication.dc2", None, 3, REFUSED, "has none of the rows"),
    Told("cassandra.Keyspace", "replication.dc1", 3, None, REFUSED, "find nothing"),
    Told("cassandra.Keyspace", "replication.dc1", 1, 3, MOVING, "nodetool repair --full"),
    Told("cassandra.Keyspace", "replication.dc1", 3, 1, MOVING, "nodetool cleanup"),
    Told("cassandra.Table", "ttl_seconds", 90, 30, MOVING, "keep the TTL that they were written with"),
    Told("cassandra.Table", "ttl_seconds", 0, 30, MOVING, "expire sooner"),
    Told("cassandra.Table", "ttl_seconds", 30, 0, SAFE, "stay longer"),
    Told("cassandra.Table", "ttl_seconds", 30, 90, SAFE, "stay longer"),
    Told("cassandra.Table", "gc_grace_seconds", 9, 5, MOVING, "brings the row back"),
    Told("cassandra.Table", "gc_grace_seconds", 5, 9, SAFE, "remembered longer"),
    Told("cassandra.Table", "compaction.class", "a", "b", MOVING, "compacted anew"),
    *each("cassandra.Table", "partition_key[0] clustering_key[0] bucket", REFUSED, "primary key cannot change"),
    Told("cassandra.Table", "columns.seats", None, "int", SAFE, "is added"),
    Told("cassandra.Table", "columns.seats", "int", None, MOVING, "is dropped", DROPS),
    Told("cassandra.Table", "columns.seats", "int", None, SAFE, "stays until"),
    Told("cassandra.Table", "columns.seats", "int", "text", REFUSED, "type cannot change"),
    Told("cassandra.Table", "", "one", None, MOVING, "is dropped with its rows", DROPS),
    Told("cassandra.Table", "", "one", None, SAFE, "stays until"),
    Told("cassandra.Keyspace", "", "one", None, SAFE, "stays until"),
    Told("cassandra.Settings", "", "one", None, SAFE, "with their nodes"),
    Told("cassandra.Schema", "drops[0]", None, "one", SAFE, "runs again"),
]  # fmt: skip
