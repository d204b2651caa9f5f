"""Records as the world sends them, on both engines: each becomes a right row or a dead letter, and nothing stops."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.admin._resource import ResourceType
from tests.pipeline.fuzz.run import fuzzed
from tests.pipeline.records import conflicts, joins, limits, looping, names, numbers, old, plain, sizes, words
from tests.pipeline.records.run import Run, run_of
from tests.platforms import PIPELINE_SERVICES

from weir.catalog.engine_names import seen_topic
from weir.catalog.spec import Engine
from weir.clients.kafka_admin import Access
from weir.local import jobs
from weir.local.service import Context

pytestmark = [pytest.mark.pipeline, pytest.mark.timeout(900)]

CASES = [
    *conflicts.CASES,
    *joins.CASES,
    *limits.CASES,
    *names.CASES,
    *numbers.CASES,
    *old.CASES,
    *plain.CASES,
    *sizes.CASES,
    *words.CASES,
]
RANDOM_RECORDS, RANDOM_SEED = 2_000, 15
STOP_TIMEOUT_SECONDS = 120


@pytest.fixture(scope="module")
def run(platform_of: Callable[..., Context], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    context = platform_of(*PIPELINE_SERVICES)
    with run_of(context, tmp_path_factory.mktemp("pipelines"), CASES) as made:
        yield made
    jobs.stop_all(context, STOP_TIMEOUT_SECONDS)


@pytest.mark.parametrize("engine", list(Engine))
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_becomes_of(case, engine: Engine, run: Run) -> None:
    case.check(run.outcomes[case.name, engine])


def test_random_records_become_what_the_proof_says(
    run: Run, platform_of: Callable[..., Context], tmp_path: Path
) -> None:
    assert run.outcomes
    with fuzzed(platform_of(*PIPELINE_SERVICES), tmp_path, RANDOM_SEED, RANDOM_RECORDS) as (sent, outcomes):
        found = [f"{outcome.engine}: {fault}" for outcome in outcomes for fault in outcome.faults(sent)]
    assert found == [], f"python -m tests.pipeline.fuzz {RANDOM_RECORDS} {RANDOM_SEED}"


@pytest.mark.parametrize("engine", list(Engine))
def test_nothing_expires_because_its_record_says_that_it_is_old(engine: Engine, run: Run) -> None:
    old.wait_until_the_broker_deletes(run.pair.ctx)
    found = old.first_offsets(run.pair.ctx, run.pair.on(engine))
    assert found == dict.fromkeys(found, 0)
    assert run.pair.flink.source_topic.name in found


def test_a_topic_of_an_earlier_application_has_the_plans_settings(run: Run) -> None:
    client = Access(run.pair.ctx.endpoints.kafka_bootstrap_servers).client()
    topic = ConfigResource(ResourceType.TOPIC, seen_topic(run.pair.streams))
    settings = client.describe_configs([topic])[topic].result(30)
    assert settings["message.timestamp.type"].value == "LogAppendTime"
    assert settings["max.message.bytes"].value == str(run.pair.streams.written_bytes)


# The last two, for they break what runs, and mend it.
def test_a_job_whose_table_is_gone_is_told_until_the_table_is_back(run: Run, tmp_path: Path) -> None:
    with looping.watched(run.pair, tmp_path) as ground:
        looping.table_is_gone_and_comes_back(ground, ground.flink, "no-table")


def test_endlessly_replaced_threads_are_reported_until_the_row_is_taken(run: Run, tmp_path: Path) -> None:
    with looping.watched(run.pair, tmp_path) as ground:
        looping.row_does_not_fit_and_then_does(ground)
