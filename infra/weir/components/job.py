"""A Kubernetes Job that runs once for each input: a changed input creates a new Job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_kubernetes as k8s

from weir.components.base import Component, Resources, Site
from weir.components.images import Image
from weir.components.pods import read_only_mounts, tmp_mount, tmp_volume
from weir.components.secret import secrets_digest
from weir.components.workload import Workload, content_hash, pod_template
from weir.sizing.plan import PodSize

USER_ID = 10001
ATTEMPTS = 6
DEADLINE_SECONDS = 900
SCRIPT_MODE = 0o555


@dataclass(frozen=True)
class JobArgs:
    """`files` are mounted in `folder`. A change of their content, of `command` or of `secrets` starts a new Job."""

    component: str
    image: Image
    command: Sequence[str]
    files: Mapping[str, pulumi.Input[str]]
    folder: str
    size: PodSize
    environment: Sequence[k8s.core.v1.EnvVarArgs] = ()
    volumes: Sequence[k8s.core.v1.VolumeArgs] = ()
    mounts: Sequence[k8s.core.v1.VolumeMountArgs] = ()
    user_id: int = USER_ID
    secrets: Sequence[k8s.core.v1.Secret] = ()
    after: Resources = field(default=())


class RunToCompletion(Component):
    """The Job. It must be idempotent, because a pod that is lost while running is replaced.

    A Job is immutable, so its name contains a hash of its input. The old Job is deleted after the new one has finished.
    """

    def __init__(self, name: str, site: Site, args: JobArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("job:RunToCompletion", name, site, opts)
        self.args = args
        texts = pulumi.Output.all(
            *args.command, args.image.reference, *args.files.values(), secrets_digest(site, args.secrets)
        )
        digest = texts.apply(lambda found: content_hash("".join(found)))
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
                template=pod_template(site, self._workload(name, full_name), restart_policy="Never"),
            ),
            opts=self.child(after=[files, *args.after]),
        )
        self.register_outputs({})

    def _workload(self, name: str, config_map: pulumi.Input[str]) -> Workload:
        args = self.args
        source = k8s.core.v1.ConfigMapVolumeSourceArgs(name=config_map, default_mode=SCRIPT_MODE)
        return Workload(
            name=name,
            component=args.component,
            container="job",
            image=args.image,
            user_id=args.user_id,
            size=args.size,
            command=args.command,
            environment=list(args.environment) or None,
            volumes=[k8s.core.v1.VolumeArgs(name="files", config_map=source), tmp_volume(), *args.volumes],
            mounts=[*read_only_mounts({"files": args.folder}), tmp_mount(), *args.mounts],
            spread=False,
        )
