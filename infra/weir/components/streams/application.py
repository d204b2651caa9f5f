"""A pipeline's Kafka Streams application on Kubernetes: a StatefulSet whose pods keep their name and their state.

A pod that restarts is the same group member, with its state on its volume, so partitions do not move meanwhile. If it
does not return, a pod with a standby copy takes over at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from weir.catalog.own_names import kubernetes_name
from weir.catalog.pipeline import Pipeline
from weir.catalog.principals import application_principal
from weir.catalog.streams import JVM_FLAGS, STREAMS_MAIN, streams_plan
from weir.components.base import Component, Resources, Site
from weir.components.images import Image
from weir.components.kafka.access import KafkaAccess
from weir.components.pods import field_environment, mounts, tmp_mount, tmp_volume
from weir.components.workload import (
    Claim,
    Configuration,
    Probes,
    Workload,
    configuration,
    service,
    stateful_set,
)
from weir.config.endpoints import Endpoints
from weir.config.properties_text import properties
from weir.sizing.plan import StreamsJobPlan

COMPONENT = "kafka-streams"
PORT = 8080
USER_ID = 10001
JARS = "/opt/weir/streams/*"
LOGGING = "/opt/weir/log4j2.properties"
PLANS_FOLDER = "/etc/weir/plans"
KAFKA_FILE = "/etc/weir/kafka.properties"
STATE_FOLDER = "/var/lib/weir"
GRACE_SECONDS = 60
WHY_PLAIN = "health and counts, no data"


@dataclass(frozen=True)
class StreamsApplicationArgs:
    """One pipeline's application. It logs in to Kafka as the pipeline's own user; only the loader uses Cassandra."""

    pipeline: Pipeline
    plan: StreamsJobPlan
    image: Image
    kafka: KafkaAccess
    registry_url: pulumi.Input[str]
    storage_class: str | None = None
    after: Resources = ()


class StreamsApplication(Component):
    """The StatefulSet `streams-<pipeline>`, with its configuration and disruption budget."""

    def __init__(
        self, name: str, site: Site, args: StreamsApplicationArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("streams:StreamsApplication", name, site, opts)
        self.name = name
        self.args = args
        plan = pulumi.Output.from_input(args.registry_url).apply(self._plan)
        login = properties(args.kafka.properties(application_principal(args.pipeline).name))
        config = configuration(self, name, COMPONENT, {self.plan_file: plan, "kafka.properties": login})
        front = service(self, name, COMPONENT, {"http": PORT}, headless=True, why_plain_http=WHY_PLAIN)
        self.instances = stateful_set(
            self,
            self._workload(config),
            Claim("state", args.plan.instance.disk_gib, args.storage_class),
            service=name,
            replicas=args.plan.instances,
            # Joining one by one would move partitions each time.
            management="Parallel",
            resource=f"{name}-instances",
            after=[front, *args.after, *args.kafka.ready],
        )
        self.register_outputs({"name": name})

    @property
    def plan_file(self) -> str:
        """The plan's file name. The application runs all plans in its folder."""
        return f"{self.args.pipeline.name}.json"

    def _plan(self, registry_url: str) -> str:
        endpoints = Endpoints.of_pod(registry=registry_url)
        return streams_plan(self.args.plan.settings, endpoints, self.args.pipeline)

    def _workload(self, config: Configuration) -> Workload:
        args = self.args
        return Workload(
            name=self.name,
            component=COMPONENT,
            container="streams",
            image=args.image,
            user_id=USER_ID,
            size=args.plan.instance,
            command=self._command(),
            environment=[
                field_environment("POD_NAME", "metadata.name"),
                k8s.core.v1.EnvVarArgs(name="SERVERS", value=args.kafka.bootstrap_servers),
            ],
            ports={"http": PORT},
            probes=Probes(
                _probe("/live", period_seconds=5, failures=60),
                _probe("/ready", period_seconds=5, failures=3),
                _probe("/live", period_seconds=10, failures=6),
            ),
            configuration=config,
            volumes=[
                config.volume,
                tmp_volume(),
                *args.kafka.volumes(application_principal(args.pipeline).name),
            ],
            mounts=self._mounts(),
            one_at_a_time=True,
            grace_seconds=GRACE_SECONDS,
        )

    def _mounts(self) -> list[k8s.core.v1.VolumeMountArgs]:
        # A file mounted by itself is never updated in a running pod: a changed plan replaces the pods one by one.
        files = {f"{PLANS_FOLDER}/{self.plan_file}": self.plan_file, KAFKA_FILE: "kafka.properties"}
        return [
            *(
                k8s.core.v1.VolumeMountArgs(name="config", mount_path=path, sub_path=file, read_only=True)
                for path, file in files.items()
            ),
            *mounts({"state": STATE_FOLDER}),
            tmp_mount(),
            *self.args.kafka.mounts(),
        ]

    def _command(self) -> list[str]:
        heap = self.args.plan.instance.heap_mib
        return [
            *("java", "-cp", JARS),
            *JVM_FLAGS,
            *(f"-Xms{heap}m", f"-Xmx{heap}m"),
            f"-Dlog4j2.configurationFile={LOGGING}",
            STREAMS_MAIN,
            *("--plans", PLANS_FOLDER),
            *("--state", STATE_FOLDER),
            *("--bootstrap-servers", "$(SERVERS)"),
            *("--listen", f"0.0.0.0:{PORT}"),
            *("--properties", KAFKA_FILE),
            # Rejoin the group as the same member after a restart.
            *("--property", "group.instance.id=$(POD_NAME)"),
        ]


def _probe(path: str, *, period_seconds: int, failures: int) -> k8s.core.v1.ProbeArgs:
    return k8s.core.v1.ProbeArgs(
        http_get=k8s.core.v1.HTTPGetActionArgs(path=path, port="http"),
        period_seconds=period_seconds,
        timeout_seconds=5,
        failure_threshold=failures,
    )


def application_name(pipeline: Pipeline) -> str:
    """The StatefulSet's name."""
    return f"streams-{kubernetes_name(pipeline.name)}"
