"""The parts of a pod: security contexts, volumes and their mounts, environment variables, placement.

`workload.py` assembles them for weir's own pods; for operators' pods they go into custom resources.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi_kubernetes as k8s

from weir.components.base import HOST_KEY, ZONE_KEY

SCRATCH_LIMIT_GIB = 2
"""A folder without a limit fills the node's disk, and the node then evicts pods that have done nothing."""
SECRET_MODE = 0o440
"""The owner and the pod's group may read a key; nobody else may."""


def pod_security(user_id: int) -> k8s.core.v1.PodSecurityContextArgs:
    """The pod's part of the `restricted` Pod Security Standard. Volumes belong to the group with the same number."""
    return k8s.core.v1.PodSecurityContextArgs(
        run_as_non_root=True,
        run_as_user=user_id,
        run_as_group=user_id,
        fs_group=user_id,
        fs_group_change_policy="OnRootMismatch",
        seccomp_profile=k8s.core.v1.SeccompProfileArgs(type="RuntimeDefault"),
    )


def container_security(*, read_only_root: bool = True) -> k8s.core.v1.SecurityContextArgs:
    """The container's part of `restricted`. Init and sidecar containers need it as well."""
    return k8s.core.v1.SecurityContextArgs(
        allow_privilege_escalation=False,
        read_only_root_filesystem=read_only_root,
        run_as_non_root=True,
        capabilities=k8s.core.v1.CapabilitiesArgs(drop=["ALL"]),
        seccomp_profile=k8s.core.v1.SeccompProfileArgs(type="RuntimeDefault"),
    )


def topology_spread(labels: Mapping[str, str], zones: int) -> list[k8s.core.v1.TopologySpreadConstraintArgs]:
    """Spreads the pods with `labels` evenly over zones, if there are several, and over hosts if possible.

    A zone that is lost keeps its nodes in the API, tainted as unreachable. The scheduler counts them as a zone without
    pods unless taints are honoured: the skew is then above 1 everywhere else, and the lost pods stay pending for as
    long as the zone is away. The node's affinity is honoured by default, so nodes that the pod may not use count in
    neither case. Source: "Pod Topology Spread Constraints" in Kubernetes' documentation, nodeTaintsPolicy.
    """
    selector = k8s.meta.v1.LabelSelectorArgs(match_labels=dict(labels))
    over_zones = k8s.core.v1.TopologySpreadConstraintArgs(
        max_skew=1,
        topology_key=ZONE_KEY,
        when_unsatisfiable="DoNotSchedule",
        node_taints_policy="Honor",
        label_selector=selector,
    )
    over_hosts = k8s.core.v1.TopologySpreadConstraintArgs(
        max_skew=1, topology_key=HOST_KEY, when_unsatisfiable="ScheduleAnyway", label_selector=selector
    )
    return [*([over_zones] if zones > 1 else []), over_hosts]


def pull_secrets(names: Sequence[str]) -> list[k8s.core.v1.LocalObjectReferenceArgs] | None:
    """References to the Secrets for pulling images; None if no registry needs one."""
    return [k8s.core.v1.LocalObjectReferenceArgs(name=name) for name in names] or None


def environment(values: Mapping[str, str]) -> list[k8s.core.v1.EnvVarArgs]:
    """Environment variables with these values."""
    return [k8s.core.v1.EnvVarArgs(name=name, value=value) for name, value in values.items()]


def secret_environment(name: str, secret: str, key: str) -> k8s.core.v1.EnvVarArgs:
    """An environment variable with the value of `key` in a Secret."""
    selector = k8s.core.v1.SecretKeySelectorArgs(name=secret, key=key)
    return k8s.core.v1.EnvVarArgs(name=name, value_from=k8s.core.v1.EnvVarSourceArgs(secret_key_ref=selector))


def field_environment(name: str, field_path: str) -> k8s.core.v1.EnvVarArgs:
    """An environment variable with the value of a field of the pod, such as `metadata.name`."""
    field = k8s.core.v1.ObjectFieldSelectorArgs(field_path=field_path)
    return k8s.core.v1.EnvVarArgs(name=name, value_from=k8s.core.v1.EnvVarSourceArgs(field_ref=field))


def config_volume(config_map: str) -> k8s.core.v1.VolumeArgs:
    """A ConfigMap as the volume `config` of a pod."""
    return k8s.core.v1.VolumeArgs(name="config", config_map=k8s.core.v1.ConfigMapVolumeSourceArgs(name=config_map))


def secret_volume(name: str, secret: str, keys: Sequence[str] = ()) -> k8s.core.v1.VolumeArgs:
    """A Secret as files. `keys` limits it to those that the pod needs."""
    return k8s.core.v1.VolumeArgs(
        name=name,
        secret=k8s.core.v1.SecretVolumeSourceArgs(
            secret_name=secret,
            default_mode=SECRET_MODE,
            items=[k8s.core.v1.KeyToPathArgs(key=key, path=key) for key in keys] or None,
        ),
    )


def projected(secret: str, items: Mapping[str, str]) -> k8s.core.v1.VolumeProjectionArgs:
    """Keys of a Secret as files of the given names: one source of a `projected_volume`."""
    return k8s.core.v1.VolumeProjectionArgs(
        secret=k8s.core.v1.SecretProjectionArgs(
            name=secret, items=[k8s.core.v1.KeyToPathArgs(key=key, path=path) for key, path in items.items()]
        )
    )


def projected_volume(name: str, sources: Sequence[k8s.core.v1.VolumeProjectionArgs]) -> k8s.core.v1.VolumeArgs:
    """One volume from several sources."""
    source = k8s.core.v1.ProjectedVolumeSourceArgs(sources=list(sources), default_mode=SECRET_MODE)
    return k8s.core.v1.VolumeArgs(name=name, projected=source)


def tls_volume(name: str, certificate: str, trust: str) -> k8s.core.v1.VolumeArgs:
    """A certificate with its key, and what its holder trusts, as files of one folder."""
    own = {key: key for key in ("tls.crt", "tls.key", "keystore.p12")}
    trusted = {key: key for key in ("ca.crt", "truststore.p12")}
    return projected_volume(name, [projected(certificate, own), projected(trust, trusted)])


def scratch_volume(name: str, limit_gib: int = SCRATCH_LIMIT_GIB) -> k8s.core.v1.VolumeArgs:
    """An empty folder that lives as long as its pod, which is evicted once the folder holds more than `limit_gib`."""
    source = k8s.core.v1.EmptyDirVolumeSourceArgs(size_limit=f"{limit_gib}Gi")
    return k8s.core.v1.VolumeArgs(name=name, empty_dir=source)


def tmp_volume() -> k8s.core.v1.VolumeArgs:
    """The volume of `tmp_mount`."""
    return scratch_volume("tmp")


def volume_claim(disk_gib: int, storage_class: str | None) -> k8s.core.v1.PersistentVolumeClaimSpecArgs:
    """A claim for a volume that one node at a time may mount."""
    return k8s.core.v1.PersistentVolumeClaimSpecArgs(
        access_modes=["ReadWriteOnce"],
        storage_class_name=storage_class,
        resources=k8s.core.v1.VolumeResourceRequirementsArgs(requests={"storage": f"{disk_gib}Gi"}),
    )


def mounts(folders: Mapping[str, str]) -> list[k8s.core.v1.VolumeMountArgs]:
    """Mounts that the container may write to; `folders` maps volumes to folders."""
    return [k8s.core.v1.VolumeMountArgs(name=name, mount_path=folder) for name, folder in folders.items()]


def read_only_mounts(folders: Mapping[str, str]) -> list[k8s.core.v1.VolumeMountArgs]:
    """Mounts that the container can only read; `folders` maps volumes to folders."""
    return [
        k8s.core.v1.VolumeMountArgs(name=name, mount_path=folder, read_only=True) for name, folder in folders.items()
    ]


def tmp_mount() -> k8s.core.v1.VolumeMountArgs:
    """The pod's own /tmp, if its root file system is read-only."""
    return k8s.core.v1.VolumeMountArgs(name="tmp", mount_path="/tmp")  # noqa: S108 - the pod's own


def after_start(command: Sequence[str]) -> k8s.core.v1.LifecycleArgs:
    """Runs `command` beside the container's own once that has started; the pod is not ready before it ends."""
    execute = k8s.core.v1.ExecActionArgs(command=list(command))
    return k8s.core.v1.LifecycleArgs(post_start=k8s.core.v1.LifecycleHandlerArgs(exec_=execute))
