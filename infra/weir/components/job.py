"""A Kubernetes Job that runs once for what it is given: other input is another Job."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_kubernetes as k8s

from weir.components.base import (
    Component,
    Resources,
    Site,
    container_security,
    pod_security,
    pull_secrets,
    tmp_mount,
    tmp_volume,
)
from weir.sizing.plan import PodSize

USER_ID = 10001
ATTEMPTS = 6
DEADLINE_SECONDS = 900
SCRIPT_MODE = 0o555


@dataclass(frozen=True)
class JobArgs:
    """`files` are mounted below `folder`; what they say and `command` decide whether the Job runs anew."""

    component: str
    image: str
    image_pull_policy: str
    command: Sequence[str]
    files: Mapping[str, pulumi.Input[str]]
    folder: str
    size: PodSize
    image_pull_secrets: Sequence[str] = ()
    environment: Sequence[k8s.core.v1.EnvVarArgs] = ()
    volumes: Sequence[k8s.core.v1.VolumeArgs] = ()
    mounts: Sequence[k8s.core.v1.VolumeMountArgs] = ()
    user_id: int = USER_ID
    after: Resources = field(default=())


class RunToCompletion(Component):
    """The Job. It must be safe to run twice: a pod that is lost half-way is replaced.

    Its name carries a hash of its input, for a Job cannot be changed; the old one goes once the new one is done.
    """

    def __init__(self, name: str, site: Site, args: JobArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("job:RunToCompletion", name, site, opts)
        self.args = args
        contents = pulumi.Output.all(**args.files)
        digest = contents.apply(lambda files: content_hash("".join([*args.command, args.image, *files.values()])))
        full_name = digest.apply(lambda value: f"{name}-{value[:8]}")
        metadata = k8s.meta.v1.ObjectMetaArgs(
            name=full_name, namespace=site.namespace, labels=site.labels(name, args.component)
        )
        files = k8s.core.v1.ConfigMap(f"{name}-files", metadata=metadata, data=dict(args.files), opts=self.child())
        self.job = k8s.batch.v1.Job(
            name,
            metadata=metadata,
            spec=k8s.batch.v1.JobSpecArgs(
                backoff_limit=ATTEMPTS,
                active_deadline_seconds=DEADLINE_SECONDS,
                template=k8s.core.v1.PodTemplateSpecArgs(
                    metadata=site.pod_metadata(name, args.component), spec=self._pod(full_name)
                ),
            ),
            opts=self.child(after=[files, *args.after]),
        )
        self.register_outputs({})

    def _pod(self, config_map: pulumi.Input[str]) -> k8s.core.v1.PodSpecArgs:
        args = self.args
        source = k8s.core.v1.ConfigMapVolumeSourceArgs(name=config_map, default_mode=SCRIPT_MODE)
        container = k8s.core.v1.ContainerArgs(
            name="job",
            image=args.image,
            image_pull_policy=args.image_pull_policy,
            command=list(args.command),
            env=list(args.environment) or None,
            security_context=container_security(),
            resources=self.site.resources(args.size),
            volume_mounts=[
                k8s.core.v1.VolumeMountArgs(name="files", mount_path=args.folder, read_only=True),
                tmp_mount(),
                *args.mounts,
            ],
        )
        return k8s.core.v1.PodSpecArgs(
            restart_policy="Never",
            automount_service_account_token=False,
            security_context=pod_security(args.user_id),
            image_pull_secrets=pull_secrets(args.image_pull_secrets),
            containers=[container],
            volumes=[
                k8s.core.v1.VolumeArgs(name="files", config_map=source),
                tmp_volume(),
                *args.volumes,
            ],
        )


def content_hash(text: str) -> str:
    """A short name for a text: other texts have others."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
