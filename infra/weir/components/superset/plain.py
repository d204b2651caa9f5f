"""Superset without an operator: Deployments of ours."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as k8s

from weir.components.base import (
    PLAIN_HTTP,
    Component,
    Site,
    config_volume,
    container_security,
    pod_security,
    pull_secrets,
    tmp_mount,
    tmp_volume,
    topology_spread,
)
from weir.components.images import CONFIG_CHECKSUM
from weir.components.job import content_hash
from weir.components.superset import settings as shared
from weir.components.superset.dashboards import Dashboards
from weir.components.superset.settings import SupersetArgs, SupersetSecrets
from weir.sizing.plan import PodSize

CONFIG_FOLDER = "/app/pythonpath"


class SupersetPlain(Component):
    """Web servers behind a Service, and Celery workers where the plan has them.

    The setup job makes their tables, and brings those of another version to this one, before they start: without
    tables a web server ends, and several that start at once would each make them.
    """

    def __init__(self, site: Site, args: SupersetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("superset:SupersetPlain", shared.NAME, site, opts)
        self.args = args
        self.service = shared.NAME
        self.secrets = SupersetSecrets(site, args, pulumi.ResourceOptions(parent=self))
        config = k8s.core.v1.ConfigMap(
            f"{shared.NAME}-config",
            metadata=site.metadata(f"{shared.NAME}-config", shared.COMPONENT),
            data={shared.CONFIG_FILE: shared.CONFIG},
            opts=self.child(),
        )
        ready = [*self.secrets.ready, *args.after]
        self.dashboards = Dashboards(site, args, migrate=True, after=ready)
        after = [config, self.dashboards.job.job]
        plan = args.plan
        self._service()
        self.web = self._deployment(shared.NAME, plan.web_replicas, plan.web, self._web_command(), after, serves=True)
        if plan.worker_replicas:
            worker = ["celery", "--app=superset.tasks.celery_app:app", "worker", "--concurrency=2"]
            name = f"{shared.NAME}-worker"
            self._deployment(name, plan.worker_replicas, plan.worker, worker, after, serves=False)
        if args.host:
            self._ingress(args.host)
        self.disrupt_one_at_a_time(shared.NAME, shared.COMPONENT)
        self.register_outputs({"service": self.service})

    def _web_command(self) -> list[str]:
        plan = self.args.plan
        return [
            "gunicorn",
            f"--bind=0.0.0.0:{shared.PORT}",
            f"--workers={plan.web_workers}",
            "--worker-class=gthread",
            f"--threads={plan.web_threads}",
            "--timeout=120",
            "superset.app:create_app()",
        ]

    def _deployment(
        self,
        name: str,
        replicas: int,
        size: PodSize,
        command: list[str],
        after: list[pulumi.Resource],
        *,
        serves: bool,
    ) -> k8s.apps.v1.Deployment:
        checksum = {CONFIG_CHECKSUM: content_hash(shared.CONFIG)}
        return k8s.apps.v1.Deployment(
            name,
            metadata=self.site.metadata(name, shared.COMPONENT),
            spec=k8s.apps.v1.DeploymentSpecArgs(
                replicas=replicas,
                selector=k8s.meta.v1.LabelSelectorArgs(match_labels=self.site.selector(name)),
                template=k8s.core.v1.PodTemplateSpecArgs(
                    metadata=self.site.pod_metadata(name, shared.COMPONENT, checksum),
                    spec=self._pod(name, size, command, serves=serves),
                ),
            ),
            opts=self.child(after=after),
        )

    def _pod(self, name: str, size: PodSize, command: list[str], *, serves: bool) -> k8s.core.v1.PodSpecArgs:
        args = self.args
        probe = k8s.core.v1.HTTPGetActionArgs(path="/health", port=shared.PORT)
        startup = k8s.core.v1.ProbeArgs(http_get=probe, period_seconds=5, failure_threshold=60)
        container = k8s.core.v1.ContainerArgs(
            name=shared.NAME,
            image=args.image.reference,
            image_pull_policy=args.image.pull_policy,
            command=command,
            env=shared.environment(args, connections=True),
            ports=[k8s.core.v1.ContainerPortArgs(name="http", container_port=shared.PORT)] if serves else None,
            startup_probe=startup if serves else None,
            readiness_probe=k8s.core.v1.ProbeArgs(http_get=probe, timeout_seconds=5) if serves else None,
            liveness_probe=(
                k8s.core.v1.ProbeArgs(http_get=probe, period_seconds=30, timeout_seconds=10, failure_threshold=5)
                if serves
                else None
            ),
            security_context=container_security(),
            resources=self.site.resources(size),
            volume_mounts=[
                k8s.core.v1.VolumeMountArgs(name="config", mount_path=CONFIG_FOLDER, read_only=True),
                tmp_mount(),
                *shared.mounts(args),
            ],
        )
        return k8s.core.v1.PodSpecArgs(
            automount_service_account_token=False,
            security_context=pod_security(shared.USER_ID),
            image_pull_secrets=pull_secrets(args.image.pull_secrets),
            topology_spread_constraints=topology_spread(self.site.selector(name), self.site.zones),
            containers=[container],
            volumes=[
                config_volume(f"{shared.NAME}-config"),
                tmp_volume(),
                *shared.volumes(args),
            ],
        )

    def _service(self) -> None:
        k8s.core.v1.Service(
            shared.NAME,
            metadata=self.site.metadata(
                shared.NAME, shared.COMPONENT, annotations={PLAIN_HTTP: "the ingress ends TLS"}
            ),
            spec=k8s.core.v1.ServiceSpecArgs(
                selector=self.site.selector(shared.NAME),
                ports=[k8s.core.v1.ServicePortArgs(name="http", port=shared.PORT, target_port="http")],
            ),
            opts=self.child(),
        )

    def _ingress(self, host: str) -> None:
        service = k8s.networking.v1.IngressServiceBackendArgs(
            name=shared.NAME, port=k8s.networking.v1.ServiceBackendPortArgs(number=shared.PORT)
        )
        path = k8s.networking.v1.HTTPIngressPathArgs(
            path="/", path_type="Prefix", backend=k8s.networking.v1.IngressBackendArgs(service=service)
        )
        k8s.networking.v1.Ingress(
            shared.NAME,
            metadata=self.site.metadata(shared.NAME, shared.COMPONENT),
            spec=k8s.networking.v1.IngressSpecArgs(
                tls=[k8s.networking.v1.IngressTLSArgs(hosts=[host], secret_name=f"{shared.NAME}-tls")],
                rules=[
                    k8s.networking.v1.IngressRuleArgs(
                        host=host, http=k8s.networking.v1.HTTPIngressRuleValueArgs(paths=[path])
                    )
                ],
            ),
            opts=self.child(),
        )
