"""The schema registry: Apicurio as a Deployment with its storage in Kafka, and a Job that registers weir's schemas.

It is a Deployment because that works with every Kafka provider and needs no further operator.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from weir.catalog.own_names import REGISTRY
from weir.catalog.pipeline import Pipeline
from weir.catalog.principals import REGISTRY_GROUP_PREFIX
from weir.catalog.subjects import subjects_of, subjects_to_json
from weir.components.base import Component, Site
from weir.components.images import Image
from weir.components.job import JobArgs, RunToCompletion
from weir.components.kafka.access import KafkaAccess
from weir.components.pods import environment, read_only_mounts, secret_environment, tmp_mount, tmp_volume
from weir.components.registry_login import RegistryAccess
from weir.components.workload import Configuration, Probes, Workload, configuration, deployment, service
from weir.config.properties_text import properties
from weir.sizing.helper_pods import REGISTRY_JOB
from weir.sizing.plan import RegistryPlan

NAME = "registry"
PORT = 8080
MANAGEMENT_PORT = 9000
USER_ID = 1001
CONFIG_FOLDER = "/etc/weir/registry"
CONFIG_FILE = "application.properties"
PASSWORD_VARIABLE = "KAFKA_PASSWORD"  # noqa: S105 - its name
WHY_PLAIN = "schemas are no secret, and network policies let in jobs and clients alone"
SUBJECTS_FILE = "subjects.json"
SUBJECTS_FOLDER = "/etc/weir/subjects"


@dataclass(frozen=True)
class RegistryArgs:
    """`jobs_image` contains weir itself, to register the schemas of `pipelines`."""

    plan: RegistryPlan
    image: Image
    jobs_image: Image
    kafka: KafkaAccess
    pipelines: Sequence[Pipeline]


class Registry(Component):
    """The registry behind a Service, with the pipelines' schemas and compatibility rules."""

    def __init__(self, site: Site, args: RegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("registry:Registry", NAME, site, opts)
        self.args = args
        self.url = f"http://{NAME}.{site.namespace}.svc:{PORT}/apis/ccompat/v7"
        settings = pulumi.Output.from_input(args.kafka.bootstrap_servers).apply(self._properties)
        config = configuration(self, NAME, NAME, {CONFIG_FILE: settings})
        self.service = service(self, NAME, NAME, {"http": PORT}, why_plain_http=WHY_PLAIN)
        self.deployment = deployment(self, self._workload(config), replicas=args.plan.replicas, after=args.kafka.ready)
        self.schemas = self._register()
        self.register_outputs({"url": self.url})

    @property
    def ready(self) -> list[pulumi.Resource]:
        """What a job depends on to decode its first event."""
        return [self.deployment, self.schemas.job]

    def _properties(self, servers: str) -> str:
        """Apicurio passes `apicurio.kafka.common.*` to its clients. The password comes from the environment."""
        kafka = self.args.kafka
        client = kafka.properties(REGISTRY)
        if kafka.by_password:
            login = f'username="{kafka.name_of(REGISTRY)}" password="${{{PASSWORD_VARIABLE}}}";'
            module = "org.apache.kafka.common.security.scram.ScramLoginModule required"
            client = {key: value for key, value in client.items() if not key.startswith("config.providers")}
            client["sasl.jaas.config"] = f"{module} {login}"
        else:
            # Apicurio would expand ${} itself; the backslash leaves it to Kafka.
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

    def _workload(self, config: Configuration) -> Workload:
        args = self.args
        return Workload(
            name=NAME,
            component=NAME,
            container=NAME,
            image=args.image,
            user_id=USER_ID,
            size=args.plan.pod,
            environment=self._environment(),
            ports={"http": PORT, "management": MANAGEMENT_PORT},
            probes=Probes(
                _probe("/health/started", failures=60), _probe("/health/ready"), _probe("/health/live", failures=6)
            ),
            configuration=config,
            volumes=[config.volume, tmp_volume(), *args.kafka.volumes(REGISTRY)],
            mounts=[*read_only_mounts({"config": CONFIG_FOLDER}), tmp_mount(), *args.kafka.mounts()],
            one_at_a_time=True,
        )

    def _environment(self) -> list[k8s.core.v1.EnvVarArgs]:
        args = self.args
        heap = args.plan.pod.heap_mib or args.plan.pod.memory_mib // 2
        given = environment(
            {"QUARKUS_CONFIG_LOCATIONS": f"{CONFIG_FOLDER}/{CONFIG_FILE}", "JAVA_OPTS_APPEND": f"-Xmx{heap}m"}
        )
        if args.kafka.by_password:
            secret = args.kafka.secrets(REGISTRY)["kafka-user"]
            given.append(secret_environment(PASSWORD_VARIABLE, secret, "password"))
        return given

    def _register(self) -> RunToCompletion:
        args = self.args
        own = RegistryAccess(ready=[self.deployment, self.service])
        return _registration(self, self.url, args.jobs_image, args.pipelines, own)


@dataclass(frozen=True)
class ExistingRegistryArgs:
    """The address of a registry of somebody else's; `jobs_image` contains weir itself."""

    url: str
    jobs_image: Image
    pipelines: Sequence[Pipeline]
    access: RegistryAccess


class ExistingRegistrySchemas(Component):
    """The schemas of weir's own topics, in a registry of somebody else's."""

    def __init__(self, site: Site, args: ExistingRegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("registry:ExistingRegistrySchemas", NAME, site, opts)
        self.url = args.url
        owned = any(pipeline.spec.source.owned for pipeline in args.pipelines)
        made = [_registration(self, args.url, args.jobs_image, args.pipelines, args.access)] if owned else []
        self.ready: list[pulumi.Resource] = [*args.access.ready, *(run.job for run in made)]
        self.register_outputs({"url": self.url})


def _registration(
    parent: Component, url: str, image: Image, pipelines: Sequence[Pipeline], access: RegistryAccess
) -> RunToCompletion:
    """Registers each subject's schema and rule. An incompatible schema is rejected and fails the update."""
    return RunToCompletion(
        f"{NAME}-schemas",
        parent.site,
        JobArgs(
            component=NAME,
            image=image,
            command=["python", "-m", "weir.incluster.subjects", url, f"{SUBJECTS_FOLDER}/{SUBJECTS_FILE}"],
            files={SUBJECTS_FILE: subjects_to_json(subjects_of(pipelines))},
            folder=SUBJECTS_FOLDER,
            size=REGISTRY_JOB,
            environment=access.program_environment(),
            volumes=access.volumes(),
            mounts=access.mounts(),
            after=access.ready,
        ),
        pulumi.ResourceOptions(parent=parent),
    )


def _probe(path: str, failures: int = 3) -> k8s.core.v1.ProbeArgs:
    return k8s.core.v1.ProbeArgs(
        http_get=k8s.core.v1.HTTPGetActionArgs(path=path, port="management"),
        period_seconds=5,
        failure_threshold=failures,
    )
