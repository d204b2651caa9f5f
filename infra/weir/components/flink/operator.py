"""The Flink Kubernetes Operator without its chart, for clusters without internet access. It watches one namespace.

Its CRDs must exist already; they are in the operator's API package, below META-INF/fabric8.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from weir.components.base import Component, Site
from weir.components.images import Image
from weir.components.pods import environment, field_environment, read_only_mounts, tmp_mount, tmp_volume
from weir.components.workload import Configuration, Probes, Workload, configuration, deployment
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
    """What the operator's pod runs. It looks after its own namespace, for it has no rights elsewhere."""

    image: Image


class FlinkOperator(Component):
    """Account, role, settings and Deployment of the operator, in the platform's namespace."""

    def __init__(self, site: Site, args: FlinkOperatorArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("flink:FlinkOperator", NAME, site, opts)
        self.args = args
        files = {
            "flink-conf.yaml": _settings(site.namespace),
            "log4j-operator.properties": LOGGING,
            # The default for jobs without their own: the operator's ConfigMap hides the folder in their image.
            "log4j-console.properties": LOGGING,
        }
        config = configuration(self, NAME, COMPONENT, files)
        self.deployment = deployment(self, self._workload(config), recreate=True, after=self._account())
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

    def _workload(self, config: Configuration) -> Workload:
        probe = k8s.core.v1.HTTPGetActionArgs(path="/", port="health")
        logging = f"-Dlog4j.configurationFile={CONFIG_FOLDER}/log4j-operator.properties"
        variables = {
            "OPERATOR_NAME": NAME,
            "OPERATOR_NAMESPACE": self.site.namespace,
            "FLINK_CONF_DIR": CONFIG_FOLDER,
            "JVM_ARGS": f"-Xmx{HEAP_MIB}m {logging}",
        }
        return Workload(
            name=NAME,
            component=COMPONENT,
            container=NAME,
            image=self.args.image,
            user_id=USER_ID,
            size=SIZE,
            environment=[*environment(variables), field_environment("HOST_IP", "status.hostIP")],
            ports={"health": HEALTH_PORT},
            probes=Probes(
                startup=k8s.core.v1.ProbeArgs(http_get=probe, period_seconds=5, failure_threshold=60),
                liveness=k8s.core.v1.ProbeArgs(http_get=probe, period_seconds=30, failure_threshold=4),
            ),
            configuration=config,
            volumes=[config.volume, tmp_volume()],
            mounts=[*read_only_mounts({"config": CONFIG_FOLDER}), tmp_mount()],
            account=NAME,
            spread=False,
        )


def _settings(namespace: str) -> str:
    settings = {
        "kubernetes.operator.watched.namespaces": namespace,
        "kubernetes.operator.health.probe.enabled": "true",
        "kubernetes.operator.health.probe.port": str(HEALTH_PORT),
        # Suits small clusters: changes are noticed in seconds, and there are few jobs.
        "kubernetes.operator.reconcile.interval": "5 s",
        "kubernetes.operator.observer.progress-check.interval": "2 s",
        "kubernetes.operator.observer.rest-ready.delay": "2 s",
        "kubernetes.operator.reconcile.parallelism": "2",
        # A busy node answers slowly.
        "kubernetes.operator.flink.client.timeout": "30 s",
    }
    return "".join(f"{name}: {value}\n" for name, value in settings.items())
