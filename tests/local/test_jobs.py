"""How a pipeline's job is submitted: the command, and the state it starts from."""

import os
from pathlib import Path

import pytest

from weir.catalog.flink import PYTHON_DRIVER, flink_configuration
from weir.catalog.pipeline import load_pipeline
from weir.config.repository import REPOSITORY
from weir.config.stack import load_stack
from weir.local import flink, jobs
from weir.local.service import Context, Paths
from weir.toolchain.installed import Toolchain

pytestmark = pytest.mark.unit

FLIGHTS = load_pipeline(REPOSITORY / "pipelines" / "flights")


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    home = tmp_path / "flink"
    for name in ("lib/flink-dist.jar", "lib/connector.jar", "opt/flink-python-2.2.1.jar"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).touch()
    stack = load_stack(REPOSITORY / "stacks" / "Pulumi.local.yaml")
    tools = Toolchain(
        cache=tmp_path,
        java17=Path("/jdk17"),
        java25=Path("/jdk25"),
        versions={"flink": "2.2.1"},
        homes={"flink": home, "flink-env": tmp_path / "env"},
    )
    return Context(REPOSITORY, Paths(tmp_path / "weir"), stack.embedded.ports, stack, tools)


def state(folder: Path, written_at: int, *, complete: bool = True) -> Path:
    """A savepoint or checkpoint; an incomplete one lacks the file that Flink writes last."""
    folder.mkdir(parents=True)
    (folder / "data").touch()
    if complete:
        (folder / "_metadata").touch()
        os.utime(folder / "_metadata", (written_at, written_at))
    return folder


def test_the_command_carries_the_whole_shared_configuration(ctx: Context):
    command = jobs.command(ctx, FLIGHTS, Path("/job.zip"), None)
    options = {part for part in command if part.startswith("-D") and "=" in part}
    assert {f"-D{key}={value}" for key, value in flink_configuration(ctx.stack.flink, FLIGHTS).items()} <= options


def test_options_of_flink_stand_before_the_driver_and_the_jobs_after_it(ctx: Context):
    command = jobs.command(ctx, FLIGHTS, Path("/job.zip"), Path("/state/savepoint-1"), ("--sinks", "blackhole"))
    driver = next(index for index, part in enumerate(command) if part.endswith("flink-python-2.2.1.jar"))
    before, after = command[:driver], command[driver + 1 :]
    assert before[before.index("--class") + 1] == PYTHON_DRIVER
    assert before[before.index("--fromSavepoint") + 1] == "file:///state/savepoint-1"
    assert after[:2] == ["-pyclientexec", str(ctx.toolchain.home("flink-env") / "bin" / "python")]
    assert after[-2:] == ["--sinks", "blackhole"]


def test_checkpoints_of_each_pipeline_have_a_folder_of_their_own(ctx: Context):
    command = jobs.command(ctx, FLIGHTS, Path("/job.zip"), None)
    folder = flink.checkpoint_folder(ctx) / "flights"
    assert f"-Dexecution.checkpointing.dir={folder.as_uri()}" in command


def test_a_job_starts_from_the_newest_complete_state(ctx: Context):
    checkpoints, savepoints = (folder(ctx) / "flights" for folder in (flink.checkpoint_folder, flink.savepoint_folder))
    state(checkpoints / "a1" / "chk-7", 100)
    newest = state(savepoints / "savepoint-a1", 200)
    state(checkpoints / "b2" / "chk-9", 300, complete=False)
    state(flink.checkpoint_folder(ctx) / "others" / "c3" / "chk-1", 400)
    assert jobs.newest_state(ctx, FLIGHTS) == newest


def test_a_pipeline_that_never_ran_has_no_state(ctx: Context):
    assert jobs.newest_state(ctx, FLIGHTS) is None
