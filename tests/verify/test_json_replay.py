"""A dataset replayed as JSON: each event means what the file says, however it is written; poison is told."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.pipeline import shop
from tests.verify.tiny import PIPELINE, READINGS, write_readings

from weir.catalog.dataset import Dataset, load_dataset
from weir.catalog.pipeline import Pipeline, load_pipeline
from weir.clients.events.decoder import Decoder
from weir.clients.events.letter_codes import UnreadableError
from weir.config.errors import WeirError
from weir.verify.dataset import EVENT_INDEX, EVENTS, listed, open_dataset
from weir.verify.json_batch import STYLES, VARIANTS
from weir.verify.manifest import PoisonRecord
from weir.verify.poison import Mold, make_poison
from weir.verify.poison_json import JsonPoisonKind
from weir.verify.wire import encode_events, schema_ids

pytestmark = pytest.mark.unit

COLUMNS: dict[str, Any] = {
    "sensor": {"path": "id.sensor", "type": "text", "required": True},
    "number": {"path": "id.numbers[1]", "type": "bigint", "required": True},
    "read_at": {"path": "readAt", "type": "timestamp", "required": True},
    "site": {"type": "int"},
    "grade": {"path": '"the grade"', "type": "text", "required": True},
    "value": {"path": """values[0]."it's\"""", "type": "int"},
    "ratio": {"path": "values[2]", "type": "double"},
    "flag": {"type": "boolean"},
    "raw": {"type": "blob"},
    "checked_on": {"path": "checked.on", "type": "date"},
}


def readings(folder: Path, rows: str = READINGS, **changes: Any) -> tuple[Pipeline, Dataset]:
    """The tiny pipeline with a source of JSON; `changes` are of its columns."""
    columns = {name: {**column, **changes.get(name, {})} for name, column in COLUMNS.items()}
    columns |= {name: change for name, change in changes.items() if name not in columns}
    document = yaml.safe_load(PIPELINE)
    del document["source"]["schema_file"]
    document["source"] |= {"format": "json", "columns": columns}
    return write_readings(folder, readings=rows, pipeline=yaml.safe_dump(document, sort_keys=False))


def decoded_and_original(pipeline: Pipeline, dataset: Dataset) -> tuple[list[tuple], list[tuple]]:
    """The events as they are sent and read again, and as the file has them."""
    connection = open_dataset(pipeline, dataset)
    rows = connection.execute(
        f"SELECT {listed(pipeline.event_columns)} FROM {EVENTS} ORDER BY {EVENT_INDEX}"
    ).fetchall()
    events = encode_events(connection, pipeline, 0, range(len(rows)))
    decoder = Decoder("http://nowhere.invalid", pipeline)
    read = [decoder.read(events.value(index)) for index in range(len(rows))]
    return [tuple(map(_naive, event.values())) for event in read], rows


def _naive(cell: Any) -> Any:
    return cell.replace(tzinfo=None) if isinstance(cell, datetime) else cell


@pytest.mark.parametrize("read_at", ["iso-8601", "epoch-seconds", "epoch-millis", "epoch-micros"])
@pytest.mark.parametrize("checked_on", ["iso-8601", "epoch-days"])
def test_events_are_read_as_the_file_has_them(tmp_path: Path, read_at: str, checked_on: str) -> None:
    changes = {"read_at": {"encoding": read_at}, "checked_on": {"encoding": checked_on}}
    # Each row in each style.
    header, *rows = READINGS.splitlines(keepends=True)
    again = "".join([header, *rows, *(row.replace(",", "x,", 1) for row in rows), *rows])
    read, original = decoded_and_original(*readings(tmp_path, again, **changes))
    assert len(read) == 3 * len(rows) >= VARIANTS == len(STYLES)
    assert read == original


def test_the_orders_of_the_repository_are_read_as_the_file_has_them() -> None:
    folder = shop.FOLDER
    read, original = decoded_and_original(load_pipeline(folder), load_dataset(folder))
    assert len(read) == shop.ORDERS
    assert read == original


def test_producers_write_alike_in_meaning_alone(tmp_path: Path) -> None:
    pipeline, dataset = readings(tmp_path)
    events = encode_events(open_dataset(pipeline, dataset), pipeline, 0, range(5))
    texts = [json.loads(events.value(index)) for index in range(5)]
    assert events.key(0) == '["a",1]'
    assert len({next(iter(text)) for text in texts}) > 1, "the members' order differs"
    assert [text["id"]["numbers"][1] for text in texts] == [1, 2, "1", 2, 1]
    assert ["unread" in text for text in texts] == [False, True, False, True, False]
    assert ["flag" in text for text in texts] == [True, True, False, True, True], "a null is written, or left out"
    assert texts[4]["values"] == [{"it's": -4}, None, None]
    assert texts[2]["readAt"] == "2024-03-01T01:30:00.000+02:00"


def test_a_text_says_how_a_value_of_one_path_is_written(tmp_path: Path) -> None:
    rows = "sensor,number,number_text,read_at,grade\na,12,1.2e1,2024-02-29T00:00:00Z,g\n"
    pipeline, dataset = readings(tmp_path, rows, number_text={"path": "id.numbers[1]", "type": "text"})
    events = encode_events(open_dataset(pipeline, dataset), pipeline, 0, range(1))
    assert json.loads(events.value(0))["id"]["numbers"][1] == "1.2e1"
    event = Decoder("http://nowhere.invalid", pipeline).read(events.value(0))
    assert (event["number"], event["number_text"]) == (12, "1.2e1")


@pytest.mark.parametrize("number", ["NaN", "inf"])
def test_a_number_that_json_has_not_is_refused(tmp_path: Path, number: str) -> None:
    pipeline, dataset = readings(tmp_path, READINGS.replace("-1.25", number))
    with pytest.raises(WeirError, match="row 3 of the events has a 'ratio' that is no finite number"):
        encode_events(open_dataset(pipeline, dataset), pipeline, 0, range(5))


@pytest.mark.parametrize("seed", [1, 2013])
@pytest.mark.parametrize("read_at", ["iso-8601", "epoch-seconds", "epoch-millis", "epoch-micros"])
def test_poison_is_the_letter_that_it_is_meant_to_be(tmp_path: Path, seed: int, read_at: str) -> None:
    pipeline, dataset = readings(tmp_path, read_at={"encoding": read_at})
    events = encode_events(open_dataset(pipeline, dataset), pipeline, 0, range(5))
    decoder, mold = Decoder("http://nowhere.invalid", pipeline), Mold(pipeline, foreign_id=0)
    # The partition keys of readings are times, which are never empty.
    assert set(JsonPoisonKind) - set(mold.kinds) == {JsonPoisonKind.EMPTY_KEY}
    for number in range(160):
        good = events.value(number % 5)
        poison = make_poison(number, seed, good, mold)
        assert poison == make_poison(number, seed, good, mold)
        assert decoder.decode(good) is not None
        with pytest.raises(UnreadableError) as failure:
            decoder.read(poison.value)
        assert failure.value.code == poison.kind.code, poison


def test_an_event_that_is_its_table_key_can_be_empty(tmp_path: Path) -> None:
    pipeline, _ = readings(tmp_path)
    rows = pipeline.spec.rows.model_copy(update={"partition_key": ["sensor"]})
    alone = Pipeline(pipeline.folder, pipeline.spec.model_copy(update={"rows": rows}), pipeline.schema)
    number = list(map(str, Mold(alone, 0).kinds)).index("json_empty_key")
    good = b'{"id":{"sensor":"a","numbers":[0,1]},"readAt":"2024-02-29T00:00:00Z","the grade":"g"}'
    poison = make_poison(number, 1, good, Mold(alone, 0))
    with pytest.raises(UnreadableError, match="empty-key"):
        Decoder("http://nowhere.invalid", alone).read(poison.value)


def test_a_manifest_keeps_the_kinds_of_both_formats() -> None:
    for kind in ("oversized", "json_oversized"):
        record = PoisonRecord.model_validate_json(json.dumps({"number": 1, "kind": kind, "fingerprint": "f"}))
        assert record.kind == kind
        assert record.kind.code == "too-large"


def test_no_registry_is_asked_about_json(tmp_path: Path) -> None:
    assert schema_ids("http://nowhere.invalid", readings(tmp_path)[0]) == (0, 0)


def test_the_shops_files_are_those_that_its_seed_makes() -> None:
    for name, text in shop.files().items():
        assert (shop.FOLDER / name).read_text(encoding="utf-8") == text, f"{name}: python -m tests.pipeline.shop"
