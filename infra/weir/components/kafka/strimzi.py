"""A Kafka cluster run by the Strimzi operator: one Kafka, with a pool of controllers and a pool of brokers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from weir.components.base import ZONE_KEY, Component, CustomKind, Site, custom_resource
from weir.components.kafka.external import external_listener
from weir.components.kafka.settings import broker_config
from weir.components.kafka.tiered import TieredStorage
from weir.components.pods import pod_security, topology_spread
from weir.config.kafka import CLIENT_PORT, ExternalListener, KafkaAuthentication
from weir.sizing.helper_pods import CRUISE_CONTROL, EXPORTER, TOPIC_OPERATOR, USER_OPERATOR
from weir.sizing.plan import KafkaPlan, NodeSize

CLUSTER_LABEL = "strimzi.io/cluster"
CLIENT_LISTENER = "clients"
KAFKA_USER_ID = 1001
GRACE_SECONDS = 120
# Certificates are renewed a month before they expire, in a maintenance window.
CERTIFICATE_DAYS = 365
RENEWAL_DAYS = 30
# Refusals are logged, with user, operation and topic. DEBUG would add a line for each partition of each request that is
# allowed: tens of thousands a second. Strimzi applies a changed level without a restart.
LOGGERS = {
    "rootLogger.level": "INFO",
    "logger.authorizer.name": "kafka.authorizer.logger",
    "logger.authorizer.level": "INFO",
}
# The brokers' metrics: throughput, under-replicated partitions, request latency, disk and JVM.
METRICS = ("kafka_server.*", "kafka_controller.*", "kafka_log.*", "kafka_network.*", "jvm.*", "process.*")


@dataclass(frozen=True)
class KafkaClusterArgs:
    """`plan` has the sizes; the rest is the environment's configuration. `api_version` is Strimzi's."""

    plan: KafkaPlan
    version: str
    metadata_version: str
    """It stays behind when the version rises, so that a new Kafka can still be taken back."""
    api_version: str
    authentication: KafkaAuthentication
    maintenance_time_windows: Sequence[str]
    storage_class: str | None = None
    cruise_control: bool = True
    exporter: bool = True
    tiered_storage: TieredStorage | None = None
    external: ExternalListener | None = None


class KafkaCluster(Component):
    """The cluster `name`. Its client listener is encrypted and requires authentication."""

    def __init__(
        self, name: str, site: Site, args: KafkaClusterArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("kafka:KafkaCluster", name, site, opts)
        self.name = name
        self.args = args
        plan = args.plan
        self.pools = [
            self._pool("controllers", "controller", plan.controllers, plan.controller),
            self._pool("brokers", "broker", plan.brokers, plan.broker),
        ]
        self.cluster = custom_resource(
            name,
            CustomKind(args.api_version, "Kafka"),
            site.metadata(
                name, "kafka", annotations=args.tiered_storage.annotations() if args.tiered_storage else None
            ),
            self._spec(),
            self.keeper(after=self.pools),
        )
        self.bootstrap_servers = f"{name}-kafka-bootstrap.{site.namespace}.svc:{CLIENT_PORT}"
        self.ca_secret = f"{name}-cluster-ca-cert"
        self.register_outputs({"bootstrap_servers": self.bootstrap_servers})

    def _pool(self, pool: str, role: str, replicas: int, size: NodeSize) -> k8s.apiextensions.CustomResource:
        """A pool of nodes. Its volumes are kept when the pool is deleted."""
        volume = {"id": 0, "type": "persistent-claim", "size": f"{size.disk_gib}Gi", "deleteClaim": False}
        if self.args.storage_class:
            volume["class"] = self.args.storage_class
        spec: dict[str, Any] = {
            "replicas": replicas,
            "roles": [role],
            "storage": {"type": "jbod", "volumes": [{**volume, "kraftMetadata": "shared"}]},
            "resources": self.site.resources(size),
            "template": self._node_template(role),
        }
        if size.heap_mib:
            spec["jvmOptions"] = {"-Xms": f"{size.heap_mib}m", "-Xmx": f"{size.heap_mib}m"}
        return custom_resource(
            f"{self.name}-{pool}",
            CustomKind(self.args.api_version, "KafkaNodePool"),
            self.site.metadata(pool, "kafka", labels={CLUSTER_LABEL: self.name}),
            spec,
            self.keeper(),
        )

    def _node_template(self, role: str) -> dict[str, Any]:
        pod, tiered = self._pod_template(role), self.args.tiered_storage
        if tiered is None or role != "broker":
            return {"pod": pod}
        return {"pod": {**pod, **tiered.pod_template()}, "kafkaContainer": tiered.container_template()}

    def _pod_template(self, role: str) -> dict[str, Any]:
        selector = {CLUSTER_LABEL: self.name, f"strimzi.io/{role}-role": "true"}
        return {
            "metadata": {"labels": self.site.own_labels},
            "securityContext": pod_security(KAFKA_USER_ID),
            "topologySpreadConstraints": topology_spread(selector, self.site.zones),
            # A broker that shuts down in time hands over its partitions and skips log recovery at the next start.
            "terminationGracePeriodSeconds": GRACE_SECONDS,
        }

    def _spec(self) -> dict[str, Any]:
        args = self.args
        spec: dict[str, Any] = {
            "kafka": {
                "version": args.version,
                "metadataVersion": args.metadata_version,
                "listeners": self._listeners(),
                "authorization": {"type": "simple"},
                "logging": {"type": "inline", "loggers": dict(LOGGERS)},
                "config": broker_config(args.plan),
                "metricsConfig": {"type": "strimziMetricsReporter", "values": {"allowList": list(METRICS)}},
                "template": {"podDisruptionBudget": {"maxUnavailable": 1}},
            },
            "entityOperator": {
                "topicOperator": {"resources": self.site.resources(TOPIC_OPERATOR)},
                "userOperator": {"resources": self.site.resources(USER_OPERATOR)},
                "template": self._side_template(),
            },
            "clusterCa": {"validityDays": CERTIFICATE_DAYS, "renewalDays": RENEWAL_DAYS},
            "clientsCa": {"validityDays": CERTIFICATE_DAYS, "renewalDays": RENEWAL_DAYS},
            "maintenanceTimeWindows": list(args.maintenance_time_windows),
        }
        if args.tiered_storage is not None:
            spec["kafka"]["tieredStorage"] = args.tiered_storage.manager()
            spec["kafka"]["template"] |= args.tiered_storage.account_template()
            copies = args.plan.replication_factor
            spec["kafka"]["config"]["rlmm.config.remote.log.metadata.topic.replication.factor"] = copies
        if self.site.zones > 1:
            spec["kafka"]["rack"] = {"topologyKey": ZONE_KEY}
        if args.cruise_control and args.plan.brokers > 1:
            spec["cruiseControl"] = self._cruise_control()
        if args.exporter:
            spec["kafkaExporter"] = {
                "groupRegex": ".*",
                "topicRegex": ".*",
                "resources": self.site.resources(EXPORTER),
                "template": self._side_template(),
            }
        return spec

    def _listeners(self) -> list[dict[str, Any]]:
        always = {"tls": True, "authentication": {"type": self.args.authentication.value}}
        internal = {"name": CLIENT_LISTENER, "port": CLIENT_PORT, "type": "internal", **always}
        external = self.args.external
        if external is None:
            return [internal]
        return [internal, {**external_listener(external), **always}]

    def _cruise_control(self) -> dict[str, Any]:
        """Moves partitions to new brokers, and off brokers before they are removed."""
        return {
            "resources": self.site.resources(CRUISE_CONTROL),
            "autoRebalance": [{"mode": "add-brokers"}, {"mode": "remove-brokers"}],
            "template": self._side_template(),
        }

    def _side_template(self) -> Mapping[str, Any]:
        return {
            "pod": {
                "metadata": {"labels": self.site.own_labels},
                "securityContext": pod_security(KAFKA_USER_ID),
            }
        }
