"""The node: the first process of namespaces of its own, in which all of a cluster runs.

Processes, mounts, network and iptables rules live in these namespaces and end with this process, however it ends: the
kernel sees to it. Nothing of the machine is touched but the cluster's folder, one network interface and its cgroups.

`python -m tests.cluster.node <folder> <number>` is started by `cluster.py`, through `unshare`.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.cluster import settings
from tests.cluster.api import Api
from tests.cluster.layout import Layout
from tests.cluster.pause import pause_image

READY_SECONDS = 240
# Folders whose paths are fixed in the programs: on the node they are the cluster's own.
OWN_FOLDERS = ("/var/lib/kubelet", "/var/lib/cni", "/var/log")
READY_FILE = "node-ready"


class NodeError(Exception):
    """A process of the node that ended, or did not come up."""


class Node:
    """Starts the processes in order, then watches them."""

    def __init__(self, places: Layout, programs: dict[str, Path]) -> None:
        self._places = places
        self._programs = programs
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def run(self) -> None:
        """Until a process ends, which is a failure.

        Raises:
            NodeError: always; it names the process and ends with its log.
        """
        _own_mounts(self._places)
        self._own_network()
        commands = settings.commands(self._places, self._programs)
        self._start("etcd", commands)
        self._start("containerd", commands)
        self._start("kube-apiserver", commands)
        self._await("containerd", self._places.socket.exists)
        self._import_pause()
        # Ready, not just listening: the others would be refused until their roles are there.
        api = Api.from_kubeconfig(self._places.kubeconfig.read_text(encoding="utf-8"))
        self._await("kube-apiserver", api.ready)
        for name in commands:
            if name not in self._processes:
                self._start(name, commands)
        (self._places.folder / READY_FILE).touch()
        while True:
            # Orphans of the whole namespace come to its first process to be buried.
            self._check(os.waitpid(-1, 0)[0])

    def _start(self, name: str, commands: dict[str, list[str]]) -> None:
        with (self._places.logs / f"{name}.log").open("ab") as log:
            started = subprocess.Popen(commands[name], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._processes[name] = started

    def _await(self, name: str, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not ready():
            self._check(os.waitpid(-1, os.WNOHANG)[0])
            if time.monotonic() > deadline:
                raise NodeError(self._told(name, f"is not ready after {READY_SECONDS} s"))
            time.sleep(0.1)

    def _check(self, ended: int) -> None:
        for name, process in self._processes.items():
            if process.pid == ended:
                raise NodeError(self._told(name, "ended"))

    def _told(self, name: str, what: str) -> str:
        lines = (self._places.logs / f"{name}.log").read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join([f"{name} {what}; its log ends:", *lines[-15:]])

    def _own_network(self) -> None:
        """Loopback, and the wire to the machine, which is put in from outside."""
        _run("ip", "link", "set", "lo", "up")
        self._await_wire()
        _run("ip", "address", "add", f"{self._places.node_address}/30", "dev", "eth0")
        _run("ip", "link", "set", "eth0", "up")
        _run("ip", "route", "add", "default", "via", self._places.machine_address)
        # The second, so that packets between pods, which cross a bridge, come to Services and policies at all.
        for setting in ("ipv4/ip_forward", "bridge/bridge-nf-call-iptables"):
            (Path("/proc/sys/net") / setting).write_text("1", encoding="utf-8")

    def _await_wire(self) -> None:
        deadline = time.monotonic() + 10
        while "eth0" not in [name for _, name in socket.if_nameindex()]:
            if time.monotonic() > deadline:
                raise NodeError("the wire to the machine was not put in")
            time.sleep(0.02)

    def _import_pause(self) -> None:
        archive = self._places.folder / "pause.tar"
        pause_image(self._programs["pause"] / "pause", archive)
        client = ("ctr", "--address", str(self._places.socket), "--namespace", "k8s.io")
        self._await("containerd", lambda: _succeeds(*client, "version"))
        _run(*client, "images", "import", str(archive))
        archive.unlink()


def _own_mounts(places: Layout) -> None:
    _run("mount", "-t", "tmpfs", "none", "/run")
    for path in OWN_FOLDERS:
        own = places.data / "node" / path.removeprefix("/")
        own.mkdir(parents=True)
        Path(path).mkdir(parents=True, exist_ok=True)
        _run("mount", "--bind", str(own), path)
    _run("mount", "--bind", str(places.config / "node-resolv.conf"), "/etc/resolv.conf")
    # A container's file systems may be told of mounts that come later.
    _run("mount", "--make-rshared", "/")


def _succeeds(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _run(*command: str) -> None:
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise NodeError(f"`{' '.join(command)}` failed: {result.stderr.strip()}")


def main(arguments: list[str]) -> int:
    folder, number, programs = arguments
    try:
        Node(Layout(Path(folder), int(number)), {k: Path(v) for k, v in json.loads(programs).items()}).run()
    except NodeError as failure:
        sys.stderr.write(f"{failure}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
