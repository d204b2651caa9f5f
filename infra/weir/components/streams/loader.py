"""A pipeline's loader on Kubernetes: Kafka Connect workers that write its results to Cassandra.

With Strimzi, it is a KafkaConnect and a KafkaConnector, which the operator manages. With any other Kafka, it is a
Deployment of standalone workers, each with the connector's configuration as a file. A sink's tasks form one consumer
group wherever they run, so the workers share the partitions without knowing of each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from weir.catalog.engine_names import connector_name, loaded_tables, loader_name, loader_topics
from weir.catalog.loader import CONNECTOR_CLASS, WORKER_SETTINGS, connector_config
from weir.catalog.pipeline import Pipeline
from weir.catalog.principals import loader_principal
from weir.catalog.streams import JVM_FLAGS
from weir.components.base import Component, CustomKind, Resources, Site, custom_resource
from weir.components.cassandra.access import CassandraAccess
from weir.components.images import Image
from weir.components.kafka.access import KafkaAccess
from weir.components.kafka.strimzi import KAFKA_USER_ID
from weir.components.pods import (
    container_security,
    pod_security,
    pull_secrets,
    read_only_mounts,
    tmp_mount,
    tmp_volume,
    topology_spread,
)
from weir.components.streams.application import LOGGING, USER_ID
from weir.components.workload import Configuration, Probes, Workload, configuration, deployment
from weir.config.endpoints import Endpoints
from weir.config.kafka import KafkaAuthentication
from weir.config.properties_text import properties
from weir.sizing.plan import StreamsJobPlan

COMPONENT = "loader"
REST_PORT = 8083
STRIMZI_FOLDER = "/mnt"
"""Strimzi mounts additional volumes only below it."""
STANDALONE_MAIN = "org.apache.kafka.connect.cli.ConnectStandalone"
STANDALONE_JARS = "/opt/weir/connect/*"
PLUGINS = "/opt/weir/plugins"
CONFIG_FOLDER = "/etc/weir/loader"
CLIENTS = ("consumer", "producer", "admin")
# A failed task stays failed, so the probe fails and the container is restarted.
ALIVE = """exec 3<>/dev/tcp/127.0.0.1/{port} && printf 'GET /connectors/{name}/status HTTP/1.0\\r\\n\\r\\n' >&3 \
&& answer=$(cat <&3) && [[ $answer == *RUNNING* && $answer != *FAILED* ]]"""


@dataclass(frozen=True)
class LoaderArgs:
    """One pipeline's loader. It logs in to Kafka as a user of its own, and to Cassandra as `cassandra_role`."""

    pipeline: Pipeline
    plan: StreamsJobPlan
    image: Image
    kafka: KafkaAccess
    cassandra: CassandraAccess
    cassandra_role: str
    registry_url: pulumi.Input[str]
    replication_factor: int
    after: Resources = ()

    @property
    def user(self) -> str:
        """Its Kafka user."""
        return loader_principal(self.pipeline).name

    def connector(self, root: str, registry_url: str) -> dict[str, str]:
        """The connector's configuration, with the credentials for Cassandra below `root`."""
        endpoints = Endpoints.of_pod(
            registry=registry_url, cassandra=self.cassandra.contact_points, datacenter=self.cassandra.datacenter
        )
        tables = loaded_tables(self.pipeline)
        config = connector_config(
            self.plan.settings, endpoints, self.pipeline, tables, replication_factor=self.replication_factor
        )
        return config | self.cassandra.sink_options(self.cassandra_role, root)


@dataclass(frozen=True)
class StrimziVersion:
    """The API version of Strimzi's resources, and Kafka's version."""

    api_version: str
    kafka: str


class StrimziLoader(Component):
    """The KafkaConnect `loader-<pipeline>` and its KafkaConnector."""

    def __init__(
        self, site: Site, args: LoaderArgs, version: StrimziVersion, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        self.name = loader_name(args.pipeline)
        super().__init__("streams:StrimziLoader", self.name, site, opts)
        self.args = args
        self.workers = custom_resource(
            self.name,
            CustomKind(version.api_version, "KafkaConnect"),
            site.metadata(self.name, COMPONENT, annotations={"strimzi.io/use-connector-resources": "true"}),
            self._workers(version.kafka),
            self.child(after=[*args.after, *args.kafka.ready, *args.cassandra.ready]),
        )
        self.connector = custom_resource(
            f"{self.name}-connector",
            CustomKind(version.api_version, "KafkaConnector"),
            # The connector, and therefore its consumer group, is named after the object.
            site.metadata(connector_name(args.pipeline), COMPONENT, labels={"strimzi.io/cluster": self.name}),
            self._connector(),
            self.child(after=[self.workers]),
        )
        self.register_outputs({"name": self.name})

    def _workers(self, version: str) -> dict[str, Any]:
        args, plan = self.args, self.args.plan
        configs, offsets, status = (topic.name for topic in loader_topics(args.pipeline))
        return {
            "version": version,
            "replicas": plan.loaders,
            "image": args.image.reference,
            "bootstrapServers": args.kafka.bootstrap_servers,
            "groupId": self.name,
            "configStorageTopic": configs,
            "offsetStorageTopic": offsets,
            "statusStorageTopic": status,
            "config": {**WORKER_SETTINGS, "topic.creation.enable": "false"},
            **_strimzi_login(args),
            "resources": self.site.resources(plan.loader),
            "jvmOptions": {"-Xms": f"{plan.loader.heap_mib}m", "-Xmx": f"{plan.loader.heap_mib}m"},
            "template": self._template(),
        }

    def _template(self) -> dict[str, Any]:
        args, site = self.args, self.site
        pod = {
            "metadata": {"labels": {**site.own_labels, "weir.io/component": COMPONENT}},
            "securityContext": pod_security(KAFKA_USER_ID),
            "imagePullSecrets": pull_secrets(args.image.pull_secrets),
            "topologySpreadConstraints": topology_spread({"strimzi.io/name": f"{self.name}-connect"}, site.zones),
            "volumes": args.cassandra.volumes(args.cassandra_role),
        }
        return {
            "pod": {key: value for key, value in pod.items() if value is not None},
            "connectContainer": {
                "securityContext": container_security(read_only_root=False),
                "volumeMounts": args.cassandra.mounts(STRIMZI_FOLDER),
            },
            "podDisruptionBudget": {"maxUnavailable": 1},
        }

    def _connector(self) -> dict[str, Any]:
        config = pulumi.Output.from_input(self.args.registry_url).apply(
            lambda url: {
                key: value
                for key, value in self.args.connector(STRIMZI_FOLDER, url).items()
                if key not in ("connector.class", "tasks.max")
            }
        )
        return {
            "class": CONNECTOR_CLASS,
            "tasksMax": self.args.plan.settings.loader_tasks,
            # Restart a failed task (its table may not have existed yet), at growing intervals and without limit.
            "autoRestart": {"enabled": True},
            "config": config,
        }


class StandaloneLoader(Component):
    """A Deployment of standalone workers, each with the connector's complete configuration."""

    def __init__(self, site: Site, args: LoaderArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        self.name = loader_name(args.pipeline)
        super().__init__("streams:StandaloneLoader", self.name, site, opts)
        self.args = args
        files = pulumi.Output.all(args.kafka.bootstrap_servers, args.registry_url).apply(self._files)
        self.workers = deployment(
            self,
            self._workload(configuration(self, self.name, COMPONENT, files)),
            replicas=args.plan.loaders,
            after=[*args.after, *args.kafka.ready, *args.cassandra.ready],
        )
        self.register_outputs({"name": self.name})

    def _files(self, addresses: list[str]) -> dict[str, str]:
        servers, registry_url = addresses
        args = self.args
        # A worker does not pass its own login to a connector's clients; each needs it under its own prefix.
        login = args.kafka.properties(args.user)
        providers = {key: value for key, value in login.items() if key.startswith("config.providers")}
        clients = {key: value for key, value in login.items() if key not in providers}
        worker = {
            "bootstrap.servers": servers,
            "listeners": f"http://127.0.0.1:{REST_PORT}",
            "plugin.path": PLUGINS,
            "plugin.discovery": "service_load",
            "offset.storage.file.filename": "/tmp/offsets",  # noqa: S108 - a sink's are Kafka's; this stays empty
            **WORKER_SETTINGS,
            **providers,
            **clients,
            **{f"{client}.{key}": value for client in CLIENTS for key, value in clients.items()},
        }
        # Each worker runs its share of the tasks.
        tasks = -(-args.plan.settings.loader_tasks // args.plan.loaders)
        connector = {"name": connector_name(args.pipeline), **args.connector("", registry_url), "tasks.max": str(tasks)}
        return {"worker.properties": properties(worker), "connector.properties": properties(connector)}

    def _workload(self, config: Configuration) -> Workload:
        args = self.args
        alive = ALIVE.format(port=REST_PORT, name=connector_name(args.pipeline))
        action = k8s.core.v1.ExecActionArgs(command=["/bin/bash", "-c", alive])
        return Workload(
            name=self.name,
            component=COMPONENT,
            container="loader",
            image=args.image,
            user_id=USER_ID,
            size=args.plan.loader,
            command=self._command(),
            probes=Probes(
                k8s.core.v1.ProbeArgs(exec_=action, period_seconds=5, timeout_seconds=5, failure_threshold=60),
                k8s.core.v1.ProbeArgs(exec_=action, period_seconds=10, timeout_seconds=5),
                k8s.core.v1.ProbeArgs(exec_=action, period_seconds=20, timeout_seconds=5),
            ),
            configuration=config,
            volumes=[
                config.volume,
                tmp_volume(),
                *args.kafka.volumes(args.user),
                *args.cassandra.volumes(args.cassandra_role),
            ],
            mounts=[
                *read_only_mounts({"config": CONFIG_FOLDER}),
                tmp_mount(),
                *args.kafka.mounts(),
                *args.cassandra.mounts(),
            ],
            one_at_a_time=True,
        )

    def _command(self) -> list[str]:
        heap = self.args.plan.loader.heap_mib
        return [
            *("java", "-cp", STANDALONE_JARS),
            *JVM_FLAGS,
            *(f"-Xms{heap}m", f"-Xmx{heap}m"),
            f"-Dlog4j2.configurationFile={LOGGING}",
            STANDALONE_MAIN,
            *(f"{CONFIG_FOLDER}/worker.properties", f"{CONFIG_FOLDER}/connector.properties"),
        ]


def _strimzi_login(args: LoaderArgs) -> Mapping[str, Any]:
    """The workers' login to the brokers, in Strimzi's form: references to Secrets."""
    trust = {"trustedCertificates": [{"secretName": args.kafka.ca_secret, "certificate": "ca.crt"}]}
    tls = {"tls": trust if args.kafka.ca_secret else {}}
    if args.kafka.authentication is KafkaAuthentication.MTLS:
        certificate = {"secretName": args.user, "certificate": "user.crt", "key": "user.key"}
        return {**tls, "authentication": {"type": "tls", "certificateAndKey": certificate}}
    password = {"secretName": args.user, "password": "password"}
    return {
        **tls,
        "authentication": {"type": "scram-sha-512", "username": args.user, "passwordSecret": password},
    }
