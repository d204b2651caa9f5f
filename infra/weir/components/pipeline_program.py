"""A weir program that serves one pipeline: a single pod with the pipeline's files and its own logins."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from weir.catalog.own_names import kubernetes_name
from weir.catalog.pipeline import Pipeline, program_files
from weir.components.base import Component, Resources, Site
from weir.components.cassandra.access import ROLE_FOLDER, TRUST_FOLDER, CassandraAccess
from weir.components.images import Image
from weir.components.job import USER_ID
from weir.components.kafka.access import KafkaAccess
from weir.components.pods import read_only_mounts, tmp_mount, tmp_volume
from weir.components.registry_login import OWN_REGISTRY, RegistryAccess
from weir.components.workload import Configuration, Probes, Workload, configuration, deployment
from weir.config.endpoints import Endpoints
from weir.sizing.plan import PodSize

ENDPOINTS_FILE = "endpoints.json"
CONFIG_ROOT = "/etc/weir"
PIPELINES_FOLDER = "/etc/weir/pipelines"
PROBE_SECONDS = 5


@dataclass(frozen=True)
class PipelineProgramArgs:
    """The pipeline, the program's logins, and the services it uses. `cassandra_role` has the program's permissions."""

    pipeline: Pipeline
    image: Image
    kafka: KafkaAccess
    kafka_user: str
    cassandra: CassandraAccess
    cassandra_role: str
    registry_url: pulumi.Input[str]
    registry: RegistryAccess = OWN_REGISTRY
    after: Resources = ()


@dataclass(frozen=True)
class Program:
    """The program, run as `python -m <module>`. The pod is ready once it has written `state_file`."""

    kind: str
    """The component's type, below `weir:`."""
    component: str
    """The value of the component label, which network policies select."""
    module: str
    state_file: str
    size: PodSize
    flink_url: str = ""


class PipelineProgram(Component):
    """The Deployment `<component>-<pipeline>` with one pod, and a ConfigMap with addresses and the pipeline's files."""

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
        config = configuration(self, name, program.component, addresses.apply(self._files))
        self.deployment = deployment(
            self,
            self._workload(config),
            # Two pods would only do the same work twice.
            recreate=True,
            after=[*args.after, *args.kafka.ready, *args.cassandra.ready],
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
        return {ENDPOINTS_FILE: endpoints.model_dump_json(indent=1), **program_files(args.pipeline)}

    def _workload(self, config: Configuration) -> Workload:
        args, program = self.args, self.program
        folder = f"{PIPELINES_FOLDER}/{args.pipeline.name}"
        written = k8s.core.v1.ExecActionArgs(command=["/bin/sh", "-c", f"test -f {program.state_file}"])
        return Workload(
            name=self.name,
            component=program.component,
            container=program.component,
            image=args.image,
            user_id=USER_ID,
            size=program.size,
            command=self.command(),
            environment=args.registry.program_environment() or None,
            probes=Probes(readiness=k8s.core.v1.ProbeArgs(exec_=written, period_seconds=PROBE_SECONDS)),
            configuration=config,
            volumes=[
                config.volume,
                tmp_volume(),
                *args.kafka.volumes(args.kafka_user),
                *args.cassandra.volumes(args.cassandra_role),
                *args.registry.volumes(),
            ],
            mounts=[
                *read_only_mounts({"config": self._config_folder}),
                *read_only_mounts({"config": folder}),
                tmp_mount(),
                *args.kafka.mounts(),
                *args.cassandra.mounts(),
                *args.registry.mounts(),
            ],
            spread=False,
        )

    @property
    def _config_folder(self) -> str:
        return f"{CONFIG_ROOT}/{self.program.component}"

    def command(self) -> list[str]:
        """The command; passwords are read from files."""
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
