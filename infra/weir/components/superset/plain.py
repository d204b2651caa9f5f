"""Superset without an operator, as plain Deployments."""

from __future__ import annotations

from dataclasses import replace

import pulumi
import pulumi_kubernetes as k8s

from weir.components.base import Component, Site
from weir.components.pods import read_only_mounts, tmp_mount, tmp_volume
from weir.components.superset import settings as shared
from weir.components.superset.dashboards import Dashboards
from weir.components.superset.settings import SupersetArgs, SupersetSecrets
from weir.components.workload import Probes, Workload, configuration, deployment, service
from weir.sizing.plan import PodSize

CONFIG_FOLDER = "/app/pythonpath"
WORKERS = f"{shared.NAME}-worker"
WORKER_COMMAND = ["celery", "--app=superset.tasks.celery_app:app", "worker", "--concurrency=2"]
WHY_PLAIN = "the ingress ends TLS"


class SupersetPlain(Component):
    """Web servers behind a Service, and Celery workers if the plan has them.

    The setup job creates or migrates their tables before they start. Without tables a web server exits, and several
    servers starting at once would all try to create them.
    """

    def __init__(self, site: Site, args: SupersetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("superset:SupersetPlain", shared.NAME, site, opts)
        self.args = args
        self.service = shared.NAME
        self.secrets = SupersetSecrets(site, args, pulumi.ResourceOptions(parent=self))
        self.config = configuration(self, shared.NAME, shared.COMPONENT, {shared.CONFIG_FILE: shared.CONFIG})
        self.dashboards = Dashboards(site, args, migrate=True, secrets=self.secrets, after=args.after)
        after = [self.dashboards.job.job]
        plan = args.plan
        service(self, shared.NAME, shared.COMPONENT, {"http": shared.PORT}, why_plain_http=WHY_PLAIN)
        self.web = deployment(self, self._web(), replicas=plan.web_replicas, after=after)
        if plan.worker_replicas:
            worker = self._workload(WORKERS, plan.worker, WORKER_COMMAND)
            deployment(self, worker, replicas=plan.worker_replicas, after=after)
        if args.host:
            self._ingress(args.host)
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

    def _web(self) -> Workload:
        probe = k8s.core.v1.HTTPGetActionArgs(path="/health", port=shared.PORT)
        return replace(
            self._workload(shared.NAME, self.args.plan.web, self._web_command()),
            ports={"http": shared.PORT},
            probes=Probes(
                k8s.core.v1.ProbeArgs(http_get=probe, period_seconds=5, failure_threshold=60),
                k8s.core.v1.ProbeArgs(http_get=probe, timeout_seconds=5),
                k8s.core.v1.ProbeArgs(http_get=probe, period_seconds=30, timeout_seconds=10, failure_threshold=5),
            ),
            one_at_a_time=True,
        )

    def _workload(self, name: str, size: PodSize, command: list[str]) -> Workload:
        args = self.args
        return Workload(
            name=name,
            component=shared.COMPONENT,
            container=shared.NAME,
            image=args.image,
            user_id=shared.USER_ID,
            size=size,
            command=command,
            environment=shared.environment(args, connections=True),
            configuration=self.config,
            secrets_digest=self.secrets.digest,
            volumes=[self.config.volume, tmp_volume(), *shared.volumes(args)],
            mounts=[*read_only_mounts({"config": CONFIG_FOLDER}), tmp_mount(), *shared.mounts(args)],
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
