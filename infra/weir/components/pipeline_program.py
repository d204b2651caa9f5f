"""A program of weir's own that serves one pipeline: a single pod with the pipeline's files and logins of its own."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from weir.catalog.engine_names import kubernetes_name
from weir.catalog.pipeline import PIPELINE_FILE, Pipeline
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
from weir.components.cassandra.access import ROLE_FOLDER, TRUST_FOLDER, CassandraAccess
from weir.components.images import CONFIG_CHECKSUM, Image
from weir.components.job import USER_ID, content_hash
from weir.components.kafka.access import KafkaAccess
from weir.config.endpoints import Endpoints
from weir.sizing.plan import PodSize

ENDPOINTS_FILE = "endpoints.json"
CONFIG_ROOT = "/etc/weir"
PIPELINES_FOLDER = "/etc/weir/pipelines"
PROBE_SECONDS = 5


@dataclass(frozen=True)
class PipelineProgramArgs:
    """Whom the program serves, as whom, and with what. `cassandra_role` may do what the program does there."""

    pipeline: Pipeline
    image: Image
    kafka: KafkaAccess
    kafka_user: str
    cassandra: CassandraAccess
    cassandra_role: str
    registry_url: pulumi.Input[str]
    after: Resources = ()


@dataclass(frozen=True)
class Program:
    """What runs: `python -m <module>`. The pod is ready once the program has written `state_file`."""

    kind: str
    """Of the component, below `weir:`."""
    component: str
    """The value of the component label, which network policies go by."""
    module: str
    state_file: str
    size: PodSize
    flink_url: str = ""


class PipelineProgram(Component):
    """The Deployment `<component>-<pipeline>` of one pod, with a ConfigMap of addresses and the pipeline's files."""

    def __init__(
        self,
        site: Site,
        program: Program,
        args: PipelineProgramArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        name = f"{program.component}-{kubernetes_name(args.pipeline.name)}"
        super().__init__(program.kind, name, site, opts)
        self.name, self.program, self.args = name, program, args
        addresses = pulumi.Output.all(args.kafka.bootstrap_servers, args.registry_url)
        files = addresses.apply(self._files)
        config = k8s.core.v1.ConfigMap(
            f"{name}-config",
            metadata=site.metadata(f"{name}-config", program.component),
            data=files,
            opts=self.child(),
        )
        checksum = files.apply(lambda texts: content_hash("".join(texts.values())))
        self.deployment = k8s.apps.v1.Deployment(
            name,
            metadata=site.metadata(name, program.component),
            spec=k8s.apps.v1.DeploymentSpecArgs(
                replicas=1,
                # Two at once would only do the same work twice.
                strategy=k8s.apps.v1.DeploymentStrategyArgs(type="Recreate"),
                selector=k8s.meta.v1.LabelSelectorArgs(match_labels=site.selector(name)),
                template=k8s.core.v1.PodTemplateSpecArgs(
                    metadata=site.pod_metadata(name, program.component, {CONFIG_CHECKSUM: checksum}),
                    spec=self._pod(),
                ),
            ),
            opts=self.child(after=[config, *args.after, *args.kafka.ready, *args.cassandra.ready]),
        )
        self.register_outputs({"name": name})

    def _files(self, addresses: list[str]) -> dict[str, str]:
        servers, registry_url = addresses
        args = self.args
        endpoints = Endpoints.of_pod(
            kafka=servers,
            registry=registry_url,
            cassandra=args.cassandra.contact_points,
            datacenter=args.cassandra.datacenter,
            flink=self.program.flink_url,
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
                *args.kafka.volumes(args.kafka_user),
                *args.cassandra.volumes(args.cassandra_role),
            ],
        )

    def _container(self) -> k8s.core.v1.ContainerArgs:
        args, program = self.args, self.program
        folder = f"{PIPELINES_FOLDER}/{args.pipeline.name}"
        written = k8s.core.v1.ExecActionArgs(command=["/bin/sh", "-c", f"test -f {program.state_file}"])
        return k8s.core.v1.ContainerArgs(
            name=program.component,
            image=args.image.reference,
            image_pull_policy=args.image.pull_policy,
            command=self.command(),
            readiness_probe=k8s.core.v1.ProbeArgs(exec_=written, period_seconds=PROBE_SECONDS),
            security_context=container_security(),
            resources=self.site.resources(program.size),
            volume_mounts=[
                k8s.core.v1.VolumeMountArgs(name="config", mount_path=self._config_folder, read_only=True),
                k8s.core.v1.VolumeMountArgs(name="config", mount_path=folder, read_only=True),
                tmp_mount(),
                *args.kafka.mounts(),
                *args.cassandra.mounts(),
            ],
        )

    @property
    def _config_folder(self) -> str:
        return f"{CONFIG_ROOT}/{self.program.component}"

    def command(self) -> list[str]:
        """The program, which reads passwords from files."""
        args = self.args
        trust = ["--cassandra-ca", f"{TRUST_FOLDER}/ca.crt"] if args.cassandra.trust_secret else []
        return [
            *("python", "-m", self.program.module),
            *("--endpoints", f"{self._config_folder}/{ENDPOINTS_FILE}"),
            *("--pipelines", PIPELINES_FOLDER),
            *("--state", self.program.state_file),
            *args.kafka.program_arguments(args.kafka_user),
            *("--cassandra-user", args.cassandra_role),
            *("--cassandra-password-file", f"{ROLE_FOLDER}/password"),
            *trust,
            args.pipeline.name,
        ]
