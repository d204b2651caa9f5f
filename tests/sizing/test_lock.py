"""The lock file: what it says, when it is stale, and what it says then."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
import yaml
from tests.renderings import settings_of, write_lock
from tests.sizing.standing import environment_of, planned, stack_file_of
from typer.testing import CliRunner

from weir.cli.main import commands
from weir.config.errors import ConfigError, WeirError
from weir.config.repository import REPOSITORY
from weir.config.stack import load_stack
from weir.config.yaml_text import written
from weir.programs.rendering import render
from weir.sizing import plan_for
from weir.sizing.lock import LockFile, LockRefused, differences, lock_of, locked_plan, notes_of, text_of
from weir.sizing.lock_figures import flat, reasons_of, tree_of
from weir.sizing.what_if import what_if

pytestmark = pytest.mark.unit

LOCKS = sorted((REPOSITORY / "stacks" / "plans").glob("*.yaml"))
JANUARY, JUNE = datetime.date(2026, 1, 1), datetime.date(2026, 6, 1)
SMALL_DISK_GIB = 1400
"""So that growth takes more brokers."""


def stack_in(folder: Path, name: str = "prod", settings: dict[str, object] | None = None) -> Path:
    """A stack file of its own."""
    file = folder / f"Pulumi.{name}.yaml"
    file.write_text(written({"config": settings or settings_of(name)}), encoding="utf-8")
    return file


def test_every_protected_stack_has_a_lock() -> None:
    files = (REPOSITORY / "stacks").glob("Pulumi.*.yaml")
    protected = {LockFile.of(file).path for file in files if load_stack(file).availability.protect}
    assert protected
    assert protected <= set(LOCKS)


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_a_committed_lock_is_current(path: Path) -> None:
    file = LockFile(path.stem, path)
    lock = file.read()
    assert lock
    environment = environment_of(stack_file_of(path.stem))
    plan = plan_for(environment, lock.standing)
    assert list(differences(lock, environment, plan)) == []
    assert path.read_text(encoding="utf-8") == text_of(lock, plan, path.stem), file.remedy


@pytest.mark.parametrize("name", ["dev", "staging", "prod"])
def test_every_figure_has_its_reason_and_stands_beside_it(name: str) -> None:
    plan = planned(name)
    assert [figure for figure, reason in reasons_of(plan).items() if not reason] == []
    text = text_of(lock_of(environment_of(stack_file_of(name)), plan, None, JANUARY), plan, name)
    assert f"    brokers: {plan.kafka.brokers}  # " in text
    assert yaml.safe_load(text)["plan"] == tree_of(plan)


def test_a_lock_has_every_number_that_a_person_decides_by() -> None:
    figures = flat(tree_of(planned("prod")))
    expected = {
        "kafka.brokers": 3,
        "kafka.topics.flights.events.partitions": 16,
        "cassandra.nodes_per_rack": 6,
        "cassandra.racks": ["eu-west-1a", "eu-west-1b", "eu-west-1c"],
        "flink.flights.task_managers": 4,
        "trino.workers": 4,
    }
    assert {name: figures[name] for name in expected} == expected


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    file = LockFile.of(stack_in(tmp_path))
    assert file.path == tmp_path / "plans" / "prod.yaml"
    assert file.read() is None
    plan = planned("prod")
    lock = lock_of(environment_of(stack_file_of("prod")), plan, None, JANUARY)
    file.write(lock, plan)
    assert file.read() == lock


def test_a_protected_stack_without_a_lock_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LockRefused, match="missing, but the stack is protected") as refused:
        render(stack_in(tmp_path))
    assert "weir size --stack prod --write" in str(refused.value)


def test_an_unprotected_stack_may_go_without(tmp_path: Path) -> None:
    assert render(stack_in(tmp_path, "dev")).resources


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_a_stale_lock_is_refused_and_names_what_differs(name: str, tmp_path: Path) -> None:
    write_lock(stack_in(tmp_path, name))
    settings = settings_of(name)
    settings["weir:workload"]["pipelines"]["flights"]["peak_events_per_second"] = 60_000
    settings["weir:resources"]["largest_pod"]["cpu_cores"] = 16.5
    with pytest.raises(LockRefused, match="is stale") as refused:
        render(stack_in(tmp_path, name, settings))
    assert "pipelines.flights.workload.peak_events_per_second: " in str(refused.value)
    assert "-> 60000" in str(refused.value)
    assert "resources.largest_pod.cpu_cores: " in str(refused.value)
    assert "plan.kafka.broker.cpu_cores: " in str(refused.value)


def test_a_lock_that_was_written_anew_is_applied(tmp_path: Path) -> None:
    settings = settings_of("prod")
    settings["weir:resources"]["largest_pod"]["disk_gib"] = SMALL_DISK_GIB
    write_lock(stack_in(tmp_path, settings=settings))
    settings["weir:workload"]["pipelines"]["flights"]["peak_events_per_second"] = 26_000
    file = stack_in(tmp_path, settings=settings)
    write_lock(file)
    pools = [entry.inputs for entry in render(file).manifests if entry.inputs["kind"] == "KafkaNodePool"]
    (brokers,) = [pool["spec"] for pool in pools if "broker" in pool["spec"]["roles"]]
    limit = f"resources.largest_pod.disk_gib={SMALL_DISK_GIB}"
    standing = planned("prod", limit).kafka.broker.disk_gib
    assert brokers["storage"]["volumes"][0]["size"] == f"{standing}Gi"
    assert brokers["replicas"] == planned("prod", limit, "peak_events_per_second=26000").kafka.brokers == 6


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("peak_events_per_second=60000", "pipelines.flights.workload.peak_events_per_second"),
        ("rows_ttl_days=30", "pipelines.flights.ttl_days.flights_enriched"),
        ("source_retention_hours=24", "pipelines.flights.source_retention_hours"),
        ("retention.gc_grace_hours=100", "retention.gc_grace_hours"),
        ("workload.dashboard_users=99", "workload.dashboard_users"),
        ("workload.recovery.backlog_minutes=59", "workload.recovery.backlog_minutes"),
        ("availability.zones=[eu-west-1a, eu-west-1b, eu-west-1c, d]", "availability.zones"),
        ("resources.max_kafka_brokers=29", "resources.max_kafka_brokers"),
        ("flink.task_slots=3", "flink.task_slots"),
        ("kafka.quota_headroom_percent=90", "kafka.quota_headroom_percent"),
        ("cassandra.tokens_per_node=8", "cassandra.tokens_per_node"),
    ],
)
def test_a_difference_is_named_by_its_setting(change: str, expected: str) -> None:
    environment = environment_of(stack_file_of("prod"))
    lock = lock_of(environment, planned("prod"), None, JANUARY)
    changed = environment_of(what_if(stack_file_of("prod"), [change]))
    named = [line.split(":")[0] for line in differences(lock, changed, planned("prod"))]
    assert named == [expected]


@pytest.mark.parametrize("change", ["images.registry_prefix=elsewhere.example/weir", "availability.protect=false"])
def test_what_sizing_does_not_ask_for_makes_no_lock_stale(change: str) -> None:
    lock = lock_of(environment_of(stack_file_of("prod")), planned("prod"), None, JANUARY)
    changed = environment_of(what_if(stack_file_of("prod"), [change]))
    assert list(differences(lock, changed, plan_for(changed, lock.standing))) == []


@pytest.mark.parametrize(
    ("old", "new", "error", "words"),
    [
        ("    brokers: 3 ", "    brokers: 2 ", LockRefused, "edited by hand or merged line by line"),
        ("version: 1", "version: 2", ConfigError, "version"),
        ("asked:", "wanted:", ConfigError, "wanted: unknown field"),
        ("    brokers: 3 ", "    broken: 3 ", ConfigError, "kafka.brokers: missing"),
        ("    brokers: 3 ", "    brokers: many ", ConfigError, "kafka.brokers: not a whole number"),
    ],
)
def test_a_damaged_lock_says_what_is_wrong(
    old: str, new: str, error: type[WeirError], words: str, tmp_path: Path
) -> None:
    file = LockFile.of(stack_in(tmp_path))
    write_lock(tmp_path / "Pulumi.prod.yaml")
    text = file.path.read_text(encoding="utf-8")
    assert old in text
    file.path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(error, match=words):
        file.read()


def test_the_lock_knows_since_when_older_rows_may_be_there() -> None:
    stack = what_if(stack_file_of("prod"), ["rows_ttl_days=30"])
    first = lock_of(environment_of(stack_file_of("prod")), planned("prod"), None, JANUARY)
    plan = plan_for(environment_of(stack), first.standing)
    second = lock_of(environment_of(stack), plan, first, JUNE)
    again = lock_of(environment_of(stack), plan_for(environment_of(stack), second.standing), second, JANUARY)
    assert (first.held_since, second.held_since, again.held_since) == (None, JUNE, JUNE)
    (note,) = notes_of(LockFile.of(Path("Pulumi.prod.yaml")), second, environment_of(stack), plan)
    assert f"{first.standing.cassandra.data_gib:,} GiB of rows from before 2026-06-01" in note
    assert str(JUNE + datetime.timedelta(days=90 + 10)) in note


def test_a_lock_of_another_environment_is_stale(tmp_path: Path) -> None:
    environment = environment_of(stack_file_of("prod"))
    plan = planned("prod")
    file = LockFile("prod", tmp_path / "prod.yaml")
    file.write(lock_of(environment, plan, None, JANUARY).model_copy(update={"environment": "other"}), plan)
    with pytest.raises(LockRefused, match="environment: other -> prod"):
        locked_plan(environment, file)


def ran(*arguments: str) -> str:
    """What `weir size` prints."""
    return CliRunner().invoke(commands, ["size", *arguments], catch_exceptions=False).output


def test_size_writes_the_lock_and_says_what_changed(tmp_path: Path) -> None:
    file = stack_in(tmp_path)
    assert "is missing" in ran("--stack", str(file))
    assert "written, a new plan" in ran("--stack", str(file), "--write")
    settings = settings_of("prod")
    settings["weir:workload"]["pipelines"]["flights"]["peak_events_per_second"] = 26_000
    stack_in(tmp_path, settings=settings)
    assert "is stale" in ran("--stack", str(file))
    assert "plan.kafka.broker.disk_gib: 1340 -> 1510" in ran("--stack", str(file), "--write")
    assert "stale" not in ran("--stack", str(file))


def test_what_if_compares_with_the_lock(tmp_path: Path) -> None:
    settings = settings_of("prod")
    settings["weir:resources"]["kafka"] = {"brokers": 9}
    file = stack_in(tmp_path, settings=settings)
    write_lock(file)
    stack_in(tmp_path)
    shown = ran("--stack", str(file), "--what-if", "event_bytes=1").splitlines()
    line = next(line for line in shown if "brokers" in line)
    assert [part.strip() for part in line.split("│")[2:4]] == ["9", "9"]


def test_size_reports_a_stale_decision(tmp_path: Path) -> None:
    settings = settings_of("prod")
    settings["weir:decisions"] = {"fewer_nodes": {"kafka": 3}}
    file = stack_in(tmp_path, settings=settings)
    assert "decisions.fewer_nodes.kafka: 3 changes nothing" in ran("--stack", str(file), "--write")


def test_a_change_is_asked_about_or_written_not_both() -> None:
    assert "writes what the files say" in ran("--stack", "prod", "--write", "--what-if", "event_bytes=1")
