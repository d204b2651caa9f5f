"""`weir sample` and `weir new pipeline` against real services: right, and nothing is written."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from confluent_kafka.admin import AdminClient
from tests.pipeline import orders, shop
from tests.pipeline.own_name import named

from weir.catalog.dataset import load_dataset
from weir.catalog.pipeline import Pipeline, load_pipeline
from weir.clients.cassandra import session_of
from weir.clients.kafka import TopicReader
from weir.clients.registry import versions_of
from weir.config.embedded import ReplayConfig
from weir.config.errors import WeirError
from weir.local import provision
from weir.local.service import Context
from weir.sampling.folder import write_folder
from weir.sampling.outcomes import Outcome
from weir.sampling.proposal import propose
from weir.sampling.sample import sample
from weir.sampling.topics import see_topic
from weir.verify.replay import replay
from weir.verify.seeding import load_references

pytestmark = [pytest.mark.pipeline, pytest.mark.timeout(300)]

EVENTS, POISON = 200, 16
REPLAY = ReplayConfig(events_per_second=0, duplicate_ratio=0.1, out_of_order_ratio=0, poison_events=POISON, seed=29)
MORE_THAN_ALL = 1_000


def of_own(folder: Path, name: str) -> Pipeline:
    """The pipeline in `folder` with another name, topic and keyspace."""
    own = folder.with_name(name)
    shutil.move(folder, own)
    file = own / "pipeline.yaml"
    document = named(name, yaml.safe_load(file.read_text(encoding="utf-8")))
    file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return load_pipeline(own)


def send(ctx: Context, pipeline: Pipeline) -> None:
    # No job runs, so no row ever becomes readable.
    without_rows = ctx.endpoints.model_copy(update={"cassandra_contact_points": ()})
    replay(without_rows, pipeline, load_dataset(pipeline.folder), REPLAY, pipeline.folder / "sent", limit=EVENTS)


@pytest.fixture(scope="module")
def platform(platform_of: Callable[..., Context]) -> Context:
    return platform_of("kafka", "cassandra", "registry")


@pytest.fixture(scope="module")
def in_json(platform: Context, tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """Orders in JSON, of which the topic has a replay, and no job."""
    folder = tmp_path_factory.mktemp("json") / "orders"
    shutil.copytree(shop.FOLDER, folder)
    pipeline = of_own(folder, "sampled_json")
    with pytest.raises(WeirError, match=r"the topic sampled-json\.events cannot be read .*[Uu]nknown topic"):
        sample(platform.endpoints, pipeline, 1)
    provision.provision(platform.endpoints, [pipeline])
    with pytest.raises(WeirError, match=r"the topic sampled-json\.events is empty"):
        sample(platform.endpoints, pipeline, 1)
    load_references(platform.endpoints, pipeline, load_dataset(pipeline.folder))
    send(platform, pipeline)
    return pipeline


@pytest.fixture(scope="module")
def in_avro(platform: Context, tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """Orders in Avro with a composite key and two references, of which the topic has a replay, and no job."""
    pipeline = of_own(orders.write_orders_pipeline(tmp_path_factory.mktemp("avro"), orders=EVENTS), "sampled_avro")
    provision.provision(platform.endpoints, [pipeline])
    load_references(platform.endpoints, pipeline, load_dataset(pipeline.folder))
    send(platform, pipeline)
    return pipeline


def state_of(ctx: Context, *pipelines: Pipeline) -> dict[str, Any]:
    """Topics, ends of the pipelines' topics, consumer groups, tables with their numbers of rows, subjects."""
    admin = AdminClient({"bootstrap.servers": ctx.endpoints.kafka_bootstrap_servers})
    groups = {group.group_id for group in admin.list_consumer_groups().result(30).valid}
    topics = {name: len(topic.partitions) for name, topic in admin.list_topics(timeout=30).topics.items()}
    ends = {}
    for name in [topic.name for pipeline in pipelines for topic in pipeline.topics]:
        with TopicReader(ctx.endpoints, name) as reader:
            ends[name] = reader.offsets()
    with session_of(ctx.endpoints) as session:
        listed = session.execute("SELECT keyspace_name, table_name, id FROM system_schema.tables")
        tables = {(row[0], row[1]): row[2] for row in listed}
        rows = {
            table.cql_name: session.execute(f"SELECT count(*) FROM {table.cql_name}").one()[0]
            for pipeline in pipelines
            for table in pipeline.tables
        }
    subjects = {pipeline.subject: versions_of(ctx.endpoints.registry_url, pipeline.subject) for pipeline in pipelines}
    return {"topics": topics, "ends": ends, "groups": groups, "tables": tables, "rows": rows, "subjects": subjects}


@pytest.mark.parametrize("source", ["in_json", "in_avro"])
def test_a_sample_of_all_records_has_each_as_it_was_sent(
    source: str, platform: Context, request: pytest.FixtureRequest
) -> None:
    pipeline = request.getfixturevalue(source)
    before = state_of(platform, pipeline)
    found = sample(platform.endpoints, pipeline, MORE_THAN_ALL)
    assert state_of(platform, pipeline) == before
    assert found.counts == {Outcome.ROW: EVENTS, Outcome.DUPLICATE: EVENTS // 10, Outcome.DEAD_LETTER: POISON}
    references = platform_references(platform, pipeline)
    for join, misses in zip(pipeline.spec.joins, found.misses, strict=True):
        key = pipeline.reference_tables[join.reference].primary_key
        there = {tuple(row[name] for name in key) for row in references[join.reference]}
        wanted = Counter(tuple(row[join.match[name]] for name in key) in there for row in found.rows)
        assert misses == wanted[False] > 0, join.reference


def platform_references(ctx: Context, pipeline: Pipeline) -> dict[str, list[dict[str, Any]]]:
    with session_of(ctx.endpoints) as session:
        return {
            name: [
                dict(zip(table.columns, row, strict=True))
                for row in session.execute(f"SELECT {', '.join(table.columns)} FROM {table.cql_name}")
            ]
            for name, table in pipeline.reference_tables.items()
        }


def test_the_last_records_are_those_sent_last(platform: Context, in_json: Pipeline) -> None:
    whole = sample(platform.endpoints, in_json, MORE_THAN_ALL)
    some = sample(platform.endpoints, in_json, 7)
    assert [each.record for each in some.judged] == [each.record for each in whole.judged[-7:]]


def test_a_correction_in_cassandra_is_in_the_next_sample(platform: Context, in_json: Pipeline) -> None:
    before = sample(platform.endpoints, in_json, MORE_THAN_ALL)
    row = next(row for row in before.rows if row["customer_name"] is not None)
    table = in_json.reference_tables["customers"].cql_name
    with session_of(platform.endpoints) as session:
        session.execute(f"UPDATE {table} SET name = 'corrected' WHERE customer_id = %s", [row["customer_id"]])
    after = sample(platform.endpoints, in_json, MORE_THAN_ALL)
    mended = {found["order_id"]: found["customer_name"] for found in after.rows}
    assert mended[row["order_id"]] == "corrected"


@pytest.mark.parametrize("source", ["in_json", "in_avro"])
def test_a_pipeline_is_proposed_from_its_topic(
    source: str, platform: Context, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    pipeline = request.getfixturevalue(source)
    before = state_of(platform, pipeline)
    proposal = propose(see_topic(platform.endpoints, pipeline.source_topic.name, MORE_THAN_ALL))
    folder = write_folder(tmp_path, f"{pipeline.name}_again", proposal, with_events=False)
    assert state_of(platform, pipeline) == before
    spec = load_pipeline(folder).spec
    known = pipeline.spec
    assert (spec.source.format, spec.source.topic) == (known.source.format, known.source.topic)
    assert (spec.source.partitions, spec.source.retention_hours) == (
        known.source.partitions,
        known.source.retention_hours,
    )
    assert spec.event_time == "placed_at"
    assert set(spec.deduplication.key) == set(known.deduplication.key)
    assert proposal.seen.unreadable == POISON
