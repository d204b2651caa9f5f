"""Where a cluster keeps its files, and the addresses that its parts have."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

SERVICE_RANGE = "10.96.0.0/16"
KUBERNETES_SERVICE = "10.96.0.1"
DNS_SERVICE = "10.96.0.10"
POD_RANGE = "10.244.0.0/16"
NODE_POD_RANGE = "10.244.0.0/24"
DOMAIN = "cluster.local"
NODE = "node"
PAUSE_IMAGE = "weir.local/pause:1"
VOLUMES = 16


@dataclass(frozen=True)
class Layout:
    """One cluster: everything that it writes is below `folder`; `number` tells clusters of one machine apart."""

    folder: Path
    number: int

    @property
    def machine_address(self) -> str:
        """The machine's end of the wire to the node."""
        return f"10.99.{self.number}.1"

    @property
    def node_address(self) -> str:
        """The node's end, at which the API server answers."""
        return f"10.99.{self.number}.2"

    @property
    def server(self) -> str:
        """The API server."""
        return f"https://{self.node_address}:6443"

    @property
    def link(self) -> str:
        """The machine's network interface."""
        return f"weir{self.number}"

    @property
    def cgroup(self) -> str:
        """The cgroup of all pods."""
        return f"weir-cluster-{self.number}"

    @property
    def pki(self) -> Path:
        return self.folder / "pki"

    @property
    def config(self) -> Path:
        return self.folder / "config"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's."""
        return self.folder / "kubeconfig"

    @property
    def state(self) -> Path:
        """What another process must know of the running cluster."""
        return self.folder / "cluster.json"

    @property
    def socket(self) -> Path:
        """containerd's, as it is called on the node."""
        return Path("/run/containerd/containerd.sock")

    def volume(self, number: int) -> Path:
        """The folder behind a persistent volume."""
        return self.data / "volumes" / str(number)

    def user(self, name: str) -> Path:
        """A component's kubeconfig."""
        return self.config / f"{name}.kubeconfig"
