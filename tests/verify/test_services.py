"""Replay and verification against the real broker, registry and database; the test plays the job."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import fastavro
import httpx
import pytest
from tests.pipeline.orders import write_orders_pipeline
from tests.verify.played_job import CONFIG, ORDERS, Bench, play_the_job, write_letters

from weir.catalog.dataset import load_dataset
from weir.catalog.pipeline import load_pipeline
from weir.catalog.tables import Table, create_keyspace_statement
from weir.catalog.types import ColumnType
from weir.clients.cassandra import session_of
from weir.clients.cassandra_rows import write_rows
from weir.clients.kafka import TopicReader
from weir.config.embedded import ReplayConfig
from weir.config.endpoints import Endpoints
from weir.config.errors import WeirError
from weir.local.provision import provision
from weir.local.service import Context
from weir.verify.dataset import listed
from weir.verify.manifest import ReplayState, load_manifests
from weir.verify.poison import Mold, fingerprint
from weir.verify.scan import actual_table, copy_table
from weir.verify.seeding import load_references, seed_references

if TYPE_CHECKING:
    from cassandra.cluster import Session

pytestmark = pytest.mark.contract


@pytest.fixture(scope="module")
def endpoints(platform_of: Callable[..., Context]) -> Endpoints:
    return platform_of("kafka", "cassandra", "registry").endpoints


@pytest.fixture
def bench(endpoints: Endpoints, tmp_path: Path, request: pytest.FixtureRequest) -> Bench:
    folder = write_orders_pipeline(tmp_path / "made", orders=ORDERS)
    # Topics and keyspaces of its own: the services are shared.
    number = abs(hash(request.node.name)) % 10**8
    name = f"orders_{number}"
    text = (folder / "pipeline.yaml").read_text().replace("name: orders", f"name: {name}")
    (folder / "pipeline.yaml").write_text(text.replace("sales.orders", f"sales.orders-{number}"))
    folder = folder.rename(folder.with_name(name))
    pipeline, dataset = load_pipeline(folder), load_dataset(folder)
    provision(endpoints, [pipeline])
    load_references(endpoints, pipeline, dataset)
    return Bench(endpoints, pipeline, dataset, tmp_path / "manifests")


def _execute(bench: Bench, statement: str) -> None:
    with session_of(bench.endpoints) as session:
        session.execute(statement.format(keyspace=bench.pipeline.name))


def test_what_was_replayed_is_read_back_by_another_decoder(bench: Bench) -> None:
    manifest = bench.replay(limit=500)
    assert manifest.state is ReplayState.COMPLETE
    assert manifest.acknowledged["records"] == sum(manifest.planned.values()) == 500 + 150 + 14
    subject = httpx.get(
        f"{bench.endpoints.registry_url}/subjects/{bench.pipeline.subject}/versions/latest", trust_env=False
    ).json()
    schema = fastavro.parse_schema(json.loads(subject["schema"]))
    seen: dict[bytes, list[tuple[int, str]]] = {}
    poison: dict[tuple[int, int], str] = {}
    with TopicReader(bench.endpoints, bench.pipeline.source_topic.name) as reader:
        for message in reader.records(reader.offsets()):
            key, value, partition, offset = message.key(), message.value(), message.partition(), message.offset()
            assert key is not None
            assert partition is not None
            assert offset is not None
            if key.startswith(b"poison-"):
                poison[partition, offset] = fingerprint(value)
                continue
            assert value is not None
            assert value[:5] == b"\x00" + subject["id"].to_bytes(4, "big")
            body = io.BytesIO(value[5:])
            event = fastavro.schemaless_reader(body, schema, None)
            assert isinstance(event, dict)
            assert body.read() == b""
            assert json.loads(key) == [event["country"], event["order_number"]]
            seen.setdefault(key, []).append((partition, json.dumps(event, default=str)))
    assert len(seen) == 500
    assert sum(len(sends) for sends in seen.values()) == 650
    assert all(len(set(sends)) == 1 for sends in seen.values()), "re-sends are equal and share a partition"
    assert poison == {(record.partition, record.offset): record.fingerprint for record in manifest.poison}
    assert {record.kind for record in manifest.poison} == set(Mold(bench.pipeline, foreign_id=0).kinds)


def test_a_job_that_did_everything_right_is_proved_right(bench: Bench) -> None:
    bench.replay()
    play_the_job(bench, list(range(ORDERS)))
    result = bench.verify()
    assert result.correct
    assert (result.rows.stored, result.sent.distinct) == (ORDERS, ORDERS)
    assert result.sent.duplicates == round(0.3 * ORDERS)
    assert result.dead_letters.found == CONFIG.poison_events


def test_several_replays_add_up_and_events_of_earlier_ones_are_sent_again(bench: Bench) -> None:
    bench.replay(limit=200)
    second = bench.replay(skip=100, limit=300)
    assert second.acknowledged["earlier"] > 0
    play_the_job(bench, list(range(400)))
    result = bench.verify()
    assert result.correct
    assert (result.replays, result.sent.distinct, result.rows.stored) == (2, 400, 400)
    # 100 events stand in both windows.
    assert result.sent.duplicates == round(0.3 * 200) + round(0.3 * 300) + 100


DELETE_DAY = (
    "DELETE FROM {keyspace}.orders_enriched "
    "WHERE country = 'de' AND placed_day = '2025-12-31' AND bucket IN (0, 1, 2, 3)"
)
INSERT_TOTAL = "INSERT INTO {keyspace}.sales_by_city (placed_year, place, express, orders) VALUES"


@pytest.mark.parametrize(
    ("damage", "table", "field"),
    [
        (DELETE_DAY, "orders_enriched", "missing"),
        (f"{INSERT_TOTAL} ('2025-01-01', 'pt-city-1', true, 1)", "sales_by_city", "wrong"),
        (f"{INSERT_TOTAL} ('1999-01-01', 'nowhere', true, 1)", "sales_by_city", "extra"),
    ],
)
def test_a_damaged_table_is_found(bench: Bench, damage: str, table: str, field: str) -> None:
    bench.replay()
    play_the_job(bench, list(range(ORDERS)))
    _execute(bench, damage)
    result = bench.verify()
    assert not result.correct
    (found,) = (part for part in (result.rows, *result.aggregates) if part.table == table)
    assert getattr(found, field) > 0
    assert found.differences[0].sort == field


def test_dead_letters_written_twice_are_found(bench: Bench) -> None:
    bench.replay()
    play_the_job(bench, list(range(ORDERS)))
    write_letters(bench)
    result = bench.verify()
    assert result.dead_letters.extra == CONFIG.poison_events
    assert not result.correct


def test_an_undrained_topic_is_an_error_that_says_what_waits(bench: Bench) -> None:
    bench.replay(limit=10)
    with pytest.raises(WeirError, match=r"is not drained: weir-orders_\d+ has committed nothing for 5 s \(partition"):
        bench.verify()


def test_a_replay_that_was_killed_is_still_verified_rightly(bench: Bench) -> None:
    code = (
        "import sys; from pathlib import Path; from weir.catalog.dataset import load_dataset; "
        "from weir.catalog.pipeline import load_pipeline; from weir.config.endpoints import Endpoints; "
        "from weir.config.embedded import ReplayConfig; from weir.verify.replay import replay; "
        "folder = Path(sys.argv[2]); "
        "replay(Endpoints.model_validate_json(sys.argv[1]), load_pipeline(folder), load_dataset(folder), "
        "ReplayConfig(events_per_second=100, duplicate_ratio=0.3, poison_events=14), Path(sys.argv[3]))"
    )
    arguments = [bench.endpoints.model_dump_json(), str(bench.pipeline.folder), str(bench.manifests)]
    process = subprocess.Popen([sys.executable, "-c", code, *arguments])
    deadline = time.monotonic() + 60
    with TopicReader(bench.endpoints, bench.pipeline.source_topic.name) as reader:
        while sum(end for _, end in reader.offsets().values()) < 150:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
    process.kill()
    process.wait()
    (open_manifest,) = load_manifests(bench.manifests, bench.pipeline.name)
    assert open_manifest.state is ReplayState.OPEN
    bench.replay(ReplayConfig(events_per_second=0, duplicate_ratio=0.1, poison_events=3), skip=500, limit=50)
    keys = _keys_on_topic(bench)
    play_the_job(bench, keys)
    result = bench.verify()
    assert result.correct
    assert result.sent.distinct == len(keys)
    assert result.sent.records == result.topic.records


def _keys_on_topic(bench: Bench) -> list[int]:
    """Indices of the events on the topic, from their keys: of three countries in turn, numbered."""
    countries = ("de", "fr", "pt")
    found = set()
    with TopicReader(bench.endpoints, bench.pipeline.source_topic.name) as reader:
        for message in reader.records(reader.offsets()):
            key = message.key() or b""
            if not key.startswith(b"poison-"):
                country, number = json.loads(key)
                found.add(3 * number + countries.index(country))
    return sorted(found)


def test_every_type_survives_the_way_from_cassandra_into_duckdb(endpoints: Endpoints) -> None:
    table = Table(
        "types",
        "everything",
        {"id": ColumnType.INT, **{f"a_{kind}": kind for kind in ColumnType}},
        ("id",),
    )
    values = {
        ColumnType.TEXT: 'zu Hause läuten, "bitte"',
        ColumnType.INT: -(2**31),
        ColumnType.BIGINT: 2**63 - 1,
        ColumnType.FLOAT: 0.5,
        ColumnType.DOUBLE: 1e300,
        ColumnType.BOOLEAN: False,
        ColumnType.BLOB: b"\x00\xff",
        ColumnType.DATE: date(1969, 12, 31),
        ColumnType.TIMESTAMP: datetime(1969, 12, 31, 23, 59, 59, 999000, tzinfo=UTC),
    }
    rows = [(1, *values.values()), (2, *[None] * len(values))]
    rows += [(number, *values.values()) for number in range(3, 12_000)]
    with session_of(endpoints) as session:
        session.execute(create_keyspace_statement("types", {endpoints.cassandra_datacenter: 1}))
        session.execute(table.create_statement())
        write_rows(session, table, rows)
        with duckdb.connect() as connection:
            assert copy_table(session, connection, table) == len(rows)
            copied = connection.execute(f"FROM {actual_table(table.name)} ORDER BY id").fetchall()
    instant = values[ColumnType.TIMESTAMP].replace(tzinfo=None)
    assert copied == [tuple(instant if isinstance(cell, datetime) else cell for cell in row) for row in rows]
    assert [list(ColumnType), copied[1]] == [list(values), rows[1]]


def test_set_up_keeps_a_corrected_reference_and_verification_knows_of_it(bench: Bench) -> None:
    loaded = seed_references(bench.endpoints, bench.pipeline, bench.dataset, bench.manifests)
    assert [str(table) for table in loaded] == [
        f"{bench.pipeline.name}.products: 0 of 40 rows written",
        f"{bench.pipeline.name}.shops: 0 of 24 rows written",
    ]
    bench.replay()
    play_the_job(bench, list(range(ORDERS)))
    products = bench.pipeline.reference_tables["products"].qualified_name
    with session_of(bench.endpoints) as session:
        session.execute(f"UPDATE {products} SET title = 'corrected' WHERE sku = 'sku-1'")
        session.execute(f"DELETE FROM {products} WHERE sku = 'sku-2'")
        again = seed_references(bench.endpoints, bench.pipeline, bench.dataset, bench.manifests)
        assert [table.kept for table in again] == [2, 0]
        title = session.execute(f"SELECT title FROM {products} WHERE sku = 'sku-1'").one()
        assert title == ("corrected",)
        result = bench.verify()
        assert result.correct, result
        assert result.corrected_references == {"products": 2}
        assert result.joined_before_correction == len(_keys_of(session, bench, "sku-1", "sku-2"))

        # One row as a job that joined after the correction writes it, and one as no job may.
        rows = bench.pipeline.row_table
        key = " AND ".join(f"{name} = ?" for name in rows.primary_key)
        update = session.prepare(f"UPDATE {rows.qualified_name} SET product_title = ? WHERE {key}")
        after, invented, *_ = _keys_of(session, bench, "sku-1")
        session.execute(update, ("corrected", *after))
        assert bench.verify().rows.correct
        session.execute(update, ("invented", *invented))
        assert bench.verify().rows.wrong == 1

        told = seed_references(bench.endpoints, bench.pipeline, bench.dataset, bench.manifests, overwrite=True)
        assert [(table.written, table.kept) for table in told] == [(2, 0), (0, 0)]
        assert bench.verify().rows.wrong == 2, "what was joined with the correction, and what was invented"


def _keys_of(session: Session, bench: Bench, *skus: str) -> list[tuple]:
    rows = bench.pipeline.row_table
    found = session.execute(f"SELECT {listed(rows.primary_key)}, sku FROM {rows.qualified_name}")
    return sorted(tuple(row[:-1]) for row in found if row[-1] in skus)


def test_references_may_be_loaded_again(bench: Bench) -> None:
    assert load_references(bench.endpoints, bench.pipeline, bench.dataset) == {"products": 40, "shops": 24}
    with session_of(bench.endpoints) as session:
        counted = session.execute(f"SELECT count(*) FROM {bench.pipeline.name}.shops").one()
    assert counted == (24,)
