"""The events of the throughput measurement, and how its rate is taken."""

from __future__ import annotations

import io
import json
from pathlib import Path

import fastavro
import numpy as np
import pytest

from weir.bench.pipeline import steady_rate
from weir.catalog.avro_types import parse_avro
from weir.catalog.spec_source import SourceFormat
from weir.clients.counters import Totals, counter_patterns
from weir.clients.events.avro_reader import read_value
from weir.clients.events.decoder import Decoder
from weir.clients.events.wire_format import HEADER_BYTES, header
from weir.config.errors import WeirError
from weir.verify.synthetic import DUPLICATE_DISTANCE, EVENT_BYTES, encoded, ids_of, write_pipeline

pytestmark = pytest.mark.unit


def test_about_a_tenth_of_the_ids_repeat_one_shortly_before() -> None:
    ids = ids_of(100_000, 50_000, seed=1)
    assert 0.08 < 1 - len(np.unique(ids)) / len(ids) < 0.1
    assert ids.min() >= 100_000
    behind = np.arange(100_000, 150_000) - ids
    assert behind.min() == 0
    assert behind.max() == DUPLICATE_DISTANCE


def test_an_event_has_about_200_bytes_and_follows_from_its_id(tmp_path: Path) -> None:
    pipeline, _ = write_pipeline(tmp_path)
    schema = fastavro.parse_schema(json.loads(pipeline.schema.text))
    events = list(encoded(np.array([5, 123_456, 5]), header(9)))
    assert [event_id for event_id, _ in events] == [5, 123_456, 5]
    assert events[0] == events[2]
    assert all(185 <= len(value) <= 215 for _, value in events)
    decoded = fastavro.schemaless_reader(io.BytesIO(events[1][1][HEADER_BYTES:]), schema, None)
    assert isinstance(decoded, dict)
    assert (decoded["id"], decoded["quantity"]) == (123_456, 56)


def test_an_event_in_json_says_the_same(tmp_path: Path) -> None:
    avro, _ = write_pipeline(tmp_path / "avro")
    pipeline, _ = write_pipeline(tmp_path / "json", SourceFormat.JSON)
    ids = np.array([5, 100, 123_456])
    decoder = Decoder("http://nowhere.invalid", pipeline)
    texts = [value for _, value in encoded(ids, None)]
    assert all(abs(len(value) - EVENT_BYTES[SourceFormat.JSON]) <= 15 for value in texts)
    schema = parse_avro(avro.schema.text)
    values = [read_value(schema, schema, value[HEADER_BYTES:]) for _, value in encoded(ids, header(9))]
    assert [decoder.read(text) for text in texts] == values
    assert values[1]["quantity"] is None


def test_the_rate_is_that_of_the_steady_part() -> None:
    start_up = [(0.0, 10), (20.0, 500)]
    steady = [(20.0 + second, 500 + 1_000 * second) for second in range(1, 10)]
    last = [(60.0, 10_000)]
    rate, records = steady_rate([*start_up, *steady, *last], 10_000)
    assert rate == pytest.approx(1_000)
    assert records == 7_000


def test_too_few_points_are_an_error() -> None:
    with pytest.raises(WeirError, match="raise --events"):
        steady_rate([(0.0, 0), (1.0, 10)], 10)


def test_counters_go_on_where_a_restarted_job_begins_at_0() -> None:
    totals = Totals()
    assert totals.add({"received": 100}) == {"received": 100}
    assert totals.add({"received": 150}) == {"received": 150}
    assert totals.add({"received": 30}) == {"received": 180}
    assert totals.add({}) == {"received": 180}
    assert totals.add({"received": 40}) == {"received": 190}


def test_counters_are_found_by_flinks_names_of_operators(tmp_path: Path) -> None:
    patterns = counter_patterns(write_pipeline(tmp_path)[0])
    names = {
        "Source___events[1].numRecordsOut": "received",
        "Source___events[1].KafkaSourceReader.deserializer.conflictingDuplicates": "conflicting_duplicates",
        "Deduplicate[4].numRecordsIn": "deduplicated",
        "Deduplicate[4].numRecordsOut": "distinct_events",
        "events_enriched[14]__Writer.numRecordsSend": "rows_written",
        "_dead_letters[16]__Writer.numRecordsSend": "dead_letters",
    }
    for metric, column in names.items():
        assert [name for name, pattern in patterns.items() if pattern.fullmatch(metric)] == [column]
    for other in ("numRecordsOut", "totals_by_day[22]__Writer.numRecordsSend", "Calc[2].numRecordsOut"):
        assert not any(pattern.fullmatch(other) for pattern in patterns.values())
