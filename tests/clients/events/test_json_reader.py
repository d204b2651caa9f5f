"""The proof's reader of JSON, held to the table that the engines' reader is held to, and to its own odd corners."""

from __future__ import annotations

import base64
import datetime
import time
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from weir.catalog.types import ColumnType
from weir.clients.events.avro_reader import EPOCH, FarTime
from weir.clients.events.json_reader import MAX_DEPTH, read_json
from weir.clients.events.letter_codes import LetterCode, UnreadableError
from weir.config.repository import REPOSITORY

pytestmark = pytest.mark.unit

TABLE = yaml.safe_load((REPOSITORY / "tests" / "contract" / "json_records.yaml").read_text(encoding="utf-8"))


def value_of(record: dict[str, Any]) -> bytes | None:
    if "value_hex" in record:
        return bytes.fromhex(record["value_hex"])
    return record["value"].encode() if "value" in record else None


def typed(kind: str, value: Any) -> Any:
    """A value of the table as the reader has it."""
    match kind, value:
        case _, None:
            return None
        case ColumnType.TIMESTAMP, str():
            return datetime.datetime.fromisoformat(value)
        case ColumnType.DATE, str():
            return datetime.date.fromisoformat(value)
        case ColumnType.BLOB, str():
            return base64.b64decode(value)
    return value


READ = [record for record in TABLE["records"] if value_of(record) is not None]


@pytest.mark.parametrize("record", READ, ids=lambda record: record["name"])
def test_a_record_of_the_table_is_its_row_or_letter(record: dict[str, Any]) -> None:
    columns, value = TABLE["columns"][record["columns"]], value_of(record) or b""
    if "code" in record:
        with pytest.raises(UnreadableError) as caught:
            read_json(columns, value)
        assert caught.value.code == record["code"]
        return
    row = {column["name"]: typed(column["type"], record["row"].get(column["name"])) for column in columns}
    found = read_json(columns, value)
    assert found == row
    assert {name: type(cell) for name, cell in found.items()} == {name: type(cell) for name, cell in row.items()}


def test_the_table_has_every_sort_of_record() -> None:
    codes = {record.get("code") for record in TABLE["records"]}
    assert len(TABLE["records"]) >= 60
    assert codes >= {None, LetterCode.MALFORMED_JSON, LetterCode.MISSING_VALUE, LetterCode.BAD_VALUE}


def column(name: str, kind: str, encoding: str = "plain", *, path: list[Any] | None = None) -> dict[str, Any]:
    return {"name": name, "type": kind, "path": path or [name], "nullable": True, "encoding": encoding}


@pytest.mark.parametrize(
    ("kind", "encoding", "text", "reason"),
    [
        ("int", "plain", "2147483648", "field x: 2147483648 is not an integer of 32 bits"),
        ("timestamp", "iso-8601", '"2026-01-31T12:00:00"', "it has no offset, such as Z or +01:00"),
        ("text", "plain", "{}", "field x: an object is not a text"),
        ("bigint", "plain", '"' + "9" * 80 + '"', "field x: '" + "9" * 59 + "... is not an integer"),
        ("boolean", "plain", "1", "field x: 1 is not true or false"),
    ],
)
def test_a_reason_says_what_was_found_and_what_it_is_not(kind: str, encoding: str, text: str, reason: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        read_json([column("x", kind, encoding)], f'{{"x":{text}}}'.encode())
    assert reason in str(caught.value)


def test_a_repeated_member_is_found_before_what_follows() -> None:
    columns = [column("bad", "int"), column("twice", "int", path=["a", "b"])]
    for behind in (b"", b" {}"):
        with pytest.raises(UnreadableError, match="malformed-json: an object has the member 'b' more than once"):
            read_json(columns, b'{"bad":"x","a":{"b":1,"b":1}}' + behind)


@pytest.mark.parametrize(("depth", "read"), [(MAX_DEPTH, True), (MAX_DEPTH + 1, False), (100_000, False)])
def test_depth_counts_the_object_itself(depth: int, read: bool) -> None:
    value = b'{"unread":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"
    if read:
        assert read_json([column("x", "int")], value) == {"x": None}
    else:
        with pytest.raises(UnreadableError, match="malformed-json"):
            read_json([column("x", "int")], value)


@pytest.mark.parametrize(("levels", "read"), [(MAX_DEPTH - 1, True), (MAX_DEPTH, False)])
def test_depth_counts_what_a_repeated_member_had_first(levels: int, read: bool) -> None:
    value = b'{"unread":' + b"[" * levels + b"]" * levels + b',"unread":1,"x":2}'
    assert code_of([column("x", "int")], value) == (None if read else "malformed-json")


def test_many_members_of_which_one_stands_twice_take_no_time() -> None:
    members = ",".join(f'"m{number}":0' for number in range(100_000))
    value = f'{{{members},"m0":1,"x":2}}'.encode()
    begin = time.process_time()
    assert read_json([column("x", "int")], value) == {"x": 2}
    # 0.1 s; counting each name in the list of all would be minutes.
    assert time.process_time() - begin < 5


@pytest.mark.parametrize(
    ("encoding", "text", "expected"),
    [
        ("epoch-seconds", "9223372036854775.807", 2**63 - 1),
        ("epoch-millis", "-9223372036854775808", -(2**63)),
        ("iso-8601", '"9999-12-31T23:59:59.999-23:59"', 253_402_387_139_999),
    ],
)
def test_a_time_beyond_the_calendar_is_kept_as_its_number(encoding: str, text: str, expected: int) -> None:
    found = read_json([column("x", "timestamp", encoding)], f'{{"x":{text}}}'.encode())["x"]
    assert found == expected
    assert isinstance(found, FarTime)


@given(st.integers(-(2**53), 2**53), st.integers(0, 6))
@example(-1, 6)
def test_fractions_of_seconds_are_cut_to_the_millisecond_before(number: int, digits: int) -> None:
    found = read_json([column("x", "timestamp", "epoch-seconds")], f'{{"x":{number}e-{digits}}}'.encode())["x"]
    milliseconds = number * 1000 // 10**digits
    moment = found if isinstance(found, FarTime) else (found - EPOCH) // datetime.timedelta(milliseconds=1)
    assert moment == milliseconds


def code_of(columns: list[dict[str, Any]], value: bytes) -> LetterCode | None:
    try:
        read_json(columns, value)
    except UnreadableError as error:
        return error.code
    return None


@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_an_event_or_a_letter(value: bytes) -> None:
    columns = [column("x", kind, encoding) for kind, encoding in (("int", "plain"), ("blob", "base64"))]
    assert code_of(columns, value) in {None, "malformed-json", "trailing-bytes", "bad-value"}
