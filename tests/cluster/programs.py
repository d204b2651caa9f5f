"""The Go programs of the cluster, and cosign: built once from the modules in `go/`, whose go.mod and go.sum pin them.

Each lands in a folder of weir's cache whose name changes with its sources. It is built in a staging folder and renamed,
so a folder that exists is whole, and an emptied cache only costs time.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.cluster import go_toolchain

from weir.config.errors import WeirError
from weir.toolchain import fetch, locks
from weir.toolchain.toolchain import cache_folder

SOURCES = Path(__file__).parent / "go"
KUBERNETES_COMPONENTS = (
    "kube-apiserver",
    "kube-controller-manager",
    "kube-proxy",
    "kube-scheduler",
    "kubectl",
    "kubelet",
)
PULUMI = "github.com/pulumi/pulumi"
COSIGN = "github.com/sigstore/cosign/v3"
IMAGE_REGISTRY = "github.com/google/go-containerregistry/cmd/registry"
LANGUAGE_EXECUTOR = "pulumi-language-python-exec"


@dataclass(frozen=True)
class Program:
    """One Go main package: the folder below `go/`, the module that gives it its version, the package to build."""

    name: str
    module: str
    package: str = "."
    flags: Callable[[str], dict[str, str]] = lambda _: {}
    """Variables that the linker sets, made of the version."""
    finish: Callable[[Path, Path], None] = lambda source, folder: None
    """What is put beside the binary."""

    @property
    def source(self) -> Path:
        """Its go.mod's folder."""
        return SOURCES / self.name

    @property
    def version(self) -> str:
        """The pinned version of the module, `v1.34.4`; `own` for what has none but its source."""
        found = re.search(rf"^\s*(?:require )?{self.module} (v\S+)", (self.source / "go.mod").read_text(), re.MULTILINE)
        return found[1] if found else "own"

    @property
    def folder(self) -> str:
        """Its name in the cache."""
        digest = hashlib.sha256()
        for file in sorted(self.source.iterdir()):
            digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
        return f"{self.name}-{self.version.removeprefix('v')}-{digest.hexdigest()[:10]}"


def _kubernetes_version(version: str) -> dict[str, str]:
    """What the components call themselves; without it they claim to be v0.0.0, and clients take them for ancient."""
    major, minor, _ = version.removeprefix("v").split(".")
    values = {"gitVersion": version, "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
    return {f"k8s.io/component-base/version.{name}": value for name, value in values.items()}


def _name_components(_: Path, folder: Path) -> None:
    """`kubeall` answers to the names of its components."""
    for name in KUBERNETES_COMPONENTS:
        (folder / name).symlink_to("kubeall")


def _take_executor(source: Path, folder: Path) -> None:
    """The script that runs a Python program lies in the module of Pulumi's SDK."""
    module = _go(source, "list", "-m", "-f", "{{.Dir}}", f"{PULUMI}/sdk/v3").strip()
    script = Path(module) / "python" / "cmd" / LANGUAGE_EXECUTOR / LANGUAGE_EXECUTOR
    if not script.is_file():
        script = next(Path(module).rglob(LANGUAGE_EXECUTOR))
    shutil.copyfile(script, folder / LANGUAGE_EXECUTOR)


def _cosign_version(version: str) -> dict[str, str]:
    """What it calls itself; a program that is built as part of another module does not know."""
    return {"sigs.k8s.io/release-utils/version.gitVersion": version}


def _build_registry(source: Path, folder: Path) -> None:
    """A registry in memory, from the library by which cosign speaks to registries."""
    _go(source, "build", "-trimpath", "-ldflags", "-s -w", "-o", str(folder / "registry"), IMAGE_REGISTRY)


ALL = {
    program.name: program
    for program in (
        Program("pause", "none"),
        Program("etcd", "go.etcd.io/etcd/server/v3"),
        Program("coredns", "github.com/coredns/coredns"),
        Program("kubeall", "k8s.io/kubernetes", flags=_kubernetes_version, finish=_name_components),
        Program(
            "pulumi",
            f"{PULUMI}/pkg/v3",
            package=f"{PULUMI}/pkg/v3/cmd/pulumi",
            flags=lambda version: {f"{PULUMI}/sdk/v3/go/common/version.Version": version},
            finish=_take_executor,
        ),
        Program("cosign", COSIGN, f"{COSIGN}/cmd/cosign", flags=_cosign_version, finish=_build_registry),
    )
}
KUBERNETES = ("pause", "etcd", "coredns", "kubeall")
CLUSTER = (*KUBERNETES, "pulumi")


def ensure(*names: str, report: Callable[[str], None] = print) -> dict[str, Path]:
    """The folders of the programs `names`, built where the cache lacks them.

    Raises:
        WeirError: Go is missing or too old, a module cannot be fetched, or the compiler refuses.
    """
    cache = cache_folder(os.environ)
    cache.mkdir(parents=True, exist_ok=True)
    return {name: _ensure(cache, ALL[name], report) for name in names}


def _ensure(cache: Path, program: Program, report: Callable[[str], None]) -> Path:
    target = cache / program.folder
    if target.is_dir():
        return target
    with locks.held(cache / f".{program.name}.lock", lambda: report(f"{program.name}: another build is at it")):
        if not target.is_dir():
            staging = cache / f".staging-{program.folder}"
            shutil.rmtree(staging, ignore_errors=True)
            staging.mkdir()
            _build(program, staging, report)
            staging.rename(target)
    return target


def _build(program: Program, folder: Path, report: Callable[[str], None]) -> None:
    report(f"{program.name} {program.version}: compiling")
    begin = time.monotonic()
    variables = " ".join(f"-X {name}={value}" for name, value in program.flags(program.version).items())
    target = str(folder / program.name)
    _go(program.source, "build", "-trimpath", "-ldflags", f"-s -w {variables}", "-o", target, program.package)
    program.finish(program.source, folder)
    report(f"{program.name} {program.version}: compiled in {time.monotonic() - begin:.0f} s")


def _go(folder: Path, *arguments: str) -> str:
    """Runs `go` in `folder`; what it printed."""
    program = go_toolchain.program(cache_folder(os.environ), print)
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly -buildvcs=false"}
    lines: list[str] = []
    try:
        fetch.run_and_follow([program, *arguments], environment, lines.append, working_directory=folder)
    except subprocess.CalledProcessError as error:
        raise WeirError(f"`go {' '.join(arguments)}` in {folder} failed:\n{error.output}") from None
    return "".join(lines)
