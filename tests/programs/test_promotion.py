"""`weir promote`: from the environment before, by digest, when it ran there for long enough and somebody approved."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import pytest
from tests.renderings import REPOSITORY
from typer.testing import CliRunner

from weir.cli.promote import commands
from weir.config.errors import ConfigError, WeirError
from weir.config.images import ImageName
from weir.config.stack import load_stack
from weir.config.stack_edit import with_digests
from weir.programs.promotion import built, promoted

pytestmark = pytest.mark.unit

OLD, NEW = "sha256:" + "1" * 64, "sha256:" + "2" * 64


@pytest.fixture
def stacks(tmp_path: Path) -> Path:
    """A repository with the stack files alone."""
    folder = tmp_path / "stacks"
    folder.mkdir()
    for name in ("dev", "staging", "prod"):
        shutil.copy(REPOSITORY / "stacks" / f"Pulumi.{name}.yaml", folder)
    subprocess.run(["git", "-C", folder, "init", "-q"], check=True)
    return folder


def write(folder: Path, stack: str, digest: str) -> None:
    """As if an earlier promotion had written it."""
    file = folder / f"Pulumi.{stack}.yaml"
    file.write_text(with_digests(file.read_text(), dict.fromkeys(("flink-job", "trino"), digest)))


def commit(folder: Path, hours_ago: float) -> None:
    when = f"{round(time.time() - hours_ago * 3600)} +0000"
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", "-C", folder, "add", "-A"], check=True)
    subprocess.run(["git", "-C", folder, *identity, "commit", "-qm", "x"], check=True, env={"GIT_COMMITTER_DATE": when})


def test_the_first_environment_gets_what_ci_built(stacks: Path) -> None:
    promotion = built(stacks / "Pulumi.dev.yaml", {ImageName.FLINK_JOB: NEW})
    (stacks / "Pulumi.dev.yaml").write_text(promotion.text)
    assert load_stack(stacks / "Pulumi.dev.yaml").images.digests == {ImageName.FLINK_JOB: NEW}
    with pytest.raises(WeirError, match="prod only takes images that have run in staging"):
        built(stacks / "Pulumi.prod.yaml", {ImageName.FLINK_JOB: NEW})


def test_what_ran_for_long_enough_is_promoted_as_it_is(stacks: Path) -> None:
    write(stacks, "staging", NEW)
    write(stacks, "prod", OLD)
    commit(stacks, hours_ago=25)
    promotion = promoted(stacks / "Pulumi.prod.yaml", time.time(), "Ada")
    assert promotion.changed == {ImageName.FLINK_JOB: (OLD, NEW), ImageName.TRINO: (OLD, NEW)}
    assert "digests: # from staging, approved by Ada\n" in promotion.text


def test_what_runs_too_short_waits(stacks: Path) -> None:
    write(stacks, "staging", OLD)
    commit(stacks, hours_ago=100)
    write(stacks, "staging", NEW)
    with pytest.raises(WeirError, match=r"not in any commit of Pulumi\.staging\.yaml"):
        promoted(stacks / "Pulumi.prod.yaml", time.time(), "Ada")
    commit(stacks, hours_ago=20)
    with pytest.raises(
        WeirError, match=r"has run in staging for only 20\.0 h, and promotions\.soak_hours is 24; promote it in 4\.0 h"
    ):
        promoted(stacks / "Pulumi.prod.yaml", time.time(), "Ada")


def test_production_needs_a_person_and_something_to_promote(stacks: Path) -> None:
    with pytest.raises(WeirError, match="--approved-by"):
        promoted(stacks / "Pulumi.prod.yaml", time.time())
    with pytest.raises(ConfigError, match=r"images\.digests: empty"):
        promoted(stacks / "Pulumi.prod.yaml", time.time(), "Ada")
    with pytest.raises(WeirError, match=r"promotions\.from_environment: not set for dev"):
        promoted(stacks / "Pulumi.dev.yaml", time.time(), "Ada")


def test_the_command_writes_once_and_then_says_that_nothing_changes(stacks: Path) -> None:
    file = str(stacks / "Pulumi.dev.yaml")
    command = [file, "--digest", f"flink-job={NEW}"]
    runner = CliRunner()
    before = Path(file).read_text()
    assert runner.invoke(commands, [*command, "--dry-run"]).exit_code == 0
    assert Path(file).read_text() == before
    first, second = runner.invoke(commands, command), runner.invoke(commands, command)
    assert f"flink-job: by tag -> {NEW}" in first.output
    assert "already runs the images of ci" in second.output


def test_an_image_that_runs_here_alone_keeps_its_digest(stacks: Path) -> None:
    write(stacks, "staging", NEW)
    file = stacks / "Pulumi.prod.yaml"
    file.write_text(with_digests(file.read_text(), {"kafka-tiered-storage": OLD, "trino": OLD}))
    commit(stacks, hours_ago=25)
    assert promoted(file, time.time(), "Ada").after == {
        ImageName.FLINK_JOB: NEW,
        ImageName.KAFKA_TIERED_STORAGE: OLD,
        ImageName.TRINO: NEW,
    }
