"""Cassandra: what cass-operator's webhook refuses, and what the schema job and Cassandra do with a changed field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from weir.programs.changes import identity
from weir.programs.contents import SCHEMA_TYPE, TABLE_TYPE
from weir.programs.rules.rule import (
    ADDED,
    ALWAYS,
    DATA_MOVING,
    FEWER,
    IN_TURN,
    LARGER,
    MORE,
    NO_SHRINKING,
    OLDER,
    REFUSED,
    REMOVED,
    ROLLING,
    SAFE,
    SMALLER,
    Case,
    Rule,
    When,
    becomes,
    number,
)

WEBHOOK = "cass-operator, ValidateDatacenterFieldChanges (internal/webhooks/cassandra/v1beta1)"
TOKENS = "k8ssandra-operator, ValidateUpdate (apis/k8ssandra/v1alpha1): num_tokens and the cluster's name are fixed"
RESIZING = "cass-operator, CheckVolumeClaimSizes (pkg/reconciliation)"
OPERATOR = "k8ssandra-operator documentation, K8ssandraCluster"
CASSANDRA = "Cassandra documentation, cassandra.yaml"
TABLES = "Cassandra documentation, CREATE TABLE and ALTER TABLE"
REPLICATION = "Cassandra documentation, altering a keyspace: repair after more copies"
JOB = "weir.catalog.migration: the schema job adds, and drops only what `cassandra.drops` names"

CLUSTER = "K8ssandraCluster"
SETTINGS = (CLUSTER, "cassandra.Settings")
CASS, YAML = "spec.cassandra.", "spec.cassandra.config.cassandraYaml."
DATACENTER = f"{CASS}datacenters[*]."
MAY_GROW = "cassandra.datastax.com/allow-storage-changes"
FOR_EVER = 0
"""A table's TTL in seconds where rows stay until they are deleted."""


def split(nodes: int, racks: int) -> list[int]:
    """The nodes of each rack, as cass-operator shares them out (SplitRacks): the first ones have one more."""
    return [nodes // racks + (1 if index < nodes % racks else 0) for index in range(racks)]


def _datacenter(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    return resource["spec"]["cassandra"]["datacenters"][0]


def _annotated(case: Case) -> bool:
    return (_datacenter(case.new)["metadata"].get("annotations") or {}).get(MAY_GROW) == "true"


def _appended(before: Sequence[str], after: Sequence[str]) -> bool:
    return list(after[: len(before)]) == list(before)


def _enough_nodes(case: Case) -> bool:
    """Whether each new rack gets as many nodes as the smallest old one has, and no old one loses any."""
    old, new = _datacenter(case.old), _datacenter(case.new)
    racks = len(case.field.before)
    needed = split(old["size"], racks)[-1] * (len(case.field.after) - racks)
    return new["size"] - old["size"] >= max(1, needed)


def _shorter(case: Case) -> bool:
    before, after = number(case.field.before), number(case.field.after)
    return after != FOR_EVER and (before == FOR_EVER or after < before)


def _dropped(case: Case) -> bool:
    subject = case.pair.label.partition(" ")[2]
    if "." in case.field.path:
        subject = f"{subject}.{case.field.path.rpartition('.')[2]}"
    return any(resource.type == SCHEMA_TYPE and subject in resource.inputs.get("drops", ()) for resource in case.after)


def _rows_outlive(case: Case) -> bool:
    """A TTL that gets shorter in the same change: rows that are there keep theirs."""
    new = {identity(resource): resource.inputs for resource in case.after if resource.type == TABLE_TYPE}
    for resource in case.before:
        before, after = resource.inputs.get("ttl_seconds"), new.get(identity(resource), {}).get("ttl_seconds")
        if before is not None and after and (before == FOR_EVER or after < before):
            return True
    return False


APPENDED = When("new racks at the end, and enough new nodes", lambda case: (
    _appended(case.field.before, case.field.after) and _enough_nodes(case)))  # fmt: skip
TOO_FEW_NODES = When("new racks at the end, and too few new nodes", lambda case: (
    _appended(case.field.before, case.field.after)))  # fmt: skip
ANNOTATED = When(f"with the annotation {MAY_GROW}", _annotated)
TTL_SHORTER = When("together with a shorter TTL", _rows_outlive)
SHORTER = When("shorter", _shorter)
DROPPED = When("named in cassandra.drops", _dropped)

RACKS = (
    Rule(CLUSTER, f"{DATACENTER}racks", APPENDED, DATA_MOVING, "rows move to the nodes of the new racks",
         source=WEBHOOK),
    Rule(CLUSTER, f"{DATACENTER}racks", TOO_FEW_NODES, REFUSED,
         "cass-operator adds a rack only with nodes for it: as many as the smallest rack has",
         "keep `resources.cassandra.nodes_per_rack`", source=WEBHOOK),
    Rule(CLUSTER, f"{DATACENTER}racks", ALWAYS, REFUSED, "cass-operator does not rename, remove or reorder racks",
         "keep the standing zones in their order and add new ones at the end", source=WEBHOOK),
    Rule(CLUSTER, f"{DATACENTER}racks[*].nodeAffinityLabels", ADDED, DATA_MOVING,
         "pods may then run in the rack's zone alone", "check first that their volumes are in it", source=WEBHOOK),
    Rule(CLUSTER, f"{DATACENTER}racks[*]**", ALWAYS, REFUSED,
         "a volume cannot follow its pod into another zone", "add a rack in the new zone instead", source=WEBHOOK),
)  # fmt: skip

FEWER_NODES = Rule(
    CLUSTER, f"{DATACENTER}size", FEWER, REFUSED,
    "what the removed nodes hold must fit on the others, rows that have not expired included",
    "measure it with `nodetool status`, and decide with decisions.fewer_nodes.cassandra; each node streams its rows "
    "away first", source=OPERATOR,
)  # fmt: skip
NODES = (
    Rule(CLUSTER, f"{DATACENTER}size", FEWER & TTL_SHORTER, REFUSED,
         "rows that are there keep the TTL that they were written with, so they do not fit on fewer nodes yet",
         "shorten the TTL first, wait until the old rows have expired, and then remove nodes", source=TABLES),
    FEWER_NODES,
    Rule(CLUSTER, f"{DATACENTER}size", MORE, DATA_MOVING, "the new nodes take over part of the data", source=OPERATOR),
    Rule(CLUSTER, f"{CASS}storageConfig.**.storage", SMALLER, REFUSED,
         NO_SHRINKING, "keep its size, or move the data to new nodes", source=RESIZING),
    Rule(CLUSTER, f"{CASS}storageConfig.**.storage", LARGER & ANNOTATED, ROLLING,
         "volumes grow in place if their storage class allows it, else cass-operator stops", source=RESIZING),
    Rule(CLUSTER, f"{CASS}storageConfig.**.storage", LARGER, REFUSED,
         f"cass-operator refuses it without the datacenter's annotation {MAY_GROW}", "set the annotation",
         source=WEBHOOK),
    Rule(CLUSTER, f"{CASS}storageConfig**", ALWAYS, REFUSED,
         "cass-operator changes neither storage class nor access mode of a datacenter",
         "move the data to a new cluster", source=WEBHOOK),
    Rule(CLUSTER, f"{DATACENTER}metadata.name", ALWAYS, REFUSED,
         "it would be another datacenter, without data", "keep the name", source=WEBHOOK),
    Rule(CLUSTER, f"{DATACENTER}metadata.annotations.cassandra.datastax.com/delete-pvc", becomes(True), DATA_MOVING,
         "the volumes would be deleted with the datacenter", source=OPERATOR),
    Rule(CLUSTER, f"{DATACENTER}metadata.annotations**", ALWAYS, SAFE, "it restarts nothing", source=OPERATOR),
    Rule(CLUSTER, f"{DATACENTER}serviceAccount", ALWAYS, ROLLING, IN_TURN, source=OPERATOR),
    Rule(CLUSTER, f"{CASS}softPodAntiAffinity", ALWAYS, REFUSED,
         "cass-operator does not change whether nodes may share a machine",
         "keep it: it follows from whether there is one copy", source=WEBHOOK),
    Rule(CLUSTER, f"{CASS}superuserSecretRef**", ALWAYS, REFUSED, "cass-operator keeps the superuser's Secret",
         "change the password in it instead", source=WEBHOOK),
    Rule(CLUSTER, f"{CASS}serverType", ALWAYS, REFUSED, "the files of another server cannot be read", "keep it",
         source=OPERATOR),
    Rule(CLUSTER, f"{CASS}serverVersion", OLDER, REFUSED, "an older version cannot read newer files",
         "restore a backup into a new cluster", source="Cassandra documentation, upgrading"),
    Rule(CLUSTER, f"{CASS}serverVersion", ALWAYS, ROLLING, IN_TURN, source="Cassandra documentation, upgrading"),
    Rule(CLUSTER, "spec.auth", ALWAYS, REFUSED,
         "programs that run would be locked out, or everybody let in, before the last node restarts", "keep it",
         source=OPERATOR),
    Rule(CLUSTER, "spec.secretsProvider", ALWAYS, REFUSED, "nodes would look for other secrets", "keep it",
         source=OPERATOR),
    *(
        Rule(CLUSTER, f"{CASS}{side}EncryptionStores", when, REFUSED,
             "nodes with and without encryption do not understand each other or their clients",
             "move to a new cluster, or go through `optional` in steps", source=CASSANDRA)
        for side in ("server", "client") for when in (ADDED, REMOVED)
    ),
    *(
        Rule(CLUSTER, f"{CASS}{part}**", ALWAYS, ROLLING, IN_TURN, source=OPERATOR)
        for part in ("serverEncryptionStores", "clientEncryptionStores", "config.jvmOptions", "resources",
                     "podSecurityContext", "readOnlyRootFilesystem", "initContainers", "containers", "telemetry",
                     "metadata")
    ),
    Rule(CLUSTER, "spec.reaper**", ALWAYS, SAFE, "Reaper restarts; Cassandra does not", source=OPERATOR),
    *(
        Rule(CLUSTER, f"spec.medusa.storageProperties.{part}", ALWAYS, DATA_MOVING,
             "backups that are there can only be restored with the old place", source="Medusa documentation, storage")
        for part in ("bucketName", "prefix", "storageProvider", "host", "region")
    ),
    Rule(CLUSTER, "spec.medusa.storageProperties.maxBackupAge", FEWER, DATA_MOVING, "older backups are deleted",
         source="Medusa documentation, storage"),
    Rule(CLUSTER, "spec.medusa**", ALWAYS, ROLLING, IN_TURN, source=OPERATOR),
)  # fmt: skip

NODE_SETTINGS = (
    Rule(SETTINGS, f"{YAML}num_tokens", ALWAYS, REFUSED, "a node keeps the tokens that it began with",
         "keep the number, or move to a new datacenter", source=TOKENS),
    *(
        Rule(SETTINGS, f"{YAML}{name}", ALWAYS, REFUSED, "nodes could no longer read what is on their disks",
             "keep it", source=CASSANDRA)
        for name in ("storage_compatibility_mode", "sstable**", "partitioner", "data_file_directories**",
                     "commitlog_directory", "hints_directory", "saved_caches_directory", "cdc_raw_directory")
    ),
    *(
        Rule(SETTINGS, f"{YAML}{name}", ALWAYS, REFUSED,
             "nodes and clients before and after the restart would not understand each other",
             "move to a new cluster, or go through `optional` in steps", source=CASSANDRA)
        for name in ("client_encryption_options**", "server_encryption_options**", "cluster_name",
                     "endpoint_snitch", "auth**", "role_manager**", "*_port")
    ),
    *(
        Rule(SETTINGS, f"{YAML}{name}", ALWAYS, ROLLING, IN_TURN, source=CASSANDRA)
        for name in ("memtable**", "commitlog_s*", "disk_failure_policy", "commit_failure_policy",
                     "tombstone_failure_threshold", "auto_snapshot", "audit_logging_options**", "seed_provider**")
    ),
)  # fmt: skip

SCHEMA = (
    Rule("cassandra.Keyspace", "replication.*", ADDED, REFUSED, "another datacenter has none of the rows",
         "rebuild its nodes first, then allow the change", source=REPLICATION),
    Rule("cassandra.Keyspace", "replication.*", REMOVED, REFUSED, "reads in that datacenter would find nothing",
         "keep the datacenter", source=REPLICATION),
    Rule("cassandra.Keyspace", "replication.*", MORE, DATA_MOVING,
         "the new copies are empty until a repair, so a read can miss rows",
         "run `nodetool repair --full` on every node right after", source=REPLICATION),
    Rule("cassandra.Keyspace", "replication.*", FEWER, DATA_MOVING,
         "fewer nodes may fail at once, and the rest of the rows goes only with `nodetool cleanup`",
         "name the keyspace in cassandra.drops", source=JOB),
    Rule("cassandra.Table", "ttl_seconds", SHORTER, DATA_MOVING,
         "new rows expire sooner; rows that are there keep the TTL that they were written with", source=TABLES),
    Rule("cassandra.Table", "ttl_seconds", ALWAYS, SAFE,
         "new rows stay longer; rows that are there keep the TTL that they were written with", source=TABLES),
    Rule("cassandra.Table", "gc_grace_seconds", FEWER, DATA_MOVING,
         "a copy that misses a deletion for longer brings the row back: every table must be repaired within it",
         source=TABLES),
    Rule("cassandra.Table", "gc_grace_seconds", ALWAYS, SAFE, "deletions are remembered longer", source=TABLES),
    Rule("cassandra.Table", "compaction**", ALWAYS, DATA_MOVING,
         "files are compacted anew into other windows, which takes disk and time", source=TABLES),
    *(
        Rule("cassandra.Table", f"{key}**", ALWAYS, REFUSED, "a primary key cannot change", "use a new table name",
             source=TABLES)
        for key in ("partition_key", "clustering_key", "bucket")
    ),
    Rule("cassandra.Table", "columns.*", ADDED, SAFE, "the column is added, empty in rows that are there", source=JOB),
    Rule("cassandra.Table", "columns.*", REMOVED & DROPPED, DATA_MOVING, "the column is dropped with its values",
         source=JOB),
    Rule("cassandra.Table", "columns.*", REMOVED, SAFE, "the column stays until cassandra.drops names it", source=JOB),
    Rule("cassandra.Table", "columns.*", ALWAYS, REFUSED, "a column's type cannot change",
         "use a new column or a new table", source=TABLES),
    Rule("cassandra.Table", "", REMOVED & DROPPED, DATA_MOVING, "the table is dropped with its rows", source=JOB),
    Rule("cassandra.Table", "", REMOVED, SAFE, "the table stays until cassandra.drops names it", source=JOB),
    Rule("cassandra.Keyspace", "", REMOVED, SAFE, "the keyspace stays until its tables are dropped", source=JOB),
    Rule("cassandra.Settings", "", REMOVED, SAFE, "they go with their nodes", source=JOB),
    Rule("cassandra.Schema", "**", ALWAYS, SAFE, "the schema job runs again", source=JOB),
)  # fmt: skip

RULES = (*RACKS, *NODES, *NODE_SETTINGS, *SCHEMA)
