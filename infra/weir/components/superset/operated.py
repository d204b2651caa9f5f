"""Superset run by Apache's operator, which migrates its database and manages web servers and workers."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from weir.components.base import Component, CustomKind, Site, custom_resource
from weir.components.images import Image
from weir.components.network_endpoints import ROLE_LABEL
from weir.components.pods import container_security, pod_security, tmp_mount, tmp_volume, topology_spread
from weir.components.superset import settings as shared
from weir.components.superset.dashboards import Dashboards
from weir.components.superset.settings import SupersetArgs, SupersetSecrets
from weir.components.workload import SECRETS_CHECKSUM
from weir.sizing.helper_pods import SUPERSET_LIFECYCLE_JOB
from weir.sizing.plan import PodSize

ACCOUNT = "superset-pods"


class SupersetOperated(Component):
    """The Superset resource, which references the secrets and uses weir's configuration."""

    def __init__(
        self, site: Site, args: SupersetArgs, api_version: str, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("superset:SupersetOperated", shared.NAME, site, opts)
        self.args = args
        self.service = f"{shared.NAME}-web-server"
        self.secrets = SupersetSecrets(site, args, pulumi.ResourceOptions(parent=self))
        # The operator's own account would give every pod a token, which none of them needs.
        account = k8s.core.v1.ServiceAccount(
            ACCOUNT,
            metadata=site.metadata(ACCOUNT, shared.COMPONENT),
            automount_service_account_token=False,
            opts=self.child(),
        )
        self.superset = custom_resource(
            shared.NAME,
            CustomKind(api_version, "Superset"),
            site.metadata(shared.NAME, shared.COMPONENT),
            self._spec(),
            self.child(after=[*self.secrets.ready, account, *args.after]),
        )
        self.dashboards = Dashboards(site, args, migrate=False, secrets=self.secrets, after=[self.superset])
        self.register_outputs({"service": self.service})

    def _spec(self) -> dict[str, Any]:
        args, plan = self.args, self.args.plan
        spec: dict[str, Any] = {
            # Rejects all secrets that are not references.
            "environment": "Production",
            "image": image_of(args.image),
            "secretKeyFrom": self._secret(shared.SECRET_KEY),
            "metastore": {
                "type": "PostgreSQL",
                "host": args.metadata.host,
                "port": args.metadata.port,
                "database": args.metadata.database,
                "username": args.metadata.user,
                "passwordFrom": self._secret(shared.METADATA_PASSWORD),
            },
            "valkey": {
                "host": args.cache.host,
                "port": args.cache.port,
                "passwordFrom": self._secret(shared.CACHE_PASSWORD),
                "dataCache": {"defaultTimeout": args.cache_seconds},
            },
            "config": shared.CONFIG,
            "podTemplate": self._pod_template(),
            "serviceAccount": {"create": False, "name": ACCOUNT},
            "lifecycle": {"podTemplate": self._sized(SUPERSET_LIFECYCLE_JOB)},
            "webServer": {
                "replicas": plan.web_replicas,
                "gunicorn": {"workerClass": "gthread", "workers": plan.web_workers, "threads": plan.web_threads},
                "podTemplate": self._sized(plan.web),
                "service": {"type": "ClusterIP", "port": shared.PORT},
                "podDisruptionBudget": {"maxUnavailable": 1},
            },
        }
        if plan.worker_replicas:
            spec["celeryWorker"] = {"replicas": plan.worker_replicas, "podTemplate": self._sized(plan.worker)}
        if args.host:
            spec["networking"] = {
                "ingress": {"host": args.host, "tls": [{"hosts": [args.host], "secretName": f"{shared.NAME}-tls"}]}
            }
        return spec

    def _sized(self, size: PodSize) -> dict[str, Any]:
        return {"container": {"resources": self.site.resources(size)}}

    def _secret(self, key: str) -> dict[str, str]:
        return {"name": self.args.secret_of(key), "key": key}

    def _pod_template(self) -> dict[str, Any]:
        args = self.args
        tmp = tmp_volume()
        return {
            "labels": {**self.site.own_labels, ROLE_LABEL: shared.COMPONENT},
            "annotations": {SECRETS_CHECKSUM: self.secrets.digest},
            "podSecurityContext": pod_security(shared.USER_ID),
            "topologySpreadConstraints": topology_spread({ROLE_LABEL: shared.COMPONENT}, self.site.zones),
            "volumes": [*shared.volumes(args), tmp],
            "container": {
                "env": shared.environment(args, connections=False),
                "securityContext": container_security(),
                "volumeMounts": [
                    *shared.mounts(args),
                    tmp_mount(),
                ],
            },
        }


def image_of(image: Image) -> dict[str, Any]:
    """An image in the operator's two fields. It joins them with a colon, so a digest needs a tag before it."""
    name, _, digest = image.reference.partition("@")
    repository, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        repository, tag = name, "pinned"
    fields: dict[str, Any] = {
        "repository": repository,
        "tag": f"{tag}@{digest}" if digest else tag,
        "pullPolicy": image.pull_policy,
    }
    return fields | ({"pullSecrets": [{"name": name} for name in image.pull_secrets]} if image.pull_secrets else {})
