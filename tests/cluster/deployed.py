"""The platform of a stack on a cluster: deployed by the engine, fed and verified from within."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import yaml
from tests.cluster import proving, reach
from tests.cluster.cluster import REPOSITORY, Cluster
from tests.cluster.prover import Place, Prover
from tests.waiting import wait_until

from weir.catalog.environment import load_environment
from weir.components.network_flows import flows
from weir.config.errors import WeirError
from weir.config.stack import StackConfig, load_stack
from weir.toolchain import toolchain

if TYPE_CHECKING:
    from tests.cluster.engine import Project
    from tests.cluster.reach import Way

    from weir.catalog.pipeline import Pipeline

CLIENTS_NAMESPACE = "operations"
DEFINITIONS = "META-INF/fabric8/"
RECOVERY_SECONDS = 600
JOB_SECONDS = 900


@dataclass(frozen=True)
class Deployed:
    """A stack of this repository on a cluster."""

    kubernetes: Cluster
    project: Project
    namespace: str

    def install_definitions(self) -> None:
        """The custom resources of Flink's operator, out of its own jar, as `weir images build` fetched it."""
        libraries = toolchain.ensure(REPOSITORY, ["flink-operator"], lambda *_: None).home("flink-operator")
        (archive,) = libraries.glob("flink-kubernetes-operator-api-*.jar")
        with zipfile.ZipFile(archive) as jar:
            for name in jar.namelist():
                if name.startswith(DEFINITIONS) and name.endswith("-v1.yml"):
                    self.kubernetes.api.apply(yaml.safe_load(jar.read(name)))

    @cached_property
    def _prover(self) -> Prover:
        """Reads everything, as the administrator, from where no network policy is in the way."""
        return self._started(Place("prover", "proving", proving.ADMINISTRATORS_SECRETS, on_the_node=True))

    @cached_property
    def client(self) -> Prover:
        """The pipeline's client, in the namespace that the pipeline's file names."""
        return self.as_client(CLIENTS_NAMESPACE)

    def as_client(self, namespace: str) -> Prover:
        """A pod in `namespace` with what the pipeline's client was handed."""
        return self._started(Place(proving.CLIENT, namespace, proving.clients_secrets(self._pipeline.name)))

    @property
    def _pipeline(self) -> Pipeline:
        (pipeline,) = load_environment(self.project.pipelines, self._stack).pipelines
        return pipeline

    @property
    def _stack(self) -> StackConfig:
        return load_stack(self.project.stack_file)

    def ways(self) -> tuple[set[Way], set[Way]]:
        """The connections that are made between the platform, its client and the node, and the documented ones."""
        pods = self.kubernetes.api.get("/api/v1/pods")["items"]
        sources = reach.sides(
            [pod for pod in pods if pod["metadata"]["namespace"] in (self.namespace, CLIENTS_NAMESPACE)]
        )
        targets = [*sources, reach.node(self.kubernetes.node_address, (6443, 10250))]
        named = flows(self._stack, (self._pipeline.spec.engine,), self._pipeline.spec.clients.values())
        return reach.tried(self.namespace, sources, targets), reach.documented(named, self.namespace, sources, targets)

    def _started(self, place: Place) -> Prover:
        prover = Prover(self.kubernetes, self.project, self.namespace, place)
        prover.start()
        return prover

    def fill_references(self) -> float:
        """Fills the reference tables; when they were full, for `await_references`."""
        return json.loads(self._prover.run("load_reference_tables"))

    def await_references(self, full_epoch_milliseconds: float) -> None:
        """Returns once the job joins with what the reference tables had at that moment."""
        self._prover.run("await_references", {"full_epoch_milliseconds": full_epoch_milliseconds})

    def replay(self, **settings: Any) -> None:
        """Publishes flights, with re-sends, disorder and poison, as a client in a namespace of its own."""
        self.client.run("send", settings)
        self._prover.put(self.client.sent())

    @contextmanager
    def replaying(self, **settings: Any) -> Iterator[None]:
        """The same while the body runs, from the first records on; leaving waits for the last."""
        with self.client.running("send", settings):
            yield
        self._prover.put(self.client.sent())

    def verify(self) -> dict[str, Any]:
        """Waits for the job, then compares every row, total and dead letter; the report.

        Raises:
            WeirError: something differs, or the job is stuck.
        """
        return json.loads(self._prover.run("check_all"))

    def verify_new_columns(self, **window: int) -> None:
        """The rows of `skip` and `limit` in all columns that the project's pipeline has now.

        Raises:
            WeirError: something differs.
        """
        self._prover.run("check_new_columns", window)

    def await_health(self, **expected: int) -> None:
        """Returns once the monitor has written `distinct_events`, and that no event waits."""
        self._prover.run("await_health", expected)

    def savepoint(self) -> str | None:
        """Where the savepoint lies that the running job began with."""
        return json.loads(self._prover.run("state_came_from"))

    def source_topic(self) -> dict[str, int]:
        """`partitions` and `retention_milliseconds` as the broker has them."""
        return json.loads(self._prover.run("describe_topic"))

    def await_job(self, name: str) -> None:
        """Returns once the operator says that the job `name` runs as it was last asked for.

        An error is no end: the operator tries again, as after a savepoint that it asked for while the job restarted
        because a broker did.

        Raises:
            WeirError: it is not up in time; with what the operator says of it.
        """

        def runs() -> bool:
            live = self.custom("flink.apache.org/v1beta1", "FlinkDeployment", name)
            status = live.get("status", {})
            done = status.get("reconciliationStatus", {})
            if done.get("state") not in {"DEPLOYED", "STABLE"} or status["jobStatus"].get("state") != "RUNNING":
                return False
            seen = json.loads(done["lastReconciledSpec"])["resource_metadata"]["metadata"]["generation"]
            return seen == live["metadata"]["generation"]

        try:
            wait_until(f"the job {name}", runs, JOB_SECONDS, 1)
        except TimeoutError as late:
            raise WeirError(f"{late}\n{self._told(name)}") from late

    def _told(self, name: str) -> str:
        """The operator's error, what pods of the job `name` crashed with, what both write, and what Kubernetes did."""
        jobs, operator = f"app={name},component=jobmanager", "app.kubernetes.io/component=operators"
        log = ("logs", "--tail=80", "--ignore-errors", f"--namespace={self.namespace}")
        questions = (
            ("get", f"flinkdeployment/{name}", f"--namespace={self.namespace}", "--output=jsonpath={.status.error}"),
            (*log, f"--selector={jobs}", "--previous"),
            (*log, f"--selector={jobs}"),
            (*log, f"--selector={operator}"),
            ("get", "pods,configmaps", f"--namespace={self.namespace}", "--show-labels"),
            ("get", "events", f"--namespace={self.namespace}", "--sort-by=.lastTimestamp"),
        )
        return "\n\n".join(self.kubernetes.kubectl(*question, check=False) for question in questions)

    def pods(self, selector: str) -> list[dict[str, Any]]:
        """The pods of `selector` that are not about to go."""
        path = f"/api/v1/namespaces/{self.namespace}/pods"
        found = self.kubernetes.api.get(path, labelSelector=selector)["items"]
        return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]

    def change(self, changes: Mapping[str, Any]) -> None:
        """Changes settings of the stack's file: `{"weir:kubernetes.labels": {...}}` sets one field below a group."""
        document = yaml.safe_load(self.project.stack_file.read_text(encoding="utf-8"))
        for path, value in changes.items():
            key, *rest = path.split(".")
            group = document["config"]
            for part in rest:
                group = group.setdefault(key, {})
                key = part
            group[key] = value
        self.project.stack_file.write_text(yaml.safe_dump(document), encoding="utf-8")

    def write_lock(self) -> None:
        """Writes the lock file of the stack's plan, as a person does before a pull request."""
        program = "from weir.cli import app; app()"
        subprocess.run(
            [sys.executable, "-c", program, "size", "--stack", self.project.stack, "--write"],
            cwd=self.project.folder / "infra",
            check=True,
            capture_output=True,
        )

    def kill_pod(self, selector: str) -> str:
        """Kills the first pod of `selector` without warning, and waits until another is ready in its place."""
        pods = self.pods(selector)
        victim = pods[0]["metadata"]
        self.kubernetes.kubectl(
            "delete", "pod", victim["name"], f"--namespace={self.namespace}", "--grace-period=0", "--force"
        )

        def replaced() -> bool:
            now = [pod for pod in self.pods(selector) if pod["metadata"]["uid"] != victim["uid"]]
            return len(now) == len(pods) and all(_is_ready(pod) for pod in now)

        wait_until(f"a pod of {selector} in the place of {victim['name']}", replaced, RECOVERY_SECONDS, 1)
        return victim["name"]

    def custom(self, api_version: str, kind: str, name: str) -> dict[str, Any]:
        """An object of the namespace as it is."""
        metadata = {"name": name, "namespace": self.namespace}
        live = self.kubernetes.api.read({"apiVersion": api_version, "kind": kind, "metadata": metadata})
        assert live is not None, f"{kind} {name} is not there"
        return live

    def password(self, secret: str) -> str:
        """What is in the Secret."""
        return base64.b64decode(self.custom("v1", "Secret", secret)["data"]["password"]).decode()

    def delete_secret(self, name: str) -> None:
        """Deletes it as a person does, past weir."""
        self.kubernetes.kubectl("delete", "secret", name, f"--namespace={self.namespace}")


def _is_ready(pod: Mapping[str, Any]) -> bool:
    conditions = pod.get("status", {}).get("conditions") or ()
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)
