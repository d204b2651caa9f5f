"""Reference tables into their topics on Kubernetes: one pod that compares both, as often as the pipeline's file says.

A Deployment and not a CronJob: a change counts within a minute, and a pod for each minute would start a thousand times
a day for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from weir.catalog.engine_names import kubernetes_name
from weir.catalog.pipeline import PIPELINE_FILE, Pipeline
from weir.catalog.principals import references_principal
from weir.components.base import (
    Component,
    Resources,
    Site,
    config_volume,
    container_security,
    pod_security,
    pull_secrets,
    tmp_mount,
    tmp_volume,
)
from weir.components.cassandra_access import ROLE_FOLDER, TRUST_FOLDER, CassandraAccess
from weir.components.images import CONFIG_CHECKSUM, Image
from weir.components.job import USER_ID, content_hash
from weir.components.kafka_access import KafkaAccess
from weir.config.endpoints import Endpoints
from weir.sizing.plan import PodSize

COMPONENT = "references"
ENDPOINTS_FILE = "endpoints.json"
CONFIG_FOLDER = "/etc/weir/references"
PIPELINES_FOLDER = "/etc/weir/pipelines"
STATE_FILE = "/tmp/compared.json"  # noqa: S108 - the pod's own
# It holds a table and its topic at once; reference tables are small.
SIZE = PodSize(0.1, 512)


@dataclass(frozen=True)
class ReferencePublisherArgs:
    """One pipeline's publisher. `cassandra_role` may read the reference tables."""

    pipeline: Pipeline
    image: Image
    kafka: KafkaAccess
    cassandra: CassandraAccess
    cassandra_role: str
    registry_url: pulumi.Input[str]
    after: Resources = ()


class ReferencePublisher(Component):
    """The Deployment `references-<pipeline>`: ready once it has compared every table, so that joins find their rows."""

    def __init__(self, site: Site, args: ReferencePublisherArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        self.name = f"references-{kubernetes_name(args.pipeline.name)}"
        super().__init__("streams:ReferencePublisher", self.name, site, opts)
        self.args = args
        addresses = pulumi.Output.all(args.kafka.bootstrap_servers, args.registry_url)
        files = addresses.apply(self._files)
        config = k8s.core.v1.ConfigMap(
            f"{self.name}-config",
            metadata=site.metadata(f"{self.name}-config", COMPONENT),
            data=files,
            opts=self.child(),
        )
        checksum = files.apply(lambda texts: content_hash("".join(texts.values())))
        self.deployment = k8s.apps.v1.Deployment(
            self.name,
            metadata=site.metadata(self.name, COMPONENT),
            spec=k8s.apps.v1.DeploymentSpecArgs(
                replicas=1,
                # Two that compare at once would only send the same rows twice.
                strategy=k8s.apps.v1.DeploymentStrategyArgs(type="Recreate"),
                selector=k8s.meta.v1.LabelSelectorArgs(match_labels=site.selector(self.name)),
                template=k8s.core.v1.PodTemplateSpecArgs(
                    metadata=site.pod_metadata(self.name, COMPONENT, {CONFIG_CHECKSUM: checksum}),
                    spec=self._pod(),
                ),
            ),
            opts=self.child(after=[config, *args.after, *args.kafka.ready, *args.cassandra.ready]),
        )
        self.register_outputs({"name": self.name})

    def _files(self, addresses: list[str]) -> dict[str, str]:
        servers, registry_url = addresses
        args = self.args
        endpoints = Endpoints.of_pod(
            kafka=servers,
            registry=registry_url,
            cassandra=args.cassandra.contact_points,
            datacenter=args.cassandra.datacenter,
        )
        folder = args.pipeline.folder
        names = (PIPELINE_FILE, args.pipeline.spec.source.schema_file)
        texts = {name: (folder / name).read_text(encoding="utf-8") for name in names}
        return {ENDPOINTS_FILE: endpoints.model_dump_json(indent=1), **texts}

    def _pod(self) -> k8s.core.v1.PodSpecArgs:
        args = self.args
        return k8s.core.v1.PodSpecArgs(
            automount_service_account_token=False,
            security_context=pod_security(USER_ID),
            image_pull_secrets=pull_secrets(args.image.pull_secrets),
            containers=[self._container()],
            volumes=[
                config_volume(f"{self.name}-config"),
                tmp_volume(),
                *args.kafka.volumes(references_principal(args.pipeline).name),
                *args.cassandra.volumes(args.cassandra_role),
            ],
        )

    def _container(self) -> k8s.core.v1.ContainerArgs:
        args = self.args
        folder = f"{PIPELINES_FOLDER}/{args.pipeline.name}"
        compared = k8s.core.v1.ExecActionArgs(command=["/bin/sh", "-c", f"test -f {STATE_FILE}"])
        return k8s.core.v1.ContainerArgs(
            name="references",
            image=args.image.reference,
            image_pull_policy=args.image.pull_policy,
            command=self.command(),
            readiness_probe=k8s.core.v1.ProbeArgs(exec_=compared, period_seconds=5),
            security_context=container_security(),
            resources=self.site.resources(SIZE),
            volume_mounts=[
                k8s.core.v1.VolumeMountArgs(name="config", mount_path=CONFIG_FOLDER, read_only=True),
                k8s.core.v1.VolumeMountArgs(name="config", mount_path=folder, read_only=True),
                tmp_mount(),
                *args.kafka.mounts(),
                *args.cassandra.mounts(),
            ],
        )

    def command(self) -> list[str]:
        """The program, which reads passwords from files."""
        args = self.args
        trust = ["--cassandra-ca", f"{TRUST_FOLDER}/ca.crt"] if args.cassandra.trust_secret else []
        return [
            *("python", "-m", "weir.proof.references"),
            *("--endpoints", f"{CONFIG_FOLDER}/{ENDPOINTS_FILE}"),
            *("--pipelines", PIPELINES_FOLDER),
            *("--state", STATE_FILE),
            *args.kafka.program_arguments(references_principal(args.pipeline).name),
            *("--cassandra-user", args.cassandra_role),
            *("--cassandra-password-file", f"{ROLE_FOLDER}/password"),
            *trust,
            args.pipeline.name,
        ]
