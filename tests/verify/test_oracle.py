"""The oracle against numbers computed by hand."""

from __future__ import annotations

import math
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.verify.tiny import PIPELINE, write_readings

from weir.catalog.dataset import Dataset
from weir.catalog.pipeline import Pipeline
from weir.verify import oracle
from weir.verify.dataset import open_dataset

pytestmark = pytest.mark.unit


def _computed(tmp_path: Path, sent: list[int], table: str) -> dict[Any, dict[str, Any]]:
    return _computed_of(*write_readings(tmp_path), sent, table)


def _computed_of(pipeline: Pipeline, dataset: Dataset, sent: list[int], table: str) -> dict[Any, dict[str, Any]]:
    connection = open_dataset(pipeline, dataset)
    oracle.compute(connection, pipeline, np.array(sent))
    result = connection.execute(f"SELECT * FROM {oracle.expected_table(table)}")
    names = [column[0] for column in result.description]
    rows = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
    return {
        (row["sensor"], row["number"]) if "sensor" in row else (row["read_month"], row["place"]): row for row in rows
    }


def test_an_event_without_a_match_keeps_its_row_with_nulls(tmp_path: Path) -> None:
    rows = _computed(tmp_path, [0, 1, 2, 3, 4], "readings_enriched")
    assert len(rows) == 5
    assert (rows["a", 1]["site_name"], rows["a", 1]["site_height"]) == ("north", 10)
    # Site 9 is unknown; an event without a site matches nothing, not even a reference without one.
    assert (rows["b", 1]["site_name"], rows["b", 1]["site_height"]) == (None, None)
    assert (rows["b", 2]["site_name"], rows["b", 2]["site_height"]) == (None, None)


def test_times_are_truncated_in_utc_before_and_after_1970(tmp_path: Path) -> None:
    rows = _computed(tmp_path, [0, 1, 2, 3, 4], "readings_enriched")
    names = ("read_hour", "read_day", "read_month", "read_year")
    assert tuple(rows["a", 1][name] for name in names) == (
        datetime(2024, 2, 29, 23),
        date(2024, 2, 29),
        date(2024, 2, 1),
        date(2024, 1, 1),
    )
    assert rows["b", 1]["read_day"] == date(2024, 2, 29)
    assert rows["c", 1]["read_hour"] == datetime(1969, 12, 31, 23)
    assert rows["c", 1]["read_month"] == date(1969, 12, 1)


@pytest.mark.parametrize(
    ("bucket", "expected"),
    [
        # The first four bytes of the SHA-256 of `a`, U+001F, `1`, and so on.
        ("{hash: 16}", [4, 14, 2, 7, 13]),
        (
            "{time: hour}",
            [datetime(2024, 2, 29, hour) for hour in (23, 12, 23)]
            + [datetime(2024, 3, 1, 0), datetime(1969, 12, 31, 23)],
        ),
        (
            "{time: year, column: bucket}",
            [date(2024, 1, 1)] * 4 + [date(1969, 1, 1)],
        ),
    ],
)
def test_a_row_is_in_the_bucket_of_its_id_or_time(tmp_path: Path, bucket: str, expected: list[Any]) -> None:
    changed = PIPELINE.replace(
        "clustering_key: [sensor, number]", f"clustering_key: [sensor, number]\n  bucket: {bucket}"
    )
    rows = _computed_of(*write_readings(tmp_path, pipeline=changed), [0, 1, 2, 3, 4], "readings_enriched")
    assert [rows[key]["bucket"] for key in (("a", 1), ("a", 2), ("b", 1), ("b", 2), ("c", 1))] == expected


def test_measures_of_a_group(tmp_path: Path) -> None:
    totals = _computed(tmp_path, [0, 1, 2, 3, 4], "totals_by_month")
    february = totals[date(2024, 2, 1), "north"]
    assert february == {
        "read_month": date(2024, 2, 1),
        "place": "north",
        "readings": 2,
        "valued": 1,
        "total": 3,
        "least": 3,
        "greatest": 3,
        "highest": 0.5,
        "unflagged": 0,
        "flagged": 1,
        "good_total": 3,
        "low": 1,
        "high": 0,
        "on_height": 2,
    }


def test_a_count_of_nothing_is_0_and_any_other_measure_of_nothing_is_null(tmp_path: Path) -> None:
    totals = _computed(tmp_path, [0, 1, 2, 3, 4], "totals_by_month")
    march = totals[date(2024, 3, 1), "who's there"]
    assert (march["readings"], march["valued"], march["low"]) == (1, 0, 0)
    assert (march["total"], march["least"], march["greatest"], march["good_total"]) == (None, None, None, None)
    assert march["highest"] == 2.5


def test_a_missing_dimension_is_replaced_before_grouping(tmp_path: Path) -> None:
    totals = _computed(tmp_path, [0, 1, 2, 3, 4], "totals_by_month")
    assert set(totals) == {
        (date(2024, 2, 1), "north"),
        (date(2024, 2, 1), "who's there"),
        (date(2024, 3, 1), "who's there"),
        (date(1969, 12, 1), "north"),
    }


NUMBERS = """\
sensor,number,read_at,site,grade,value,ratio,flag,raw,checked_on,amount,share
a,1,2024-01-01T00:00:00Z,1,good,1,NaN,NA,NA,NA,9000000000000000000,0.1
a,2,2024-01-01T00:00:00Z,1,good,2,2.0,NA,NA,NA,9000000000000000000,-0.0
b,1,2024-02-01T00:00:00Z,1,good,5,-0.0,NA,NA,NA,-9000000000000000000,0.0
b,2,2024-02-01T00:00:00Z,1,good,6,0.0,NA,NA,NA,-9000000000000000000,NaN
b,3,2024-02-01T00:00:00Z,1,good,6,-Infinity,NA,NA,NA,9000000000000000000,NA
b,4,2024-02-01T00:00:00Z,1,good,6,Infinity,NA,NA,NA,1,NA
c,1,2024-03-01T00:00:00Z,1,good,6,NaN,NA,NA,NA,-9000000000000000000,NA
c,2,2024-03-01T00:00:00Z,1,good,6,NA,NA,NA,NA,-9000000000000000000,NA
d,1,2024-04-01T00:00:00Z,1,good,6,NA,NA,NA,NA,NA,NA
"""
MORE_FIELDS = [
    {"name": "amount", "type": ["null", "long"], "default": None},
    {"name": "share", "type": ["null", "float"], "default": None},
]
MEASURES = """
    dimensions: [{column: site_name, when_null: none, as: place}]
    measures:
      n: {count: all}
      amount: {sum: amount}
      least: {min: ratio}
      greatest: {max: ratio}
      above_five: {count: all, where: {column: ratio, greater_than: 5}}
      below_five: {count: all, where: {column: ratio, less_than: 5}}
      above_a_tenth: {count: all, where: {column: share, greater_than: 0.1}}
      above_fraction: {count: all, where: {column: value, greater_than: 5.5}}
      below_fraction: {count: all, where: {column: value, less_than: 5.5}}
dead_letters:"""


def test_floats_have_one_order_and_sums_end_at_64_bits(tmp_path: Path) -> None:
    begin, end = PIPELINE.index("    dimensions:"), PIPELINE.index("dead_letters:")
    text = PIPELINE[:begin] + MEASURES.removeprefix("\n") + PIPELINE[end + len("dead_letters:") :]
    folder = write_readings(tmp_path, more_fields=MORE_FIELDS, readings=NUMBERS, pipeline=text)
    totals = _computed_of(*folder, list(range(9)), "totals_by_month")
    nan, infinity = math.nan, math.inf
    found = {month.month: [*row.values()][2:] for (month, _place), row in sorted(totals.items())}
    assert repr(found) == repr(
        {
            1: [2, 2**63 - 1, 2.0, nan, 1, 1, 1, 0, 2],
            2: [4, -9000000000000000000 + 1, -infinity, infinity, 1, 3, 1, 3, 1],
            3: [2, -(2**63), nan, nan, 1, 0, 0, 2, 0],
            4: [1, None, None, None, 0, 0, 0, 1, 0],
        }
    )


def test_the_zero_with_a_sign_is_zero_in_rows(tmp_path: Path) -> None:
    folder = write_readings(tmp_path, more_fields=MORE_FIELDS, readings=NUMBERS)
    rows = _computed_of(*folder, list(range(9)), "readings_enriched")
    assert repr((rows["b", 1]["ratio"], rows["a", 2]["share"])) == "(0.0, 0.0)"


def test_only_events_that_were_sent_are_expected_and_each_once(tmp_path: Path) -> None:
    rows = _computed(tmp_path, [4, 0, 4], "readings_enriched")
    assert set(rows) == {("a", 1), ("c", 1)}
