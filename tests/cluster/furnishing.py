"""What a cluster has besides its processes: the name service, a storage class, volumes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.cluster import layout
from tests.waiting import wait_until

if TYPE_CHECKING:
    from tests.cluster.api import Api
    from tests.cluster.layout import Layout

STORAGE_CLASS = "standard"


def furnish(api: Api, places: Layout, wait_seconds: float) -> None:
    """What a cluster has besides its processes: the name service, a storage class, volumes."""
    wait_until("the namespaces", lambda: api.read(_namespace("kube-system")) is not None, wait_seconds)
    ports = [{"name": "dns", "port": 53, "protocol": "UDP"}, {"name": "dns-tcp", "port": 53, "protocol": "TCP"}]
    api.apply(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "kube-dns", "namespace": "kube-system"},
            "spec": {"clusterIP": layout.DNS_SERVICE, "ports": ports},
        }
    )
    _name_service_pod(api, places)
    labels = {"kubernetes.io/service-name": "kube-dns"}
    api.apply(
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"name": "kube-dns-node", "namespace": "kube-system", "labels": labels},
            "addressType": "IPv4",
            "ports": ports,
            "endpoints": [{"addresses": [places.node_address], "conditions": {"ready": True}}],
        }
    )
    api.apply(storage_class())
    for number in range(layout.VOLUMES):
        api.apply(_volume(number, places.volume(number)))


def _name_service_pod(api: Api, places: Layout) -> None:
    """What network policies find the name service by: it runs on the node itself, and this pod nowhere."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "coredns", "namespace": "kube-system", "labels": {"k8s-app": "kube-dns"}},
        "spec": {
            "schedulerName": "none",
            "containers": [{"name": "coredns", "image": layout.PAUSE_IMAGE}],
            "automountServiceAccountToken": False,
        },
    }
    wait_until("the service account", lambda: api.read(_service_account("kube-system")) is not None, 60)
    api.apply(pod)
    api.apply_status({**pod, "status": {"podIP": places.node_address, "podIPs": [{"ip": places.node_address}]}})


def storage_class() -> dict[str, Any]:
    """The cluster's only one, and so its default."""
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {
            "name": STORAGE_CLASS,
            "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
        },
        "provisioner": "kubernetes.io/no-provisioner",
        "volumeBindingMode": "WaitForFirstConsumer",
    }


def _namespace(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def _service_account(namespace: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": namespace}}


def _volume(number: int, folder: Path) -> dict[str, Any]:
    """A folder of the node: of the kind `local`, for only such a volume is given to a pod's group."""
    here = {"key": "kubernetes.io/hostname", "operator": "In", "values": [layout.NODE]}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": f"local-{number}"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "capacity": {"storage": "10Ti"},
            "local": {"path": str(folder)},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [here]}]}},
            "persistentVolumeReclaimPolicy": "Retain",
            "storageClassName": STORAGE_CLASS,
        },
    }
