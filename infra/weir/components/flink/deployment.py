"""A pipeline's job on Kubernetes: a FlinkDeployment in application mode, with a Flink cluster for this job only."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from weir.catalog.flink import (
    PYTHON_DRIVER,
    ClientSecurity,
    flink_configuration,
    image_files,
    job_arguments,
)
from weir.catalog.own_names import kubernetes_name
from weir.catalog.pipeline import Pipeline, program_files
from weir.catalog.principals import job_principal
from weir.components.base import PLAIN_HTTP, Component, CustomKind, Resources, Site, custom_resource
from weir.components.cassandra.access import CassandraAccess
from weir.components.certificates import KEYSTORE_PASSWORD, Certificate, CertificateArgs, CertificateAuthority
from weir.components.flink.account import ACCOUNT
from weir.components.flink.pods import cpu_limits, pod_resource, work_template
from weir.components.flink.settings import (
    METRICS_PORT,
    REST_PORT,
    TLS_FOLDER,
    WORK_FOLDER,
    OperatorPolicy,
    cluster_configuration,
    internal_tls,
    old_names,
)
from weir.components.flink.storage import StateStorage
from weir.components.images import Image
from weir.components.kafka.access import FLINK_SHADING, KafkaAccess
from weir.components.pods import (
    container_security,
    mounts,
    pod_security,
    pull_secrets,
    read_only_mounts,
    tls_volume,
    topology_spread,
    volume_claim,
)
from weir.components.registry_login import OWN_REGISTRY, RegistryAccess
from weir.config.endpoints import Endpoints
from weir.config.flink import StateDecision
from weir.config.storage import ObjectStorage
from weir.sizing.plan import FlinkJobPlan

FLINK_USER_ID = 9999
NATIVE, STANDALONE = "native", "standalone"
MAIN_CONTAINER = "flink-main-container"
DRIVER_JAR = "local:///opt/flink/opt/flink-python-{version}.jar"
STATE_DECISION = "weir.io/state-decision"
CHECKSUM = "weir.io/pipeline-checksum"
# By default, dependents are deleted first: the job manager would be gone before the operator's finalizer could ask it
# for the last savepoint, and the finalizer would wait forever.
LEFT_TO_OPERATOR = {"pulumi.com/deletionPropagationPolicy": "background"}


@dataclass(frozen=True)
class FlinkVersion:
    """Flink's version, the operator's name for its minor version, and the API version of the operator's resources."""

    flink: str
    crd_version: str
    api_version: str


@dataclass(frozen=True)
class FlinkDeploymentArgs:
    """One pipeline's job. It logs in to Cassandra as `cassandra_role`, and to Kafka as the pipeline's own user."""

    pipeline: Pipeline
    plan: FlinkJobPlan
    version: FlinkVersion
    image: Image
    kafka: KafkaAccess
    cassandra: CassandraAccess
    cassandra_role: str
    registry_url: pulumi.Input[str]
    registry_login: bool
    """Whether the registry requires a login. Aiven's does, with the Kafka user."""
    operator: OperatorPolicy
    authority: CertificateAuthority
    registry: RegistryAccess = OWN_REGISTRY
    object_storage: ObjectStorage | None = None
    storage_class: str | None = None
    mode: str = NATIVE
    state_decision: StateDecision | None = None
    """A decision about state that the new version cannot restore, for one upgrade."""
    after: Resources = ()


WHY_PLAIN = "network policies let in the operator, the monitor and the job's own pods alone; it takes no new job"


class FlinkDeployment(Component):
    """The job, the ConfigMap with its pipeline's files, and, without a bucket, the volume for its state."""

    def __init__(
        self, name: str, site: Site, args: FlinkDeploymentArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("flink:FlinkDeployment", name, site, opts)
        self.name = name
        self.args = args
        self.storage = StateStorage(name, args.object_storage)
        files = program_files(args.pipeline)
        self.checksum = hashlib.sha256("".join(files.values()).encode()).hexdigest()[:16]
        self.files = self._files(files)
        # A job has an authority of its own: its pods accept no certificate but their own.
        own = internal_domain(name)
        self.certificate = Certificate(
            own, site, CertificateArgs(args.authority, own, "flink", own), pulumi.ResourceOptions(parent=self)
        )
        after = [self.files, self.certificate.resource, *args.after, *args.kafka.ready, *args.cassandra.ready]
        if self.storage.claim:
            after.append(self._state_claim(self.storage.claim))
        self.deployment = custom_resource(
            name,
            CustomKind(args.version.api_version, "FlinkDeployment"),
            site.metadata(name, "flink", annotations=self._annotations()),
            self._spec(),
            self.keeper(after=after),
        )
        self.register_outputs({"name": name})

    def _files(self, files: Mapping[str, str]) -> k8s.core.v1.ConfigMap:
        """The pipeline's files, in a ConfigMap named after their content: a restarted job reads those it started with.

        Old ConfigMaps are retained. Until the new version runs, its savepoint still has to be taken from the old one,
        and a version that fails to start is rolled back to it. They are deleted with the namespace.
        """
        name = f"{self.name}-files-{self.checksum[:8]}"
        return k8s.core.v1.ConfigMap(
            f"{self.name}-files",
            metadata=self.site.metadata(name, "flink", annotations=self._decision()),
            data=dict(files),
            immutable=True,
            opts=self.child(retain=True),
        )

    def _annotations(self) -> dict[str, str]:
        return {**(self._decision() or {}), **self.storage.annotations(), PLAIN_HTTP: WHY_PLAIN, **LEFT_TO_OPERATOR}

    def _decision(self) -> dict[str, str] | None:
        decision = self.args.state_decision
        return {STATE_DECISION: decision.value} if decision else None

    def _state_claim(self, claim: str) -> k8s.core.v1.PersistentVolumeClaim:
        return k8s.core.v1.PersistentVolumeClaim(
            claim,
            metadata=self.site.metadata(claim, "flink"),
            spec=volume_claim(self.args.plan.state_claim_gib, self.args.storage_class),
            opts=self.keeper(),
        )

    def _spec(self) -> dict[str, Any]:
        args, plan = self.args, self.args.plan
        spec: dict[str, Any] = {
            "image": args.image.reference,
            "imagePullPolicy": args.image.pull_policy,
            "flinkVersion": args.version.crd_version,
            "mode": args.mode,
            "serviceAccount": ACCOUNT,
            "flinkConfiguration": self.flink_configuration(),
            "podTemplate": self._pod_template(),
            "jobManager": {
                "replicas": plan.job_managers,
                "resource": pod_resource(plan.job_manager, self.site.cpu_request_share),
                "podTemplate": work_template(0, None),
            },
            "taskManager": {
                "resource": pod_resource(plan.task_manager, self.site.cpu_request_share),
                "podTemplate": work_template(plan.task_manager.disk_gib, args.storage_class),
            },
            "job": {
                "jarURI": DRIVER_JAR.format(version=args.version.flink),
                "entryClass": PYTHON_DRIVER,
                "args": self.arguments(),
                "parallelism": plan.parallelism,
                "upgradeMode": "stateless" if args.state_decision is StateDecision.START_EMPTY else "savepoint",
                "state": "running",
                # State that the new version does not know is an error; otherwise it would be lost silently.
                "allowNonRestoredState": args.state_decision is StateDecision.DROP_REMOVED,
            },
        }
        if args.mode == STANDALONE:
            spec["taskManager"]["replicas"] = plan.task_managers
        return spec

    def flink_configuration(self) -> dict[str, str]:
        """The configuration shared by all targets, plus the settings for Kubernetes."""
        args = self.args
        settings = {
            **flink_configuration(args.plan.settings, args.pipeline),
            **cluster_configuration(args.plan),
            **internal_tls(KEYSTORE_PASSWORD),
            **self.storage.configuration(),
            **args.operator.configuration(),
            **cpu_limits(self.site.cpu_request_share),
        }
        return settings | old_names(settings) if args.mode == STANDALONE else settings

    def arguments(self) -> pulumi.Output[list[str]]:
        """The job's arguments, resolved once the addresses of Kafka and the registry are known."""
        args = self.args
        user = job_principal(args.pipeline).name
        security = ClientSecurity(
            kafka=args.kafka.properties(user, FLINK_SHADING),
            cassandra=args.cassandra.connector_options(args.cassandra_role),
            registry=args.kafka.registry_options(user) if args.registry_login else args.registry.format_options(),
        )

        def with_addresses(addresses: Sequence[str]) -> list[str]:
            servers, registry_url = addresses
            endpoints = Endpoints.of_pod(
                kafka=servers,
                registry=registry_url,
                cassandra=args.cassandra.contact_points,
                datacenter=args.cassandra.datacenter,
                flink=rest_url(args.pipeline),
            )
            # The ConfigMap is mounted over the pipeline's folder in the image.
            files = image_files(args.pipeline)
            return job_arguments(files, endpoints, args.plan.settings, args.pipeline, security)

        return pulumi.Output.all(args.kafka.bootstrap_servers, args.registry_url).apply(with_addresses)

    def _pod_template(self) -> dict[str, Any]:
        args = self.args
        user = job_principal(args.pipeline).name
        selector = self.site.selector(self.name)
        main = k8s.core.v1.ContainerArgs(
            name=MAIN_CONTAINER,
            # Flink's entry point writes its configuration into its own folder.
            security_context=container_security(read_only_root=False),
            env=self.storage.environment(args.version.flink) or None,
            ports=[k8s.core.v1.ContainerPortArgs(name="metrics", container_port=METRICS_PORT)],
            volume_mounts=[
                *mounts({"work": WORK_FOLDER}),
                *read_only_mounts({"pipeline": image_files(args.pipeline).pipeline_folder, "tls": TLS_FOLDER}),
                *args.kafka.mounts(),
                *args.cassandra.mounts(),
                *args.registry.mounts(),
                *self.storage.mounts(),
            ],
        )
        config_map = k8s.core.v1.ConfigMapVolumeSourceArgs(name=self.files.metadata.name)
        spec = k8s.core.v1.PodSpecArgs(
            service_account_name=ACCOUNT,
            security_context=pod_security(FLINK_USER_ID),
            image_pull_secrets=pull_secrets(args.image.pull_secrets),
            topology_spread_constraints=topology_spread(selector, self.site.zones) if not self.storage.claim else None,
            affinity=self.storage.affinity(selector),
            containers=[main],
            volumes=[
                k8s.core.v1.VolumeArgs(name="pipeline", config_map=config_map),
                tls_volume("tls", self.certificate.secret, self.certificate.trust_secret),
                *args.kafka.volumes(user),
                *args.cassandra.volumes(args.cassandra_role),
                *args.registry.volumes(),
                *self.storage.volumes(),
            ],
        )
        return {
            "metadata": self.site.pod_metadata(self.name, "flink", {CHECKSUM: self.checksum}),
            "spec": spec,
        }


def deployment_name(pipeline: Pipeline) -> str:
    """The FlinkDeployment's name. The operator allows 45 characters; a pipeline's name has at most 44."""
    return kubernetes_name(pipeline.name)


def internal_domain(name: str) -> str:
    """The trust domain of the job `name`, its only certificate, and that certificate's Secret."""
    return f"{name}-internal"


def rest_url(pipeline: Pipeline) -> str:
    """The URL of the job's REST interface, at the Service that the operator creates."""
    return f"http://{deployment_name(pipeline)}-rest:{REST_PORT}"
