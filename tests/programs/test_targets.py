"""One plan, two targets: what is submitted on one machine is what is deployed to a cluster."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from tests.renderings import REPOSITORY, manifest, rendered, rendered_with

from weir.catalog.environment import load_environment
from weir.catalog.flink import PYTHON_DRIVER
from weir.config.stack import load_stack
from weir.local import jobs
from weir.local.service import Context, Paths
from weir.toolchain.installed import Toolchain

pytestmark = pytest.mark.unit

# What a target may add: its memory, parallelism, addresses and paths, and what its operator does.
OF_A_TARGET = (
    *("parallelism.default", "execution.checkpointing.dir", "execution.checkpointing.savepoint-dir", "io.tmp.dirs"),
    *("taskmanager.", "jobmanager.", "kubernetes.operator.", "job.autoscaler.", "high-availability.", "metrics."),
    *("blob.server.port", "rest.", "web.", "env.java.opts.", "security.ssl.", "s3."),
)
ADDRESSES = ("--kafka-bootstrap-servers", "--registry-url", "--cassandra-contact-point", "--cassandra-datacenter")
PATHS = ("-pyclientexec", "-pyfs", "--pipeline")
SECURITY = ("--kafka-property", "--cassandra-option", "--registry-option")
# The two stacks differ in retention, which is no difference of targets.
SAME_RETENTION = {"weir:retention.pipelines": {}}


@pytest.fixture
def submission(tmp_path: Path) -> list[str]:
    """The whole command that submits flights on one machine."""
    home = tmp_path / "flink"
    for name in ("lib/flink-dist.jar", "opt/flink-python-2.2.1.jar"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).touch()
    stack = load_stack(REPOSITORY / "stacks" / "Pulumi.local.yaml")
    tools = Toolchain(
        tmp_path, Path("/jdk17"), Path("/jdk25"), {"flink": "2.2.1"}, {"flink": home, "flink-env": tmp_path / "env"}
    )
    ctx = Context(REPOSITORY, Paths(tmp_path / "weir"), stack.embedded.ports, stack, tools)
    (pipeline,) = load_environment(REPOSITORY / "pipelines", stack).pipelines
    return jobs.command(ctx, pipeline, tmp_path / "job.zip", None)


def of_a_target(key: str) -> bool:
    return any(key == name or (name.endswith(".") and key.startswith(name)) for name in OF_A_TARGET)


def test_the_settings_of_a_job_are_the_same_on_both_targets(submission: list[str]):
    job = manifest(rendered_with("dev", SAME_RETENTION), "FlinkDeployment", "flights")["spec"]
    deployed = {key: value for key, value in job["flinkConfiguration"].items() if not of_a_target(key)}
    client = submission[submission.index(jobs.CLI_MAIN) :]
    options = [part.removeprefix("-D").partition("=") for part in client if part.startswith("-D")]
    submitted = {key: value for key, _, value in options if not of_a_target(key)}
    assert submitted == deployed
    assert len(deployed) > 15


def arguments_of(command: list[str]) -> list[tuple[str, str]]:
    """The job's arguments as name and value; what may differ between targets has no value here."""
    pairs = list(pairwise(command))[::2]
    masked = ((name, "" if name in ADDRESSES + PATHS else value) for name, value in pairs)
    return [pair for pair in masked if pair[0] not in SECURITY]


def test_the_arguments_of_a_job_are_the_same_on_both_targets(submission: list[str]):
    job = manifest(rendered_with("dev", SAME_RETENTION), "FlinkDeployment", "flights")["spec"]["job"]
    driver = next(index for index, part in enumerate(submission) if part.endswith("flink-python-2.2.1.jar"))
    assert arguments_of(job["args"]) == arguments_of(submission[driver + 1 :])
    assert job["jarURI"].endswith("flink-python-2.2.1.jar")
    assert job["entryClass"] == PYTHON_DRIVER == submission[submission.index("--class") + 1]


def test_only_a_cluster_needs_credentials(submission: list[str]):
    job = manifest(rendered_with("dev", SAME_RETENTION), "FlinkDeployment", "flights")["spec"]["job"]
    assert {name for name in job["args"] if name in SECURITY} == {"--kafka-property", "--cassandra-option"}
    assert not set(submission) & set(SECURITY)


@pytest.mark.parametrize(("stack", "version", "mode"), [("dev", "v2_2", "native"), ("cluster", "v1_18", "standalone")])
def test_the_plain_operator_gets_its_own_name_of_flinks_version(stack: str, version: str, mode: str) -> None:
    spec = manifest(rendered(stack), "FlinkDeployment", "flights")["spec"]
    assert (spec["flinkVersion"], spec["mode"]) == (version, mode)
