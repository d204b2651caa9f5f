"""An API server that answers reads from documents, and the documents of a cluster that lacks nothing.

`weir doctor` asks it with its real client, over HTTP, as whoever a kubeconfig says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from tests.doctor.http_server import Answer, running

from weir.config.versions import CHARTS, CRDS
from weir.doctor.cluster_checks import IMAGES

TOKEN = "only-for-this-test"
ZONES = ("eu-west-1a", "eu-west-1b", "eu-west-1c")
Documents = dict[str, Any]


def metadata(name: str, namespace: str = "", **more: Any) -> dict[str, Any]:
    return {"name": name, **({"namespace": namespace} if namespace else {}), **more}


def items(*entries: Any) -> dict[str, Any]:
    return {"items": list(entries)}


def node(name: str, zone: str, cpu: str = "32", memory: str = "128Gi", **spec: Any) -> dict[str, Any]:
    return {
        "metadata": metadata(name, labels={"topology.kubernetes.io/zone": zone}),
        "spec": spec,
        "status": {
            "allocatable": {"cpu": cpu, "memory": memory},
            "conditions": [{"type": "Ready", "status": "True"}],
            "images": [],
        },
    }


def storage_class(name: str = "gp3-encrypted", **changes: Any) -> dict[str, Any]:
    return {
        "metadata": metadata(name),
        "provisioner": "ebs.csi.aws.com",
        "parameters": {"type": "gp3", "encrypted": "true"},
        "allowVolumeExpansion": True,
        "volumeBindingMode": "WaitForFirstConsumer",
        **changes,
    }


def workload(name: str, namespace: str, image: str, **changes: Any) -> dict[str, Any]:
    """A Deployment or DaemonSet of one container."""
    container = {"image": image, **changes.pop("container", {})}
    return {
        "metadata": metadata(name, namespace, labels=changes.pop("labels", {})),
        "spec": {"template": {"spec": {"containers": [container]}}},
        "status": {"availableReplicas": 1},
        **changes,
    }


def operator(chart: str, namespace: str, **changes: Any) -> dict[str, Any]:
    version = CHARTS[chart].version
    labels = {"helm.sh/chart": f"{chart}-{version}"}
    return workload(chart, namespace, f"quay.io/{IMAGES[chart]}:{version}", **({"labels": labels} | changes))


def pod(name: str, namespace: str, node_name: str, cpu: str, memory: str) -> dict[str, Any]:
    container = {"resources": {"requests": {"cpu": cpu, "memory": memory}}}
    return {
        "metadata": metadata(name, namespace),
        "spec": {"nodeName": node_name, "containers": [container]},
        "status": {"phase": "Running"},
    }


def service(name: str, namespace: str, port: int) -> dict[str, Any]:
    return {"metadata": metadata(name, namespace), "spec": {"clusterIP": "10.0.0.10", "ports": [{"port": port}]}}


def complete() -> Documents:
    """Path -> document, of a cluster in three zones on AWS with everything that production needs beforehand."""
    kinds: dict[str, list[str]] = {}
    for crd in CRDS.values():
        kinds.setdefault(crd.api_version, []).append(crd.kind)
    return {
        "/version": {"major": "1", "minor": "34+"},
        "/apis": {
            "groups": [
                {"name": version.split("/")[0], "versions": [{"groupVersion": version}]} for version in sorted(kinds)
            ]
        },
        **{
            f"/apis/{version}": {"resources": [{"kind": kind, "name": kind.lower()} for kind in named]}
            for version, named in kinds.items()
        },
        "/apis/storage.k8s.io/v1/storageclasses": items(storage_class()),
        "/api/v1/nodes": items(*(node(f"{zone}-{number}", zone) for zone in ZONES for number in range(8))),
        "/api/v1/pods": items(),
        "/api/v1/services": items(service("kube-dns", "kube-system", 53)),
        "/apis/apps/v1/deployments": items(),
        "/apis/apps/v1/daemonsets": items(workload("calico-node", "kube-system", "calico/node:v3")),
        "/api/v1/namespaces/weir-prod/resourcequotas": items(),
    }


@contextmanager
def serving(documents: Mapping[str, Any], folder: Path) -> Iterator[Path]:
    """The server; gives the kubeconfig. A document that is a number is the status of a refusal."""

    def respond(path: str, headers: Mapping[str, str]) -> Answer:
        found = documents.get(path, 404)
        if headers.get("Authorization") != f"Bearer {TOKEN}":
            found = 401
        return Answer(found, {"kind": "Status", "code": found}) if isinstance(found, int) else Answer(200, found)

    with running(respond) as server:
        yield kubeconfig(folder, server.address)


def kubeconfig(folder: Path, address: str) -> Path:
    """A file with one context, whose user has a token."""
    path = folder / "kubeconfig"
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
        "clusters": [{"name": "test", "cluster": {"server": address}}],
        "users": [{"name": "test", "user": {"token": TOKEN}}],
    }
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path
