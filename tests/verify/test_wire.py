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
from tests.verify.tiny import SCHEMA, write_readings

from weir.catalog.avro_types import parse_avro
from weir.catalog.pipeline import load_pipeline
from weir.chaos.ground import write_pipeline
from weir.clients.events.decoder import Decoder
from weir.clients.events.letter_codes import LetterCode, UnreadableError
from weir.clients.events.wire_format import HEADER_BYTES
from weir.verify.avro_batch import encode_records
from weir.verify.dataset import open_dataset
from weir.verify.poison import UNKNOWN_SCHEMA_ID, Mold, PoisonKind, fingerprint, make_poison
from weir.verify.wire import encode_events

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
    schema = parse_avro(json.dumps(SCHEMA))
    foreign = parse_avro(json.dumps(SCHEMA | {"name": "Other"}))
    unknown = UnreadableError(LetterCode.UNKNOWN_SCHEMA_ID, "the registry has none")
    decoder._writers.update({7: schema, 8: foreign, UNKNOWN_SCHEMA_ID: unknown})
    assert decoder.decode(good) is not None
    mold = Mold(pipeline, foreign_id=8)
    for number in range(700):
        poison = make_poison(number, seed, good, mold)
        assert decoder.decode(poison.value) is None, poison
        with pytest.raises(UnreadableError) as failure:
            decoder.read(poison.value)
        assert failure.value.code == poison.kind.code, poison


def test_the_same_arguments_give_the_same_poison_and_the_kinds_take_turns(tmp_path: Path) -> None:
    pipeline, dataset = write_readings(tmp_path)
    good = encode_events(open_dataset(pipeline, dataset), pipeline, 7, range(1)).value(0)
    mold = Mold(pipeline, foreign_id=8)
    # The partition keys of readings are times, which are never empty.
    assert set(PoisonKind) - set(mold.kinds) == {PoisonKind.EMPTY_KEY}
    for number in range(30):
        poison = make_poison(number, 5, good, mold)
        assert poison == make_poison(number, 5, good, mold)
        assert poison.kind is mold.kinds[number % len(mold.kinds)]
    assert make_poison(0, 5, good, mold).value != make_poison(0, 6, good, mold).value


def test_a_pipeline_with_a_text_for_a_partition_key_gets_empty_ones(tmp_path: Path) -> None:
    (tmp_path / "flights").mkdir()
    write_pipeline(tmp_path / "flights", evolved=False, upgrades=0)
    pipeline = load_pipeline(tmp_path / "flights")
    assert Mold(pipeline, foreign_id=8).kinds == list(PoisonKind)


def test_no_value_and_an_empty_value_are_told_apart() -> None:
    assert fingerprint(None) != fingerprint(b"")


def test_a_value_beyond_the_pipelines_most_bytes_is_a_letter(tmp_path: Path) -> None:
    pipeline, _ = write_readings(tmp_path)
    decoder = Decoder("http://nowhere.invalid", pipeline)
    with pytest.raises(UnreadableError, match="too-large: 1048577 bytes"):
        decoder.read(bytes(2**20 + 1))
