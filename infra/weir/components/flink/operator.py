"""The Flink Kubernetes Operator without its chart: for clusters without internet. It looks after one namespace.

Its CRDs must be there before: they are in the operator's API package, below META-INF/fabric8.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from weir.components.base import (
    Component,
    Site,
    config_volume,
    container_security,
    pod_security,
    pull_secrets,
    tmp_mount,
    tmp_volume,
)
from weir.components.images import CONFIG_CHECKSUM, Image
from weir.components.job import content_hash
from weir.sizing.plan import PodSize

NAME = "flink-kubernetes-operator"
COMPONENT = "operators"
USER_ID = 9999
CONFIG_FOLDER = "/opt/flink/conf"
SIZE = PodSize(0.5, 640)
HEAP_MIB = 320
HEALTH_PORT = 8085
ALL = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"]
RULES: dict[str, list[str]] = {
    "": ["pods", "services", "events", "configmaps", "secrets"],
    "apps": ["deployments", "deployments/finalizers", "replicasets"],
    "extensions": ["deployments", "ingresses"],
    "networking.k8s.io": ["ingresses"],
    "coordination.k8s.io": ["leases"],
    "flink.apache.org": [
        *("flinkdeployments", "flinkdeployments/status", "flinkdeployments/finalizers"),
        *("flinksessionjobs", "flinksessionjobs/status", "flinksessionjobs/finalizers"),
    ],
}
LOGGING = """\
rootLogger.level = INFO
rootLogger.appenderRef.console.ref = console
appender.console.name = console
appender.console.type = CONSOLE
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d %-30c{1.} [%-5level] %X{resource.name} %msg%n%throwable
"""


@dataclass(frozen=True)
class FlinkOperatorArgs:
    """`watched` is None where it serves the whole cluster."""

    image: Image
    watched: str | None

    def __post_init__(self) -> None:
        if self.watched is None:
            raise ValueError(
                "operators.watch_all_namespaces: the plain Flink operator has rights in its own namespace alone; "
                "set it to false, or operators.flink to chart"
            )


class FlinkOperator(Component):
    """Account, role, settings and the Deployment, in the platform's namespace."""

    def __init__(self, site: Site, args: FlinkOperatorArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("flink:FlinkOperator", NAME, site, opts)
        self.args = args
        files = {
            "flink-conf.yaml": _settings(site.namespace),
            "log4j-operator.properties": LOGGING,
            # What jobs get that bring none: the operator's ConfigMap hides the folder of their image.
            "log4j-console.properties": LOGGING,
        }
        config = k8s.core.v1.ConfigMap(
            f"{NAME}-config", metadata=site.metadata(f"{NAME}-config", COMPONENT), data=files, opts=self.child()
        )
        after = [config, *self._account()]
        self.deployment = k8s.apps.v1.Deployment(
            NAME,
            metadata=site.metadata(NAME, COMPONENT),
            spec=k8s.apps.v1.DeploymentSpecArgs(
                replicas=1,
                strategy=k8s.apps.v1.DeploymentStrategyArgs(type="Recreate"),
                selector=k8s.meta.v1.LabelSelectorArgs(match_labels=site.selector(NAME)),
                template=k8s.core.v1.PodTemplateSpecArgs(
                    metadata=site.pod_metadata(
                        NAME, COMPONENT, {CONFIG_CHECKSUM: content_hash("".join(files.values()))}
                    ),
                    spec=self._pod(),
                ),
            ),
            opts=self.child(after=after),
        )
        self.ready: list[pulumi.Resource] = [self.deployment]
        self.register_outputs({})

    def _account(self) -> list[pulumi.Resource]:
        site = self.site
        account = k8s.core.v1.ServiceAccount(NAME, metadata=site.metadata(NAME, COMPONENT), opts=self.child())
        role = k8s.rbac.v1.Role(
            NAME,
            metadata=site.metadata(NAME, COMPONENT),
            rules=[
                k8s.rbac.v1.PolicyRuleArgs(api_groups=[group], resources=kinds, verbs=ALL)
                for group, kinds in RULES.items()
            ],
            opts=self.child(),
        )
        binding = k8s.rbac.v1.RoleBinding(
            NAME,
            metadata=site.metadata(NAME, COMPONENT),
            role_ref=k8s.rbac.v1.RoleRefArgs(api_group="rbac.authorization.k8s.io", kind="Role", name=NAME),
            subjects=[k8s.rbac.v1.SubjectArgs(kind="ServiceAccount", name=NAME, namespace=site.namespace)],
            opts=self.child(after=[account, role]),
        )
        return [account, binding]

    def _pod(self) -> k8s.core.v1.PodSpecArgs:
        args, site = self.args, self.site
        probe = k8s.core.v1.HTTPGetActionArgs(path="/", port="health")
        logging = f"-Dlog4j.configurationFile={CONFIG_FOLDER}/log4j-operator.properties"
        environment = {
            "OPERATOR_NAME": NAME,
            "OPERATOR_NAMESPACE": site.namespace,
            "FLINK_CONF_DIR": CONFIG_FOLDER,
            "JVM_ARGS": f"-Xmx{HEAP_MIB}m {logging}",
        }
        container = k8s.core.v1.ContainerArgs(
            name=NAME,
            image=args.image.reference,
            image_pull_policy=args.image.pull_policy,
            env=[
                *(k8s.core.v1.EnvVarArgs(name=name, value=value) for name, value in environment.items()),
                k8s.core.v1.EnvVarArgs(
                    name="HOST_IP",
                    value_from=k8s.core.v1.EnvVarSourceArgs(
                        field_ref=k8s.core.v1.ObjectFieldSelectorArgs(field_path="status.hostIP")
                    ),
                ),
            ],
            ports=[k8s.core.v1.ContainerPortArgs(name="health", container_port=HEALTH_PORT)],
            startup_probe=k8s.core.v1.ProbeArgs(http_get=probe, period_seconds=5, failure_threshold=60),
            liveness_probe=k8s.core.v1.ProbeArgs(http_get=probe, period_seconds=30, failure_threshold=4),
            security_context=container_security(),
            resources=site.resources(SIZE),
            volume_mounts=[
                k8s.core.v1.VolumeMountArgs(name="config", mount_path=CONFIG_FOLDER, read_only=True),
                tmp_mount(),
            ],
        )
        return k8s.core.v1.PodSpecArgs(
            service_account_name=NAME,
            security_context=pod_security(USER_ID),
            image_pull_secrets=pull_secrets(args.image.pull_secrets),
            containers=[container],
            volumes=[
                config_volume(f"{NAME}-config"),
                tmp_volume(),
            ],
        )


def _settings(namespace: str) -> str:
    settings = {
        "kubernetes.operator.watched.namespaces": namespace,
        "kubernetes.operator.health.probe.enabled": "true",
        "kubernetes.operator.health.probe.port": str(HEALTH_PORT),
        # Small clusters: a change is seen in seconds, and there is one job to look after.
        "kubernetes.operator.reconcile.interval": "5 s",
        "kubernetes.operator.observer.progress-check.interval": "2 s",
        "kubernetes.operator.observer.rest-ready.delay": "2 s",
        "kubernetes.operator.reconcile.parallelism": "2",
        # A busy node takes its time to answer.
        "kubernetes.operator.flink.client.timeout": "30 s",
    }
    return "".join(f"{name}: {value}\n" for name, value in settings.items())
