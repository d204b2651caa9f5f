"""Every way in which a table or the dead letters can be wrong is found, counted and named."""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pytest
from rich.console import Console
from tests.verify.tiny import write_readings

from weir.catalog.pipeline import Pipeline
from weir.catalog.types import ColumnType
from weir.verify import oracle
from weir.verify.compare import TableResult, compare
from weir.verify.dataset import open_dataset
from weir.verify.letters import HEADERS, REASON, Letter, LetterResult, check_letters, letters_of
from weir.verify.manifest import PoisonRecord
from weir.verify.poison import PoisonKind, fingerprint
from weir.verify.report import as_json, as_tables, write_differences
from weir.verify.scan import MAXIMUM_TOKEN, MINIMUM_TOKEN, actual_table, create_table, token_ranges
from weir.verify.topic import TopicCount
from weir.verify.verify import Sent, Verification

pytestmark = pytest.mark.unit

ROWS = "readings_enriched"
TOTALS = "totals_by_month"


@pytest.fixture
def pipeline_and_tables(tmp_path: Path) -> tuple[Pipeline, duckdb.DuckDBPyConnection]:
    """A database in which the actual tables are what is expected."""
    pipeline, dataset = write_readings(tmp_path)
    connection = open_dataset(pipeline, dataset)
    oracle.compute(connection, pipeline, np.arange(5))
    for table in (ROWS, TOTALS):
        connection.execute(f"CREATE TABLE {actual_table(table)} AS FROM {oracle.expected_table(table)}")
    return pipeline, connection


def _compared(found: tuple[Pipeline, duckdb.DuckDBPyConnection], table: str, change: str = "") -> TableResult:
    pipeline, connection = found
    if change:
        connection.execute(change.format(actual_table(table)))
    tables = {entry.name: entry for entry in pipeline.tables}
    return compare(connection, tables[table])


Found = tuple[Pipeline, duckdb.DuckDBPyConnection]


def test_equal_tables_are_correct_whatever_their_order(pipeline_and_tables: Found) -> None:
    result = _compared(
        pipeline_and_tables, ROWS, "CREATE OR REPLACE TABLE {0} AS FROM {0} ORDER BY number DESC, sensor"
    )
    assert result.correct
    assert (result.expected, result.stored) == (5, 5)
    assert result.differences == ()


def test_one_missing_row(pipeline_and_tables: Found) -> None:
    result = _compared(pipeline_and_tables, ROWS, "DELETE FROM {} WHERE sensor = 'b' AND number = 2")
    assert (result.missing, result.extra, result.wrong, result.correct) == (1, 0, 0, False)
    assert result.differences[0].key == {"read_day": date(2024, 3, 1), "sensor": "b", "number": 2}


def test_one_extra_row(pipeline_and_tables: Found) -> None:
    change = "INSERT INTO {0} SELECT * REPLACE (99 AS number) FROM {0} WHERE sensor = 'c'"
    result = _compared(pipeline_and_tables, ROWS, change)
    assert (result.missing, result.extra, result.wrong, result.correct) == (0, 1, 0, False)
    assert (result.differences[0].sort, result.differences[0].key["number"]) == ("extra", 99)


@pytest.mark.parametrize(
    ("column", "new", "expected"),
    [("site_height", "11", 10), ("checked_on", "NULL", date(2024, 3, 1)), ("raw", "'x'::BLOB", b"\x00\xff")],
)
def test_one_wrong_cell(pipeline_and_tables: Found, column: str, new: str, expected: object) -> None:
    change = f"UPDATE {{}} SET {column} = {new} WHERE sensor = 'a' AND number = 1"
    result = _compared(pipeline_and_tables, ROWS, change)
    assert (result.missing, result.extra, result.wrong, result.correct) == (0, 0, 1, False)
    (difference,) = result.differences
    assert list(difference.columns) == [column]
    assert difference.columns[column][0] == expected


def test_a_value_where_a_null_must_be_is_wrong(pipeline_and_tables: Found) -> None:
    result = _compared(pipeline_and_tables, ROWS, "UPDATE {} SET site_name = '' WHERE sensor = 'b' AND number = 1")
    assert result.wrong == 1
    assert result.differences[0].columns == {"site_name": (None, "")}


def test_one_wrong_total(pipeline_and_tables: Found) -> None:
    change = "UPDATE {} SET total = total + 1 WHERE place = 'north' AND read_month = '2024-02-01'"
    result = _compared(pipeline_and_tables, TOTALS, change)
    assert result.wrong == 1
    assert result.differences[0].columns == {"total": (3, 4)}


def test_a_doubled_row_is_found_by_the_digest_alone(pipeline_and_tables: Found) -> None:
    result = _compared(pipeline_and_tables, ROWS, "INSERT INTO {0} FROM {0} WHERE sensor = 'c'")
    assert (result.missing, result.extra, result.wrong) == (0, 0, 0)
    assert not result.correct


def test_the_token_ranges_cover_the_ring_without_gap_or_overlap() -> None:
    ranges = token_ranges(64)
    assert ranges[0][0] == MINIMUM_TOKEN
    assert ranges[-1][1] == MAXIMUM_TOKEN
    assert all(left[1] + 1 == right[0] for left, right in itertools.pairwise(ranges))


def test_numbers_come_into_duckdb_as_they_are() -> None:
    kinds = (ColumnType.DOUBLE, ColumnType.FLOAT, ColumnType.DATE, ColumnType.TIMESTAMP)
    columns = dict(zip("abcd", kinds, strict=True))
    rows = [(math.nan, None, 0, -1), (None, math.nan, None, None), (math.inf, -0.5, 86_400_000, 1)]
    with duckdb.connect() as connection:
        create_table(connection, "numbers", columns, rows)
        create_table(connection, "nothing", columns, [])
        found = connection.execute("SELECT * FROM numbers").fetchall()
        assert connection.execute("SELECT * FROM nothing").fetchall() == []
    millisecond = timedelta(milliseconds=1)
    epoch = datetime(1970, 1, 1)
    assert str(found[0]) == str((math.nan, None, date(1970, 1, 1), epoch - millisecond))
    assert str(found[1]) == str((None, math.nan, None, None))
    assert found[2] == (math.inf, -0.5, date(1970, 1, 2), epoch + millisecond)


POISON = [
    PoisonRecord(number=n, kind=kind, fingerprint=fingerprint(value), partition=n % 2, offset=10 + n)
    for n, (kind, value) in enumerate(
        [(PoisonKind.NULL_VALUE, None), (PoisonKind.EMPTY_VALUE, b""), (PoisonKind.RANDOM_BYTES, b"abc")]
    )
]


def _letter(record: PoisonRecord) -> Letter:
    values = ("readings.events", str(record.partition), str(record.offset), "1700000000000", f"{record.kind.code}: why")
    return Letter(record.fingerprint, dict(zip(HEADERS, values, strict=True)))


def _checked(tmp_path: Path, letters: list[Letter]) -> LetterResult:
    return check_letters(write_readings(tmp_path)[0], letters_of(POISON), letters)


def test_every_letter_once_is_correct(tmp_path: Path) -> None:
    result = _checked(tmp_path, [_letter(record) for record in reversed(POISON)])
    assert result.correct
    assert (result.expected, result.found) == (3, 3)


def test_a_missing_letter(tmp_path: Path) -> None:
    result = _checked(tmp_path, [_letter(record) for record in POISON[1:]])
    assert (result.missing, result.extra, result.wrong) == (1, 0, 0)
    assert result.differences[0].key == {"topic": "readings.events", "partition": 0, "offset": 10}


def test_a_doubled_letter(tmp_path: Path) -> None:
    result = _checked(tmp_path, [_letter(record) for record in [*POISON, POISON[1]]])
    assert (result.missing, result.extra, result.wrong, result.found) == (0, 1, 0, 4)


def test_a_letter_of_no_poison_and_one_without_an_origin(tmp_path: Path) -> None:
    stranger = _letter(POISON[0].model_copy(update={"offset": 99}))
    nameless = Letter(POISON[0].fingerprint, {})
    assert _checked(tmp_path, [*map(_letter, POISON), stranger, nameless]).extra == 2


def test_a_letter_with_other_bytes_or_another_reason(tmp_path: Path) -> None:
    letters = [_letter(record) for record in POISON]
    letters[0] = replace(letters[0], fingerprint=fingerprint(b""))
    letters[1] = replace(letters[1], headers={**letters[1].headers, REASON: "bad-magic: why"})
    letters[2] = replace(letters[2], headers={**letters[2].headers, REASON: ""})
    result = _checked(tmp_path, letters)
    assert (result.missing, result.extra, result.wrong) == (0, 0, 3)
    assert [list(difference.columns) for difference in result.differences] == [["value"], [REASON], [REASON]]


def _verification(rows: TableResult, letters: LetterResult, *, on_topic: int) -> Verification:
    return Verification(
        pipeline="readings",
        replays=1,
        sent=Sent(records=10, distinct=5, poison=3),
        topic=TopicCount(records=on_topic, expired=0),
        rows=rows,
        aggregates=(),
        dead_letters=letters,
        latency=None,
        waited_seconds=1,
        seconds=1,
    )


def test_conservation_counts_the_topic_apart_from_the_manifests(pipeline_and_tables: Found, tmp_path: Path) -> None:
    rows = _compared(pipeline_and_tables, ROWS)
    letters = _checked(tmp_path / "letters", [_letter(record) for record in POISON])
    whole = _verification(rows, letters, on_topic=10)
    assert whole.sent.duplicates == 2
    assert whole.correct
    stranger = _verification(rows, letters, on_topic=11)
    assert not stranger.conserved
    assert not stranger.correct


def test_the_report_names_key_column_and_both_values(pipeline_and_tables: Found, tmp_path: Path) -> None:
    rows = _compared(pipeline_and_tables, ROWS, "UPDATE {} SET grade = 'a|b' WHERE sensor = 'c'")
    result = _verification(rows, _checked(tmp_path / "letters", []), on_topic=10)
    text = write_differences(result, tmp_path / "reports" / "differences.md").read_text()
    assert "| wrong | read_day=1969-12-31, sensor=c, number=1 | grade | poor | a\\|b |" in text
    assert "| missing | topic=readings.events, partition=1, offset=11 |" in text
    assert "10 records" in text
    document = json.loads(as_json(result))
    assert (document["correct"], document["rows"]["wrong"], document["sent"]["duplicates"]) == (False, 1, 2)
    console = Console(width=160, record=True, file=(tmp_path / "out").open("w"))
    console.print(as_tables(result))
    assert "Differences found" in console.export_text()
