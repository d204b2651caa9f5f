"""The files and command lines of the cluster's parts."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from tests.cluster import layout, pki
from tests.cluster.doubles import network_policies
from tests.cluster.machine import CNI_PLUGINS

if TYPE_CHECKING:
    from tests.cluster.layout import Layout

CONTAINERD = """\
version = 2
root = "{data}/containerd"
state = "/run/containerd"
[grpc]
  address = "{socket}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  # Where a container may not lower its own score, every one of them would fail.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{plugins}"
    conf_dir = "{config}/cni"
"""
COREDNS = """\
.:53 {{
  bind {address}
  errors
  kubernetes {domain} in-addr.arpa {{
    kubeconfig {kubeconfig} weir
    pods insecure
    ttl 5
  }}
  cache 5
  loadbalance
}}
"""


def write(places: Layout) -> None:
    """Certificates and all files."""
    for folder in (places.config / "cni", places.logs, places.data):
        folder.mkdir(parents=True)
    for number in range(layout.VOLUMES):
        places.volume(number).mkdir(parents=True)
    services = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", f"kubernetes.default.svc.{layout.DOMAIN}"]
    addresses = [places.node_address, "127.0.0.1", layout.KUBERNETES_SERVICE]
    pki.make(places.pki, addresses, [*services, "localhost", layout.NODE])
    for user in pki.USERS:
        places.user(user).write_text(pki.kubeconfig(places.pki, user, places.server), encoding="utf-8")
    places.kubeconfig.write_text(places.user(pki.ADMIN).read_text(encoding="utf-8"), encoding="utf-8")
    texts = {
        "containerd.toml": CONTAINERD.format(
            data=places.data,
            socket=places.socket,
            pause=layout.PAUSE_IMAGE,
            plugins=CNI_PLUGINS,
            config=places.config,
        ),
        "cni/10-weir.conflist": json.dumps(_pod_network()),
        "Corefile": COREDNS.format(
            address=places.node_address, domain=layout.DOMAIN, kubeconfig=places.user("coredns")
        ),
        "kubelet.yaml": yaml.safe_dump(_kubelet(places)),
        "proxy.yaml": yaml.safe_dump(_proxy(places)),
        # Pods find names through the cluster alone; the node looks up the cluster's services too.
        "pod-resolv.conf": "options ndots:5\n",
        "node-resolv.conf": f"nameserver {places.node_address}\nsearch svc.{layout.DOMAIN} {layout.DOMAIN}\n",
    }
    for name, text in texts.items():
        (places.config / name).write_text(text, encoding="utf-8")


def _pod_network() -> dict[str, Any]:
    addresses = {"type": "host-local", "ranges": [[{"subnet": layout.NODE_POD_RANGE}]]}
    bridge = {"type": "bridge", "bridge": "pods", "isDefaultGateway": True, "ipMasq": True, "hairpinMode": True}
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    return {"cniVersion": "0.4.0", "name": "pods", "plugins": [{**bridge, "ipam": addresses}, ports]}


def _kubelet(places: Layout) -> dict[str, Any]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {"anonymous": {"enabled": False}, "x509": {"clientCAFile": str(places.pki / "ca.crt")}},
        "authorization": {"mode": "Webhook"},
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{places.cgroup}",
        "containerRuntimeEndpoint": f"unix://{places.socket}",
        "clusterDomain": layout.DOMAIN,
        "clusterDNS": [layout.DNS_SERVICE],
        "resolvConf": str(places.config / "pod-resolv.conf"),
        "tlsCertFile": str(places.pki / "server.crt"),
        "tlsPrivateKeyFile": str(places.pki / "server.key"),
        "failSwapOn": False,
        "failCgroupV1": False,
        # Images are loaded by hand: once deleted, they would be gone.
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
        "syncFrequency": "10s",
    }


def _proxy(places: Layout) -> dict[str, Any]:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": str(places.user("proxy"))},
        "clusterCIDR": layout.POD_RANGE,
        "mode": "iptables",
        "hostnameOverride": layout.NODE,
        # Limits of the machine's connection tracking are not a cluster's to set.
        "conntrack": {"maxPerCore": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
    }


def commands(places: Layout, programs: Mapping[str, Path]) -> dict[str, list[str]]:
    """The processes of the node by name, each after those that it needs."""
    kube = programs["kubeall"]
    etcd = "http://127.0.0.1:2379"
    return {
        "etcd": [
            str(programs["etcd"] / "etcd"),
            f"--data-dir={places.data}/etcd",
            f"--listen-client-urls={etcd}",
            f"--advertise-client-urls={etcd}",
            # Nothing of a cluster outlives it: there is no crash to survive.
            "--unsafe-no-fsync",
        ],
        "kube-apiserver": [str(kube / "kube-apiserver"), *_api_server(places, etcd)],
        "containerd": ["containerd", f"--config={places.config}/containerd.toml"],
        "kube-controller-manager": [
            str(kube / "kube-controller-manager"),
            *_logs_in(places, "controllers"),
            f"--root-ca-file={places.pki}/ca.crt",
            f"--service-account-private-key-file={places.pki}/service-accounts.key",
            "--use-service-account-credentials",
            "--allocate-node-cidrs",
            f"--cluster-cidr={layout.POD_RANGE}",
            f"--service-cluster-ip-range={layout.SERVICE_RANGE}",
            "--leader-elect=false",
        ],
        "kube-scheduler": [str(kube / "kube-scheduler"), *_logs_in(places, "scheduler"), "--leader-elect=false"],
        "kubelet": [
            str(kube / "kubelet"),
            f"--config={places.config}/kubelet.yaml",
            f"--kubeconfig={places.user('kubelet')}",
            f"--hostname-override={layout.NODE}",
            f"--node-ip={places.node_address}",
            "--node-labels=topology.kubernetes.io/zone=zone-a",
        ],
        "kube-proxy": [str(kube / "kube-proxy"), f"--config={places.config}/proxy.yaml"],
        "coredns": [str(programs["coredns"] / "coredns"), "-conf", f"{places.config}/Corefile"],
        "network-policies": [sys.executable, "-m", network_policies.__name__, str(places.kubeconfig)],
    }


def _api_server(places: Layout, etcd: str) -> list[str]:
    certificates = places.pki
    return [
        f"--etcd-servers={etcd}",
        f"--advertise-address={places.node_address}",
        f"--tls-cert-file={certificates}/server.crt",
        f"--tls-private-key-file={certificates}/server.key",
        f"--client-ca-file={certificates}/ca.crt",
        f"--kubelet-client-certificate={certificates}/{pki.ADMIN}.crt",
        f"--kubelet-client-key={certificates}/{pki.ADMIN}.key",
        "--kubelet-preferred-address-types=InternalIP",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={certificates}/service-accounts.pub",
        f"--service-account-signing-key-file={certificates}/service-accounts.key",
        f"--service-cluster-ip-range={layout.SERVICE_RANGE}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
    ]


def _logs_in(places: Layout, user: str) -> list[str]:
    names = ("kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig")
    return [f"--{name}={places.user(user)}" for name in names]
