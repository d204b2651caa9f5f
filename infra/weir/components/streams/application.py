"""A pipeline's Kafka Streams application on Kubernetes: a StatefulSet, whose pods keep their state and their name.

A pod that comes back is the same member of the group, with its state on its volume: nothing moves meanwhile. With
standby copies another pod takes over at once when it does not come back.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from weir.catalog.engine_names import kubernetes_name
from weir.catalog.pipeline import Pipeline
from weir.catalog.principals import application_principal
from weir.catalog.streams import JVM_FLAGS, STREAMS_MAIN, streams_plan
from weir.components.base import (
    PLAIN_HTTP,
    Component,
    Resources,
    Site,
    config_volume,
    container_security,
    pod_security,
    pull_secrets,
    tmp_mount,
    tmp_volume,
    topology_spread,
)
from weir.components.images import CONFIG_CHECKSUM, Image
from weir.components.job import content_hash
from weir.components.kafka.access import KafkaAccess
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


@dataclass(frozen=True)
class StreamsApplicationArgs:
    """One pipeline's application; in Kafka it is the pipeline's own user. Cassandra is the loader's business."""

    pipeline: Pipeline
    plan: StreamsJobPlan
    image: Image
    kafka: KafkaAccess
    registry_url: pulumi.Input[str]
    storage_class: str | None = None
    after: Resources = ()


class StreamsApplication(Component):
    """The StatefulSet `streams-<pipeline>`, what it is told, and how far Kubernetes may disturb it."""

    def __init__(
        self, name: str, site: Site, args: StreamsApplicationArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("streams:StreamsApplication", name, site, opts)
        self.name = name
        self.args = args
        plan = pulumi.Output.from_input(args.registry_url).apply(self._plan)
        login = properties(args.kafka.properties(application_principal(args.pipeline).name))
        config = k8s.core.v1.ConfigMap(
            f"{name}-config",
            metadata=site.metadata(f"{name}-config", COMPONENT),
            data={self.plan_file: plan, "kafka.properties": login},
            opts=self.child(),
        )
        service = k8s.core.v1.Service(
            name,
            metadata=site.metadata(name, COMPONENT, annotations={PLAIN_HTTP: "health and counts, no data"}),
            spec=k8s.core.v1.ServiceSpecArgs(
                cluster_ip="None",
                selector=site.selector(name),
                ports=[k8s.core.v1.ServicePortArgs(name="http", port=PORT, target_port="http")],
            ),
            opts=self.child(),
        )
        after = [config, service, *args.after, *args.kafka.ready]
        self.instances = self._instances(plan.apply(lambda text: content_hash(text + login)), after)
        self.disrupt_one_at_a_time(name, COMPONENT)
        self.register_outputs({"name": name})

    @property
    def plan_file(self) -> str:
        """The application runs every file of its folder."""
        return f"{self.args.pipeline.name}.json"

    def _plan(self, registry_url: str) -> str:
        endpoints = Endpoints.of_pod(registry=registry_url)
        return streams_plan(self.args.plan.settings, endpoints, self.args.pipeline)

    def _instances(self, checksum: pulumi.Output[str], after: Resources) -> k8s.apps.v1.StatefulSet:
        args, site = self.args, self.site
        claim = k8s.core.v1.PersistentVolumeClaimArgs(
            metadata=k8s.meta.v1.ObjectMetaArgs(name="state"),
            spec=k8s.core.v1.PersistentVolumeClaimSpecArgs(
                access_modes=["ReadWriteOnce"],
                storage_class_name=args.storage_class,
                resources=k8s.core.v1.VolumeResourceRequirementsArgs(
                    requests={"storage": f"{args.plan.instance.disk_gib}Gi"}
                ),
            ),
        )
        return k8s.apps.v1.StatefulSet(
            f"{self.name}-instances",
            metadata=site.metadata(self.name, COMPONENT),
            spec=k8s.apps.v1.StatefulSetSpecArgs(
                service_name=self.name,
                replicas=args.plan.instances,
                # Joining one by one would move partitions once for each.
                pod_management_policy="Parallel",
                selector=k8s.meta.v1.LabelSelectorArgs(match_labels=site.selector(self.name)),
                template=k8s.core.v1.PodTemplateSpecArgs(
                    metadata=site.pod_metadata(self.name, COMPONENT, {CONFIG_CHECKSUM: checksum}),
                    spec=self._pod(),
                ),
                volume_claim_templates=[claim],
                persistent_volume_claim_retention_policy=(
                    k8s.apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicyArgs(
                        when_deleted="Retain", when_scaled="Retain"
                    )
                ),
            ),
            opts=self.keeper(after=after),
        )

    def _pod(self) -> k8s.core.v1.PodSpecArgs:
        args, site = self.args, self.site
        user = application_principal(args.pipeline).name
        return k8s.core.v1.PodSpecArgs(
            automount_service_account_token=False,
            termination_grace_period_seconds=GRACE_SECONDS,
            security_context=pod_security(USER_ID),
            image_pull_secrets=pull_secrets(args.image.pull_secrets),
            topology_spread_constraints=topology_spread(site.selector(self.name), site.zones),
            containers=[self._container()],
            volumes=[
                config_volume(f"{self.name}-config"),
                tmp_volume(),
                *args.kafka.volumes(user),
            ],
        )

    def _container(self) -> k8s.core.v1.ContainerArgs:
        args = self.args
        # A file that is mounted by itself stays as it was: another plan is another pod, one after the other.
        files = {f"{PLANS_FOLDER}/{self.plan_file}": self.plan_file, KAFKA_FILE: "kafka.properties"}
        return k8s.core.v1.ContainerArgs(
            name="streams",
            image=args.image.reference,
            image_pull_policy=args.image.pull_policy,
            command=self._command(),
            env=[
                k8s.core.v1.EnvVarArgs(
                    name="POD_NAME",
                    value_from=k8s.core.v1.EnvVarSourceArgs(
                        field_ref=k8s.core.v1.ObjectFieldSelectorArgs(field_path="metadata.name")
                    ),
                ),
                k8s.core.v1.EnvVarArgs(name="SERVERS", value=args.kafka.bootstrap_servers),
            ],
            ports=[k8s.core.v1.ContainerPortArgs(name="http", container_port=PORT)],
            startup_probe=_probe("/live", period_seconds=5, failures=60),
            readiness_probe=_probe("/ready", period_seconds=5, failures=3),
            liveness_probe=_probe("/live", period_seconds=10, failures=6),
            security_context=container_security(),
            resources=self.site.resources(args.plan.instance),
            volume_mounts=[
                *(
                    k8s.core.v1.VolumeMountArgs(name="config", mount_path=path, sub_path=file, read_only=True)
                    for path, file in files.items()
                ),
                k8s.core.v1.VolumeMountArgs(name="state", mount_path=STATE_FOLDER),
                tmp_mount(),
                *args.kafka.mounts(),
            ],
        )

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
            # The member that it was before it was replaced.
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
