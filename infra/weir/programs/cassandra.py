"""Cassandra of an environment, by whichever provider its stack names, with its schema and its roles."""

from __future__ import annotations

from typing import Any

from weir.catalog.database import Database
from weir.catalog.roles import roles_of
from weir.components.base import Site
from weir.components.cassandra.access import CassandraAccess
from weir.components.cassandra.database import CassandraDatabase, CassandraDatabaseArgs
from weir.components.cassandra.k8ssandra import CassandraCluster, CassandraClusterArgs
from weir.components.cassandra.plain import CassandraPlain
from weir.components.cassandra.settings import Backups, CassandraArgs
from weir.components.certificates import CertificateAuthority
from weir.components.images import image
from weir.config import versions
from weir.config.cassandra import CassandraProvider
from weir.config.images import ImageName
from weir.config.security import SecretName
from weir.programs.load import PlannedEnvironment

NAME = "cassandra"


def cassandra(environment: PlannedEnvironment, site: Site, authority: CertificateAuthority) -> CassandraAccess:
    """The cluster, its tables and its roles; clients come after all of it."""
    stack, plan = environment.stack, environment.plan.cassandra
    plain = stack.cassandra.provider is CassandraProvider.PLAIN
    roles = roles_of(environment.pipelines)
    common: dict[str, Any] = {
        "plan": plan,
        "version": versions.CASSANDRA,
        "certificates": authority if stack.security.tls else None,
        "storage_class": stack.storage.classes.cassandra,
        "audit_log": stack.cassandra.audit_log,
        "programs": tuple(role.name for role in roles),
    }
    if plain:
        server = image(stack.images, ImageName.CASSANDRA)
        cluster = CassandraPlain(NAME, site, CassandraArgs(**common), server)
    else:
        cluster = CassandraCluster(NAME, site, CassandraClusterArgs(**common, **_operated(environment)))
    database = Database(
        replication=plan.replication,
        tables=plan.tables,
        roles=roles,
        drops=tuple(stack.cassandra.drops),
        replicate_system_keyspaces=plain,
    )
    job = image(stack.images, ImageName.WEIR_JOBS)
    generation = stack.cassandra.password_generation
    args = CassandraDatabaseArgs(database, cluster.access, job, cluster.administrators, generation)
    return CassandraDatabase(site, args).access


def _operated(environment: PlannedEnvironment) -> dict[str, Any]:
    """What only the operator does: repairs, backups, metrics."""
    stack, secrets = environment.stack, environment.secrets
    keys = [secrets.get(name) for name in (SecretName.OBJECT_STORAGE_ACCESS_KEY, SecretName.OBJECT_STORAGE_SECRET_KEY)]
    store, backups = stack.storage.object_storage, stack.retention.backups
    return {
        "cluster_api_version": versions.CRDS["K8ssandraCluster"].api_version,
        "backup_api_version": versions.CRDS["MedusaBackupSchedule"].api_version,
        "repairs": stack.cassandra.repairs,
        "backups": Backups(store, backups.schedule, backups.keep_days) if store and backups.enabled else None,
        "bucket_keys": tuple(keys) if backups.enabled and all(key is not None for key in keys) else None,
        "monitored": stack.observability.pod_monitors,
        "monitor_labels": tuple(stack.observability.labels.items()),
    }
