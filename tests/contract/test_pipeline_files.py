"""Two thousand pipeline files with mistakes: each is refused in clear lines, or works everywhere.

All of them are loaded, sized and rendered; a sample of what is accepted is made, registered, planned and loaded by the
real services.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from tests.catalog.every_type import every_type
from tests.catalog.pipeline_mutations import Candidate, candidates
from tests.catalog.pipeline_renderings import faults_of, schemas_of

from weir.catalog.pipeline import Pipeline, load_pipeline
from weir.catalog.spec import Engine
from weir.catalog.streams import streams_plan
from weir.catalog.tables import Table
from weir.catalog.topics import Topic
from weir.clients.cassandra import Access, admin_session
from weir.clients.registry import register_schema
from weir.config.repository import REPOSITORY
from weir.incluster.database.describe import existing_schema
from weir.local.provision import create_tables
from weir.local.service import Context
from weir.toolchain.installed import Toolchain

pytestmark = [pytest.mark.contract, pytest.mark.alone, pytest.mark.timeout(600)]

CANDIDATES = 2_000
SAMPLE = 30
HERE = Path(__file__).parent


@dataclass
class Survey:
    """What became of the candidates: faults by number, and the folders of a sample of those accepted."""

    faults: dict[int, str] = field(default_factory=dict)
    accepted: list[Candidate] = field(default_factory=list)
    folders: Path = Path()

    @property
    def sample(self) -> dict[str, Pipeline]:
        """By number."""
        return {number.name: load_pipeline(next(number.iterdir())) for number in sorted(self.folders.iterdir())}


@pytest.fixture(scope="module")
def survey(tmp_path_factory: pytest.TempPathFactory) -> Survey:
    root = tmp_path_factory.mktemp("candidates")
    found = Survey(folders=tmp_path_factory.mktemp("sample"))
    for candidate in candidates(CANDIDATES):
        home = root / str(candidate.number)
        accepted, fault = faults_of(candidate.write(home))
        if fault:
            found.faults[candidate.number] = f"{'; '.join(candidate.changes)}: {fault}"
        elif accepted:
            found.accepted.append(candidate)
        shutil.rmtree(home)
    for candidate in _sample(found.accepted):
        candidate.write(found.folders / f"{candidate.number:04}")
    accepted, fault = faults_of(every_type().write(found.folders / "every"))
    assert (accepted, fault) == (True, "")
    return found


def _sample(accepted: list[Candidate]) -> list[Candidate]:
    """Those whose names or types are odd first: what is merely another number says little."""
    telling = ("renamed", "type_changed", "added", "key_changed", "reference_typed")
    chosen = [each for each in accepted if any(word in change for change in each.changes for word in telling)]
    return random.Random(0).sample(chosen, SAMPLE)


@pytest.fixture(scope="module")
def ctx(platform_of: Callable[..., Context]) -> Context:
    return platform_of("kafka", "cassandra", "registry", "flink")


def test_each_is_refused_in_clear_lines_or_everything_of_it_is_made(survey: Survey) -> None:
    assert survey.faults == {}
    assert len(survey.accepted) > CANDIDATES // 10


def test_the_real_cassandra_has_the_tables_of_the_sample(ctx: Context, survey: Survey) -> None:
    found_in = {
        _likeness(table): (table, number) for number, pipeline in survey.sample.items() for table in pipeline.tables
    }
    tables = [_apart(*each) for each in found_in.values()]
    create_tables(ctx.endpoints, tables)
    access = Access.of(ctx.endpoints)
    with admin_session(access) as session:
        existing = existing_schema(session).tables
    for table in tables:
        found = existing[table.qualified_name]
        assert found.columns == {name: kind.value for name, kind in table.columns.items()}
        assert (found.partition_key, found.clustering_key) == (table.partition_key, table.clustering_key)


def _likeness(table: Table) -> str:
    """The same of tables that differ in no more than their keyspace: Cassandra takes a third second to make one."""
    usual = table.keyspace in {"flights", "orders"}
    return repr(replace(table, keyspace="") if usual else table)


def _apart(table: Table, number: str) -> Table:
    """In a keyspace of its own, but where the keyspace's own name is what is odd."""
    usual = table.keyspace in {"flights", "orders"}
    return replace(table, keyspace=f"files_{number}") if usual else table


def test_the_real_kafka_and_registry_take_the_samples_topics_and_schemas(ctx: Context, survey: Survey) -> None:
    client = AdminClient({"bootstrap.servers": ctx.endpoints.kafka_bootstrap_servers, "log_level": 0})
    topics = {topic for each in survey.sample.values() for topic in map(_new, each.on(Engine.KAFKA_STREAMS).topics)}
    new = [
        NewTopic(f"files-{number}.{name}", partitions, 1, config=dict(config))
        for number, (name, partitions, config) in enumerate(sorted(topics))
    ]
    for created in client.create_topics(new, validate_only=True).values():
        created.result(30)
    schemas = {schema for pipeline in survey.sample.values() for schema in schemas_of(pipeline)}
    for number, schema in enumerate(sorted(schemas)):
        assert register_schema(ctx.endpoints.registry_url, f"files-{number}", schema)


def _new(topic: Topic) -> tuple[str, int, tuple[tuple[str, str], ...]]:
    return topic.name, topic.partitions, tuple(sorted(topic.config.items()))


def test_the_real_flink_plans_the_jobs_of_the_sample(ctx: Context, survey: Survey) -> None:
    python = ctx.toolchain.home("flink-env") / "bin" / "python"
    environment = {
        **os.environ,
        "JAVA_HOME": str(ctx.toolchain.java17),
        "FLINK_HOME": str(ctx.toolchain.home("flink")),
        "PYTHONPATH": os.pathsep.join(str(REPOSITORY / part) for part in ("infra", "flink-jobs/dedup_join")),
    }
    command = [str(python), str(HERE / "plans_on_flink.py"), str(survey.folders)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    _check_told(done, survey)


def test_the_real_engine_of_kafka_streams_loads_the_plans_of_the_sample(
    survey: Survey, ctx: Context, tmp_path: Path, toolchain_for: Callable[..., Toolchain]
) -> None:
    tools = toolchain_for("streams")
    plans, classes = tmp_path / "plans", tmp_path / "classes"
    plans.mkdir()
    for number, pipeline in survey.sample.items():
        text = streams_plan(ctx.stack.streams, ctx.endpoints, pipeline.on(Engine.KAFKA_STREAMS))
        (plans / number).write_text(text, encoding="utf-8")
    path = os.pathsep.join([str(classes), *(tools.classpath(tool) for tool in ("kafka-streams", "streams-app"))])
    java = tools.java17 / "bin"
    compiler = [str(java / "javac"), "-cp", path, "-d", str(classes), str(HERE / "PlanCheck.java")]
    subprocess.run(compiler, check=True, capture_output=True)
    command = [str(java / "java"), "-cp", path, "io.weir.streams.PlanCheck", str(plans)]
    _check_told(subprocess.run(command, capture_output=True, text=True, check=False), survey)


def _check_told(done: subprocess.CompletedProcess[str], survey: Survey) -> None:
    assert done.returncode == 0, done.stderr[-2000:]
    told = [line for line in done.stdout.splitlines() if line.startswith(("OK ", "FAULT "))]
    assert [line for line in told if line.startswith("FAULT")] == []
    assert len(told) == len(list(survey.folders.iterdir()))
