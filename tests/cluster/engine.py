"""Pulumi's real engine on this repository's program: `preview`, `up`, `refresh`, `destroy` of a stack.

The project is a folder of links to the repository, with copies of the stack files (Pulumi writes a salt into them) and
a backend in a folder. The passphrase comes from a file that only this user reads.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.cluster import machine, programs
from tests.cluster.cluster import REPOSITORY, Cluster
from tests.cluster.doubles import kubernetes_provider, language_host

STACK = "cluster"
"""The stack that one node carries."""
COPIED = ("Pulumi.yaml", "dashboards", "helm-values", "infra", "pipelines")
LANGUAGE_PLUGIN = "pulumi-language-python"
PROVIDER_PLUGIN = "pulumi-resource-kubernetes"
EVENTS = "events.json"
PARALLEL = "64"
"""Whatever waits until it is ready holds one of the engine's places: by default there are four a core."""


@dataclass(frozen=True)
class Tools:
    """The engine's programs: where they are, and which of them are real."""

    search_path: tuple[Path, ...]
    parts: Mapping[str, str]
    """Part -> `real: ...` or `double: ...`, for people."""
    environment: Mapping[str, str] = field(default_factory=dict)


class EngineError(Exception):
    """A command of Pulumi that failed; `str()` ends with what it printed."""


@dataclass(frozen=True)
class Outcome:
    """What a command did."""

    changes: dict[str, int]
    """Operation -> number of resources: `{"create": 120}`, `{"same": 120}`."""
    steps: list[dict[str, Any]]
    """One per resource, as the engine told it."""
    printed: str

    @property
    def is_unchanged(self) -> bool:
        """True where nothing was to be done."""
        return set(self.changes) <= {"same"}

    def urns(self, *operations: str) -> list[str]:
        """The resources that one of `operations` was done to."""
        return [step["urn"] for step in self.steps if step["op"] in operations]


def find_tools(folder: Path) -> Tools:
    """What is installed of the real engine, the rest built, or doubles whose launchers are written into `folder`."""
    parts: dict[str, str] = {}
    search_path: list[Path] = [folder]
    environment: dict[str, str] = {}
    folder.mkdir(parents=True, exist_ok=True)
    installed = shutil.which("pulumi")
    with_host = installed and (Path(installed).resolve().parent / LANGUAGE_PLUGIN).exists()
    if installed and with_host:
        search_path.append(Path(installed).parent)
        parts["Pulumi's engine and CLI"] = f"real: {installed}"
        parts["Pulumi's language host for Python"] = "real: installed"
    else:
        built = programs.ensure("pulumi")["pulumi"]
        search_path.append(built)
        environment[language_host.EXECUTOR_VARIABLE] = str(built / programs.LANGUAGE_EXECUTOR)
        _launcher(folder / LANGUAGE_PLUGIN, language_host.__name__)
        parts["Pulumi's engine and CLI"] = f"real: {programs.ALL['pulumi'].version}, built from source"
        parts["Pulumi's language host for Python"] = "double: tests/cluster/doubles/language_host.py"
    plugin = _installed_provider()
    if plugin:
        parts["Pulumi's Kubernetes provider"] = f"real: {plugin}"
    else:
        _launcher(folder / PROVIDER_PLUGIN, kubernetes_provider.__name__)
        parts["Pulumi's Kubernetes provider"] = "double: tests/cluster/doubles/kubernetes_provider.py"
    return Tools(tuple(search_path), parts, environment)


def _installed_provider() -> Path | None:
    """The plugin of the version that the lock file pins, where Pulumi installed it."""
    home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
    plugin = home / "plugins" / f"resource-kubernetes-v{version('pulumi-kubernetes')}" / PROVIDER_PLUGIN
    return plugin if plugin.exists() else None


def _launcher(path: Path, module: str) -> None:
    """A program by the name that the engine looks for."""
    search = f'PYTHONPATH="{REPOSITORY}:{REPOSITORY / "infra"}"'
    path.write_text(f'#!/bin/sh\n{search} exec "{sys.executable}" -m {module} "$@"\n', encoding="utf-8")
    path.chmod(0o755)


@dataclass(frozen=True)
class Project:
    """A stack of this repository, in a folder and with a backend of its own."""

    folder: Path
    stack: str
    tools: Tools
    kubeconfig: Path | None

    @classmethod
    def make(cls, folder: Path, stack: str, tools: Tools, cluster: Cluster | None = None) -> Project:
        """A working copy of this repository, free to be changed, with the stack. Without a cluster, only previews work.

        Raises:
            EngineError: Pulumi refuses the stack.
        """
        made = cls.of_program(folder, {".venv": REPOSITORY / ".venv"}, stack, tools, cluster)
        for name in COPIED:
            _copy(REPOSITORY / name, folder / name)
        (folder / "stacks").mkdir()
        shutil.copy(REPOSITORY / "stacks" / f"Pulumi.{stack}.yaml", folder / "stacks")
        lock = REPOSITORY / "stacks" / "plans" / f"{stack}.yaml"
        if lock.exists():
            (folder / "stacks" / "plans").mkdir()
            shutil.copy(lock, folder / "stacks" / "plans")
        made.run("stack", "init", stack)
        return made

    @classmethod
    def of_program(
        cls, folder: Path, links: Mapping[str, Path], stack: str, tools: Tools, cluster: Cluster | None
    ) -> Project:
        """A folder with `links` to the program's files, and a backend; the stack is not made yet."""
        (folder / "backend").mkdir(parents=True)
        for name, target in links.items():
            (folder / name).symlink_to(target)
        passphrase = folder / "passphrase"
        passphrase.touch(mode=0o600)
        passphrase.write_text(secrets.token_urlsafe(24), encoding="utf-8")
        return cls(folder, stack, tools, cluster.kubeconfig if cluster else None)

    @property
    def stack_file(self) -> Path:
        """The stack's settings, free to be changed."""
        return self.folder / "stacks" / f"Pulumi.{self.stack}.yaml"

    @property
    def pipelines(self) -> Path:
        """The folder of its pipelines, free to be changed."""
        return self.folder / "pipelines"

    @property
    def environment(self) -> dict[str, str]:
        path = ":".join([*map(str, self.tools.search_path), os.environ["PATH"]])
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PULUMI_")}
        kept.pop("KUBECONFIG", None)
        return {
            **kept,
            **self.tools.environment,
            **({"KUBECONFIG": str(self.kubeconfig)} if self.kubeconfig else {}),
            "PATH": path,
            "PULUMI_BACKEND_URL": f"file://{self.folder / 'backend'}",
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(self.folder / "passphrase"),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_PARALLEL": PARALLEL,
            # Only then does the CLI take --event-log.
            "PULUMI_DEBUG_COMMANDS": "true",
        }

    def preview(self) -> Outcome:
        """What `up` would do."""
        document = json.loads(self.run("preview", "--json", "--stack", self.stack))
        return Outcome(document["changeSummary"], document["steps"], document.get("diagnostics") or "")

    def up(self, *arguments: str) -> Outcome:
        """Makes the cluster as the program says."""
        return self._operation("up", "--skip-preview", *arguments)

    def refresh(self) -> Outcome:
        """Writes into the state what is there in the cluster."""
        return self._operation("refresh", "--skip-preview")

    def destroy(self) -> Outcome:
        """Removes all that may be removed."""
        return self._operation("destroy", "--skip-preview", "--exclude-protected")

    def _operation(self, command: str, *arguments: str) -> Outcome:
        events = self.folder / EVENTS
        events.unlink(missing_ok=True)
        log = ("--event-log", str(events))
        printed = self.run(command, "--yes", *arguments, "--stack", self.stack, "--color", "never", *log)
        return outcome(events.read_text(encoding="utf-8").splitlines(), printed)

    def run(self, *arguments: str) -> str:
        """Runs `pulumi`; what it printed.

        Raises:
            EngineError: it failed.
        """
        command = ["pulumi", *arguments, "--non-interactive", "--cwd", str(self.folder)]
        result = subprocess.run(
            command,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=machine.die_with_parent,
        )
        if result.returncode != 0:
            raise EngineError(f"`pulumi {' '.join(arguments)}` failed:\n{result.stdout}\n{result.stderr}")
        return result.stdout


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


def outcome(events: Sequence[str], printed: str) -> Outcome:
    """What the engine's event log says was done."""
    documents = [json.loads(line) for line in events if line.strip()]
    done = [event["resOutputsEvent"]["metadata"] for event in documents if "resOutputsEvent" in event]
    summaries = [event["summaryEvent"] for event in documents if "summaryEvent" in event]
    return Outcome(dict(summaries[-1].get("resourceChanges") or {}) if summaries else {}, done, printed)
