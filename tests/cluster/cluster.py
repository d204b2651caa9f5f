"""A real single-node Kubernetes: up in seconds, down without a trace; or the one that `$KUBECONFIG` names.

with cluster.running(folder) as kubernetes:
    kubernetes.api.apply({...})
    kubernetes.load(Path("image.tar"))
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import psutil
from tests.cluster import machine, node, programs, settings
from tests.cluster.api import Api
from tests.cluster.furnishing import furnish
from tests.cluster.layout import Layout
from tests.waiting import wait_until

from weir.config.errors import WeirError

REPOSITORY = Path(__file__).parents[2]
READY_SECONDS = 300
NUMBERS = range(64)


@dataclass(frozen=True)
class Cluster:
    """A running cluster."""

    kubeconfig: Path
    node_pid: int | None = None
    """The node's first process; None for a cluster that was there before."""

    @cached_property
    def api(self) -> Api:
        """A connection of the administrator."""
        return Api.from_kubeconfig(self.kubeconfig.read_text(encoding="utf-8"))

    @property
    def is_own(self) -> bool:
        """False for a cluster that somebody else runs."""
        return self.node_pid is not None

    @property
    def environment(self) -> dict[str, str]:
        """For programs that talk to the cluster; `kubectl` of the cluster's own version comes first on the PATH."""
        path = os.environ["PATH"]
        if self.is_own:
            path = f"{programs.ensure('kubeall')['kubeall']}:{path}"
        return {**os.environ, "KUBECONFIG": str(self.kubeconfig), "PATH": path}

    def kubectl(self, *arguments: str, check: bool = True) -> str:
        """Runs `kubectl`; what it printed."""
        return _output(["kubectl", *arguments], self.environment, check=check)

    def load(self, archive: Path) -> None:
        """Puts an image (an archive as `docker save` makes it) where pods find it."""
        client = ["ctr", "--address", str(self.containerd), "--namespace", "k8s.io"]
        _output([*client, "images", "import", str(archive)], os.environ, check=True)

    @property
    def containerd(self) -> Path:
        """The socket of the node's containerd, as it is reached from the machine.

        Raises:
            WeirError: the cluster has no node of ours.
        """
        if self.node_pid is None:
            raise WeirError("an existing cluster gets its images from a registry, or as its own tools load them")
        return Path(f"/proc/{self.node_pid}/root{Layout(Path(), 0).socket}")

    @property
    def node_address(self) -> str:
        """Where the API server answers; the first node's address on a cluster that was there before."""
        (node, *_) = self.api.get("/api/v1/nodes")["items"]
        return next(entry["address"] for entry in node["status"]["addresses"] if entry["type"] == "InternalIP")

    def node_command(self, *command: str) -> list[str]:
        """The command line that runs `command` on the node.

        Raises:
            WeirError: the cluster has no node of ours.
        """
        if self.node_pid is None:
            raise WeirError("an existing cluster has no node to run commands on; do it in a pod")
        enter = ["nsenter", f"--target={self.node_pid}", "--mount", "--net", "--pid", "--"]
        return [*enter, "env", f"--chdir={Path.cwd()}", *command]


def prepare() -> dict[str, Path]:
    """The programs of a cluster of its own, built where the cache lacks them; none where `$KUBECONFIG` is set.

    Raises:
        WeirError: the machine cannot run a cluster.
    """
    if "KUBECONFIG" in os.environ:
        return {}
    machine.prepare()
    return programs.ensure(*programs.KUBERNETES)


@contextmanager
def running(folder: Path) -> Iterator[Cluster]:
    """A cluster with everything below `folder`, gone afterwards; the existing one where `$KUBECONFIG` is set.

    Raises:
        WeirError: the machine cannot run one (one line says why), or it did not come up.
    """
    if existing := os.environ.get("KUBECONFIG"):
        yield Cluster(Path(existing))
        return
    binaries = prepare()
    if folder.exists():
        raise WeirError(f"{folder} exists: a cluster runs there, or one was left behind (python -m tests.cluster down)")
    places = Layout(folder.absolute(), _free_number())
    try:
        settings.write(places)
        process = _start_node(places, binaries)
        try:
            yield _ready(places, process)
        finally:
            _stop(process)
    finally:
        _clean(places)


def _start_node(places: Layout, binaries: Mapping[str, Path]) -> subprocess.Popen[bytes]:
    """`unshare`, which dies with this process, and with which the node dies."""
    _make_cgroup(places)
    command = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child=KILL", "--mount-proc"]
    node_module = [sys.executable, "-m", node.__name__, str(places.folder), str(places.number)]
    arguments = json.dumps({name: str(path) for name, path in binaries.items()})
    with (places.logs / "node.log").open("ab") as log:
        return subprocess.Popen(
            [*command, *node_module, arguments],
            cwd=REPOSITORY,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=machine.die_with_parent,  # noqa: PLW1509 - it only calls the kernel
        )


def _ready(places: Layout, process: subprocess.Popen[bytes]) -> Cluster:
    first = _first_process(process)
    _put_in_wire(places, first)
    places.state.write_text(json.dumps({"number": places.number, "node": first, "owner": os.getpid()}))

    def is_up(check: Any) -> bool:
        if process.poll() is not None:
            raise WeirError(f"the cluster did not come up:\n{(places.logs / 'node.log').read_text()}")
        return check()

    made = Cluster(places.kubeconfig, first)
    wait_until("the node", lambda: is_up((places.folder / node.READY_FILE).exists), READY_SECONDS)
    wait_until("the API server", lambda: is_up(made.api.ready), READY_SECONDS)
    furnish(made.api, places, READY_SECONDS)
    wait_until("the node in the API", lambda: is_up(lambda: _node_is_ready(made.api)), READY_SECONDS)
    return made


def _first_process(process: subprocess.Popen[bytes]) -> int:
    children: list[psutil.Process] = []

    def forked() -> bool:
        children[:] = psutil.Process(process.pid).children()
        return bool(children)

    wait_until("the namespaces", forked, 10, 0.01)
    return children[0].pid


def _put_in_wire(places: Layout, node_pid: int) -> None:
    # After a hard end, the kernel may take a moment to remove the wire's other end, and ours with it.
    subprocess.run(["ip", "link", "delete", places.link], capture_output=True, check=False)
    for arguments in (
        ("link", "add", places.link, "type", "veth", "peer", "name", "eth0", "netns", str(node_pid)),
        ("address", "add", f"{places.machine_address}/30", "dev", places.link),
        ("link", "set", places.link, "up"),
    ):
        subprocess.run(["ip", *arguments], check=True)


def _node_is_ready(api: Api) -> bool:
    nodes = api.get("/api/v1/nodes")["items"]
    conditions = [condition for entry in nodes for condition in entry["status"].get("conditions", ())]
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """The kernel ends everything in the namespaces of a first process that ends."""
    process.kill()
    process.wait()


def _clean(places: Layout) -> None:
    """Removes the folder and the cgroups, once the last process of the cluster is gone."""
    for root in machine.cgroup_folders():
        _remove_cgroup(root / places.cgroup)
    shutil.rmtree(places.folder, ignore_errors=True)
    subprocess.run(["ip", "link", "delete", places.link], capture_output=True, check=False)


def _make_cgroup(places: Layout) -> None:
    for root in machine.cgroup_folders():
        (root / places.cgroup).mkdir(exist_ok=True)


def _remove_cgroup(folder: Path) -> None:
    for inner in sorted(folder.rglob("*/"), reverse=True):
        _remove_when_empty(inner)
    _remove_when_empty(folder)


def _remove_when_empty(cgroup: Path) -> None:
    deadline = time.monotonic() + 10
    while cgroup.is_dir() and time.monotonic() < deadline:
        with suppress(OSError):
            cgroup.rmdir()
            return
        time.sleep(0.05)


def stop_other(folder: Path) -> bool:
    """Ends the cluster of another process, or what a killed one left; False where there is none."""
    places = Layout(folder.absolute(), 0)
    if not folder.exists():
        return False
    if places.state.exists():
        state = json.loads(places.state.read_text(encoding="utf-8"))
        places = Layout(folder.absolute(), state["number"])
        with suppress(psutil.NoSuchProcess):
            owner = psutil.Process(state["owner"])
            if "tests.cluster" in " ".join(owner.cmdline()):
                owner.terminate()
                owner.wait(60)
    _clean(places)
    return True


def other(folder: Path) -> Cluster:
    """The cluster that another process runs in `folder`.

    Raises:
        WeirError: none runs there.
    """
    places = Layout(folder.absolute(), 0)
    if not places.state.exists():
        raise WeirError(f"no cluster runs in {folder}: python -m tests.cluster up")
    return Cluster(places.kubeconfig, json.loads(places.state.read_text(encoding="utf-8"))["node"])


def _free_number() -> int:
    taken = {entry.name for entry in Path("/sys/class/net").iterdir()}
    return next(number for number in NUMBERS if Layout(Path(), number).link not in taken)


def _output(command: list[str], environment: Mapping[str, str], *, check: bool) -> str:
    result = subprocess.run(command, env=dict(environment), capture_output=True, text=True, check=False)
    if check and result.returncode != 0:
        raise WeirError(f"`{' '.join(command)}` failed:\n{result.stderr.strip() or result.stdout.strip()}")
    return result.stdout
