"""What a cluster asks of its machine and leaves on it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from tests.cluster import cluster, layout, machine, pki, programs, settings
from tests.cluster.doubles import kubernetes_provider
from tests.cluster.layout import Layout
from tests.cluster.pause import pause_image
from tests.waiting import wait_until

from weir.config.errors import WeirError

if TYPE_CHECKING:
    from tests.cluster.cluster import Cluster


@pytest.mark.unit
def test_without_root_one_line_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(WeirError, match="needs root: run this as root, or set KUBECONFIG") as refused:
        machine.prepare()
    assert "\n" not in str(refused.value)


@pytest.mark.unit
def test_a_kernel_that_lacks_something_is_refused_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(machine, "PACKAGES", {})
    monkeypatch.setattr(machine, "CNI_PLUGINS", Path("/nowhere"))
    monkeypatch.setattr(machine, "apt_install", lambda _: None)
    monkeypatch.setattr(machine, "can_install", lambda: True)
    monkeypatch.setattr(machine, "KERNEL_FEATURES", {"network bridges": "exit 1"})
    with pytest.raises(WeirError, match="it lacks: network bridges") as refused:
        machine.prepare()
    assert "\n" not in str(refused.value)


@pytest.mark.unit
def test_every_program_is_pinned_and_its_folder_changes_with_its_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert programs.ALL["kubeall"].version == "v1.34.4"
    assert programs.ALL["etcd"].version == "v3.6.13"
    assert programs.ALL["coredns"].version == "v1.14.3"
    assert programs.ALL["pulumi"].version == "v3.259.0"
    before = programs.ALL["pause"].folder
    copy = tmp_path / "pause"
    copy.mkdir()
    for file in programs.ALL["pause"].source.iterdir():
        (copy / file.name).write_bytes(file.read_bytes() + b"\n")
    monkeypatch.setattr(programs, "SOURCES", tmp_path)
    assert programs.ALL["pause"].folder != before


@pytest.mark.unit
def test_clusters_side_by_side_share_no_name_and_no_address() -> None:
    first, second = Layout(Path("/a"), 0), Layout(Path("/b"), 1)
    names = ("machine_address", "node_address", "link", "cgroup")
    assert not {getattr(first, name) for name in names} & {getattr(second, name) for name in names}


@pytest.mark.unit
def test_the_pause_image_is_one_binary_that_runs_as_nobody(tmp_path: Path) -> None:
    binary = tmp_path / "binary"
    binary.write_bytes(b"\x7fELF")
    pause_image(binary, tmp_path / "image.tar")
    with tarfile.open(tmp_path / "image.tar") as image:
        (manifest,) = json.load(image.extractfile("manifest.json") or pytest.fail("no manifest"))
        config = json.load(image.extractfile(manifest["Config"]) or pytest.fail("no config"))
    assert manifest["RepoTags"] == [layout.PAUSE_IMAGE]
    assert config["config"] == {"Entrypoint": ["/pause"], "User": "65535:65535"}


@pytest.mark.cluster
def test_the_servers_certificate_names_every_address_of_the_api(tmp_path: Path) -> None:
    places = Layout(tmp_path / "cluster", 3)
    settings.write(places)
    shown = subprocess.run(
        ["openssl", "x509", "-in", places.pki / "server.crt", "-noout", "-ext", "subjectAltName"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in (places.node_address, layout.KUBERNETES_SERVICE, "kubernetes.default.svc"):
        assert name in shown
    assert pki.ADMIN in places.kubeconfig.read_text(encoding="utf-8")


@pytest.mark.cluster
@pytest.mark.skipif("KUBECONFIG" in os.environ, reason="an existing cluster is used: none of its own comes and goes")
def test_a_killed_owner_leaves_no_process_and_down_removes_the_rest(tmp_path: Path, kubernetes: Cluster) -> None:
    folder = tmp_path / "second"
    environment = {**os.environ, "WEIR_CLUSTER_HOME": str(folder)}
    command = [sys.executable, "-m", "tests.cluster"]
    with subprocess.Popen([*command, "up"], env=environment, cwd=cluster.REPOSITORY, stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        assert b"the cluster is up" in owner.stdout.readline()
        places = Layout(folder, json.loads((folder / "cluster.json").read_text(encoding="utf-8"))["number"])
        assert _traces(places)
        owner.send_signal(signal.SIGKILL)
    wait_until("the end of all its processes", lambda: not _processes_of(folder), 10)
    subprocess.run([*command, "down"], env=environment, cwd=cluster.REPOSITORY, check=True, capture_output=True)
    assert not folder.exists()
    assert not _traces(places)
    assert kubernetes.api.ready()


@pytest.mark.cluster
def test_a_stand_in_whose_engine_is_killed_ends() -> None:
    start = f"import subprocess, sys; subprocess.run([sys.executable, '-m', {kubernetes_provider.__name__!r}])"
    with subprocess.Popen([sys.executable, "-c", start], cwd=cluster.REPOSITORY, stdout=subprocess.PIPE) as engine:
        assert engine.stdout is not None
        assert engine.stdout.readline().strip().isdigit()
        (stand_in,) = psutil.Process(engine.pid).children()
        engine.kill()
    wait_until("the end of the stand-in", lambda: not stand_in.is_running(), 10)


def _traces(places: Layout) -> list[Path]:
    """Network interfaces and cgroups of a cluster on this machine."""
    links = [Path("/sys/class/net") / places.link]
    return [path for path in (*links, *(root / places.cgroup for root in machine.cgroup_folders())) if path.exists()]


def _processes_of(folder: Path) -> list[str]:
    found = subprocess.run(["pgrep", "--full", str(folder)], capture_output=True, text=True, check=False)
    return found.stdout.split()
