"""Our batch encoder against an Avro library, the keys, and poison that must not decode."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import fastavro
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.proof.tiny import SCHEMA, write_readings

from weir.proof.avro_batch import encode_records
from weir.proof.dataset import open_dataset
from weir.proof.poison import PoisonKind, fingerprint, make_poison
from weir.proof.wire import HEADER_BYTES, Decoder, encode_events, header

pytestmark = pytest.mark.unit

INT = st.integers(-(2**31), 2**31 - 1)
LONG = st.integers(-(2**63), 2**63 - 1)
TEXT = st.text(st.characters(codec="utf-8"), max_size=200)
FIELDS: dict[str, tuple[Any, st.SearchStrategy]] = {
    "an_int": ("int", INT),
    "a_long": (["null", "long"], st.none() | LONG),
    "a_float": ("float", st.floats(width=32, allow_nan=False)),
    "a_double": (["double", "null"], st.none() | st.floats(allow_nan=False)),
    "a_boolean": (["null", "boolean"], st.none() | st.booleans()),
    "a_text": ("string", TEXT),
    "another_text": (["null", "string"], st.none() | TEXT),
    "some_bytes": (["null", "bytes"], st.none() | st.binary(max_size=100)),
    "an_enum": ({"type": "enum", "name": "E", "symbols": ["x", "y", "z"]}, st.sampled_from("xyz")),
}
AVRO = {"type": "record", "name": "R", "fields": [{"name": name, "type": kind} for name, (kind, _) in FIELDS.items()]}
records = st.lists(
    st.fixed_dictionaries({name: values for name, (_, values) in FIELDS.items()}), min_size=1, max_size=20
)


def _column(values: list[Any]) -> np.ma.MaskedArray:
    absent = [value is None for value in values]
    column = np.empty(len(values), object)
    column[:] = values
    return np.ma.masked_array(column, absent)


@settings(deadline=None)
@given(records)
def test_an_avro_library_reads_what_was_encoded(rows: list[dict[str, Any]]) -> None:
    columns = {name: _column([row[name] for row in rows]) for name in FIELDS}
    encoded = encode_records(AVRO, columns, b"prefix")
    assert len(encoded) == len(rows)
    for index, row in enumerate(rows):
        body = io.BytesIO(encoded[index])
        assert body.read(6) == b"prefix"
        assert fastavro.schemaless_reader(body, fastavro.parse_schema(AVRO), None) == row
        assert body.read() == b""


def test_events_carry_the_schemas_id_and_a_key_of_their_own(tmp_path: Path) -> None:
    pipeline, dataset = write_readings(tmp_path)
    events = encode_events(open_dataset(pipeline, dataset), pipeline, 258, range(1, 5))
    assert events.key(1) == '["a",2]'
    assert events.key(4) == '["c",1]'
    assert events.value(3)[:HEADER_BYTES] == b"\x00\x00\x00\x01\x02"
    decoded = fastavro.schemaless_reader(
        io.BytesIO(events.value(2)[HEADER_BYTES:]), fastavro.parse_schema(SCHEMA), None
    )
    assert isinstance(decoded, dict)
    assert json.dumps(decoded, default=str) == json.dumps(
        {
            "sensor": "b",
            "number": 1,
            "read_at": "2024-02-29 23:30:00+00:00",
            "site": 9,
            "grade": "good",
            "value": 7,
            "ratio": -1.25,
            "flag": None,
            "raw": None,
            "checked_on": "1969-12-31",
        }
    )


@pytest.mark.parametrize("seed", [1, 2013])
def test_no_poison_record_decodes(tmp_path: Path, seed: int) -> None:
    pipeline, dataset = write_readings(tmp_path)
    good = encode_events(open_dataset(pipeline, dataset), pipeline, 7, range(1)).value(0)
    decoder = Decoder("http://nowhere.invalid", pipeline)
    schema = fastavro.parse_schema(SCHEMA)
    decoder._writers.update({7: schema, 2_000_000_000: None})
    assert decoder.decode(good) is not None
    for number in range(700):
        poison = make_poison(number, seed, good)
        assert decoder.decode(poison.value) is None, poison


def test_the_same_arguments_give_the_same_poison_and_the_kinds_take_turns() -> None:
    good = header(1) + b"some event"
    kinds = list(PoisonKind)
    for number in range(20):
        poison = make_poison(number, 5, good)
        assert poison == make_poison(number, 5, good)
        assert poison.kind is kinds[number % len(kinds)]
    assert make_poison(0, 5, good).value != make_poison(0, 6, good).value


def test_no_value_and_an_empty_value_are_told_apart() -> None:
    assert fingerprint(None) != fingerprint(b"")
