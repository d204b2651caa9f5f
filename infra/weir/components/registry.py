"""The schema registry: Apicurio as a Deployment, which keeps its schemas in Kafka, and a Job that registers ours.

A Deployment rather than the registry's operator: it is the same with every provider of Kafka, and one operator less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from weir.catalog.pipeline import Pipeline
from weir.catalog.principals import REGISTRY, REGISTRY_GROUP_PREFIX
from weir.catalog.subjects import subjects_of, subjects_to_json
from weir.components.base import (
    PLAIN_HTTP,
    Component,
    Site,
    config_volume,
    container_security,
    pod_security,
    pull_secrets,
    secret_environment,
    tmp_mount,
    tmp_volume,
    topology_spread,
)
from weir.components.job import JobArgs, RunToCompletion, content_hash
from weir.components.kafka.access import KafkaAccess
from weir.config.kafka import KafkaAuthentication
from weir.config.properties_text import properties
from weir.sizing.plan import PodSize, RegistryPlan

NAME = "registry"
PORT = 8080
MANAGEMENT_PORT = 9000
USER_ID = 1001
CONFIG_FOLDER = "/etc/weir/registry"
CONFIG_FILE = "application.properties"
PASSWORD_VARIABLE = "KAFKA_PASSWORD"  # noqa: S105 - its name
WHY_PLAIN = "schemas are no secret, and network policies let in the jobs alone"
SUBJECTS_FILE = "subjects.json"
SUBJECTS_FOLDER = "/etc/weir/subjects"
JOB_SIZE = PodSize(0.1, 256)


@dataclass(frozen=True)
class RegistryArgs:
    """`schema_job_image` has weir itself: it registers the schemas of `pipelines`."""

    plan: RegistryPlan
    image: str
    schema_job_image: str
    image_pull_policy: str
    kafka: KafkaAccess
    pipelines: Sequence[Pipeline]
    image_pull_secrets: Sequence[str] = ()


class Registry(Component):
    """The registry behind a Service, with the pipelines' schemas and compatibility rules in it."""

    def __init__(self, site: Site, args: RegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("registry:Registry", NAME, site, opts)
        self.args = args
        self.url = f"http://{NAME}.{site.namespace}.svc:{PORT}/apis/ccompat/v7"
        settings = pulumi.Output.from_input(args.kafka.bootstrap_servers).apply(self._properties)
        self.config = k8s.core.v1.ConfigMap(
            f"{NAME}-config",
            metadata=site.metadata(f"{NAME}-config", NAME),
            data={CONFIG_FILE: settings},
            opts=self.child(),
        )
        self.service = k8s.core.v1.Service(
            NAME,
            metadata=site.metadata(NAME, NAME, annotations={PLAIN_HTTP: WHY_PLAIN}),
            spec=k8s.core.v1.ServiceSpecArgs(
                selector=site.selector(NAME),
                ports=[k8s.core.v1.ServicePortArgs(name="http", port=PORT, target_port="http")],
            ),
            opts=self.child(),
        )
        self.deployment = k8s.apps.v1.Deployment(
            NAME,
            metadata=site.metadata(NAME, NAME),
            spec=self._deployment(settings.apply(content_hash)),
            opts=self.child(after=[self.config, *args.kafka.ready]),
        )
        self.schemas = self._register()
        self.register_outputs({"url": self.url})

    @property
    def ready(self) -> list[pulumi.Resource]:
        """What must exist before a job decodes its first event."""
        return [self.deployment, self.schemas.job]

    def _properties(self, servers: str) -> str:
        """Apicurio hands `apicurio.kafka.common.*` on to its clients; the password comes from the environment."""
        kafka = self.args.kafka
        client = kafka.properties(REGISTRY)
        if kafka.authentication is KafkaAuthentication.SCRAM:
            login = f'username="{REGISTRY}" password="${{{PASSWORD_VARIABLE}}}";'
            module = "org.apache.kafka.common.security.scram.ScramLoginModule required"
            client = {key: value for key, value in client.items() if not key.startswith("config.providers")}
            client["sasl.jaas.config"] = f"{module} {login}"
        else:
            # Apicurio expands ${} itself; a backslash leaves it to Kafka.
            client = {key: value.replace("${", "\\\\${") for key, value in client.items()}
        settings = {
            "quarkus.http.port": str(PORT),
            "quarkus.management.port": str(MANAGEMENT_PORT),
            "apicurio.storage.kind": "kafkasql",
            "apicurio.kafkasql.bootstrap.servers": servers,
            "apicurio.kafkasql.topic.auto-create": "false",
            "apicurio.kafkasql.consumer.group-prefix": REGISTRY_GROUP_PREFIX,
            "apicurio.kafkasql.security.protocol": client.pop("security.protocol"),
            **{f"apicurio.kafka.common.{key}": value for key, value in client.items()},
        }
        return properties(settings)

    def _deployment(self, settings_hash: pulumi.Output[str]) -> k8s.apps.v1.DeploymentSpecArgs:
        args, site = self.args, self.site
        metadata = k8s.meta.v1.ObjectMetaArgs(
            labels=site.labels(NAME, NAME), annotations={"weir.io/config-checksum": settings_hash}
        )
        return k8s.apps.v1.DeploymentSpecArgs(
            replicas=args.plan.replicas,
            selector=k8s.meta.v1.LabelSelectorArgs(match_labels=site.selector(NAME)),
            template=k8s.core.v1.PodTemplateSpecArgs(
                metadata=metadata,
                spec=k8s.core.v1.PodSpecArgs(
                    automount_service_account_token=False,
                    security_context=pod_security(USER_ID),
                    image_pull_secrets=pull_secrets(args.image_pull_secrets),
                    topology_spread_constraints=topology_spread(site.selector(NAME), site.zones),
                    containers=[self._container()],
                    volumes=[
                        config_volume(f"{NAME}-config"),
                        tmp_volume(),
                        *args.kafka.volumes(REGISTRY),
                    ],
                ),
            ),
        )

    def _container(self) -> k8s.core.v1.ContainerArgs:
        args = self.args
        heap = args.plan.pod.heap_mib or args.plan.pod.memory_mib // 2
        environment = [
            k8s.core.v1.EnvVarArgs(name="QUARKUS_CONFIG_LOCATIONS", value=f"{CONFIG_FOLDER}/{CONFIG_FILE}"),
            k8s.core.v1.EnvVarArgs(name="JAVA_OPTS_APPEND", value=f"-Xmx{heap}m"),
        ]
        if args.kafka.authentication is KafkaAuthentication.SCRAM:
            environment.append(secret_environment(PASSWORD_VARIABLE, REGISTRY, "password"))
        return k8s.core.v1.ContainerArgs(
            name=NAME,
            image=args.image,
            image_pull_policy=args.image_pull_policy,
            security_context=container_security(),
            resources=self.site.resources(args.plan.pod),
            env=environment,
            ports=[
                k8s.core.v1.ContainerPortArgs(name="http", container_port=PORT),
                k8s.core.v1.ContainerPortArgs(name="management", container_port=MANAGEMENT_PORT),
            ],
            startup_probe=_probe("/health/started", failures=60),
            readiness_probe=_probe("/health/ready"),
            liveness_probe=_probe("/health/live", failures=6),
            volume_mounts=[
                k8s.core.v1.VolumeMountArgs(name="config", mount_path=CONFIG_FOLDER, read_only=True),
                tmp_mount(),
                *args.kafka.mounts(),
            ],
        )

    def _register(self) -> RunToCompletion:
        """Every subject's schema and rule. A schema that breaks the rule is refused, and with it the update."""
        args = self.args
        return RunToCompletion(
            f"{NAME}-schemas",
            self.site,
            JobArgs(
                component=NAME,
                image=args.schema_job_image,
                image_pull_policy=args.image_pull_policy,
                image_pull_secrets=args.image_pull_secrets,
                command=["python", "-m", "weir.incluster.subjects", self.url, f"{SUBJECTS_FOLDER}/{SUBJECTS_FILE}"],
                files={SUBJECTS_FILE: subjects_to_json(subjects_of(args.pipelines))},
                folder=SUBJECTS_FOLDER,
                size=JOB_SIZE,
                after=[self.deployment, self.service],
            ),
            pulumi.ResourceOptions(parent=self),
        )


def _probe(path: str, failures: int = 3) -> k8s.core.v1.ProbeArgs:
    return k8s.core.v1.ProbeArgs(
        http_get=k8s.core.v1.HTTPGetActionArgs(path=path, port="management"),
        period_seconds=5,
        failure_threshold=failures,
    )
