"""What the machine must have for a cluster of its own: root, a few features of the kernel, Debian's container tools."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from weir.config.errors import WeirError
from weir.toolchain.debian_packages import apt_install, can_install

PACKAGES = {
    "containerd": "containerd",
    "runc": "runc",
    "iptables": "iptables",
    "nft": "nftables",
    "ip": "iproute2",
    "openssl": "openssl",
    "mount": "mount",
}
CNI_PLUGINS = Path("/usr/lib/cni")
CGROUP_ROOT = Path("/sys/fs/cgroup")
CONTROLLERS = ("cpu", "cpuset", "memory", "pids")
# Each is tried in network and mount namespaces that end with the command.
KERNEL_FEATURES = {
    "network bridges": "ip link add probe0 type bridge",
    "veth pairs": "ip link add probe0 type veth peer name probe1",
    "iptables with the nat table": "iptables -t nat -A POSTROUTING -m comment --comment probe -j MASQUERADE",
    "nftables": "nft add table inet probe",
    "packets between pods seen by netfilter": "ip link add probe0 type bridge && test -e /proc/sys/net/bridge",
    "overlay file systems": (
        "d=$(mktemp -d) && mount -t tmpfs none $d && mkdir $d/l $d/u $d/w $d/m && "
        "mount -t overlay none -o lowerdir=$d/l,upperdir=$d/u,workdir=$d/w $d/m; r=$?; umount -R $d; rmdir $d; exit $r"
    ),
}


def prepare() -> None:
    """Installs Debian's packages where they are missing.

    Raises:
        WeirError: the machine cannot run a cluster; one line says what is missing.
    """
    if os.geteuid() != 0:
        raise WeirError("a cluster of its own needs root: run this as root, or set KUBECONFIG to an existing cluster")
    missing = [package for command, package in PACKAGES.items() if shutil.which(command) is None]
    if not (CNI_PLUGINS / "bridge").exists():
        missing.append("containernetworking-plugins")
    if missing and not can_install():
        raise WeirError(f"a cluster of its own needs {', '.join(missing)}: install them, or set KUBECONFIG")
    if missing:
        apt_install(tuple(missing))
    if lacking := sorted(_lacking()):
        raise WeirError(f"the kernel of this machine cannot run a cluster, it lacks: {', '.join(lacking)}")


def _lacking() -> Iterator[str]:
    for feature, command in KERNEL_FEATURES.items():
        probe = ["unshare", "--net", "--mount", "sh", "-c", command]
        if subprocess.run(probe, capture_output=True, check=False).returncode != 0:
            yield feature
    for controller in CONTROLLERS:
        if not controller_folders(controller):
            yield f"the cgroup controller {controller}"


def controller_folders(controller: str) -> list[Path]:
    """Where the cgroups of a controller are: its own hierarchy (version 1), or the only one (version 2)."""
    if (unified := CGROUP_ROOT / "cgroup.controllers").exists():
        return [CGROUP_ROOT] if controller in unified.read_text().split() else []
    return [folder for folder in cgroup_folders() if controller in folder.name.split(",")]


def cgroup_folders() -> list[Path]:
    """The roots of all hierarchies of cgroups."""
    mounts = Path("/proc/self/mounts").read_text(encoding="utf-8")
    return sorted(Path(found) for found in re.findall(rf"^\S+ ({CGROUP_ROOT}\S*) cgroup2? ", mounts, re.MULTILINE))


def die_with_parent() -> None:
    """Asks Linux to kill this process when its parent ends, however that ends; for `preexec_fn`."""
    if sys.platform != "linux":
        return
    parent_death_signal = 1
    ctypes.CDLL(None).prctl(parent_death_signal, signal.SIGKILL)
