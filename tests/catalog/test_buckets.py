"""The buckets of rows: everybody who computes one finds the same, and none is much fuller than the others."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.catalog.bucket_ids import Id, ids
from tests.catalog.test_refused_pipelines import loaded

from dedup_join.buckets import bucket_expression
from weir.catalog.buckets import HASHABLE, Value, bucket_of
from weir.catalog.limits import event_limits
from weir.catalog.pipeline import load_pipeline
from weir.catalog.types import ColumnType
from weir.clients.cassandra_rows import row_key
from weir.config.errors import ConfigError
from weir.config.repository import REPOSITORY
from weir.verify.dataset import SQL_TYPES
from weir.verify.oracle import hash_bucket

pytestmark = pytest.mark.unit

BUCKET = ("rows", "bucket")
IDS = ids()
VALUES: dict[ColumnType, st.SearchStrategy[Any]] = {
    ColumnType.TEXT: st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    ColumnType.INT: st.integers(-(2**31), 2**31 - 1),
    ColumnType.BIGINT: st.integers(-(2**63), 2**63 - 1),
    ColumnType.BOOLEAN: st.booleans(),
    ColumnType.DATE: st.dates(),
    ColumnType.TIMESTAMP: st.datetimes(timezones=st.just(UTC)).map(
        lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000)
    ),
}
# What Flink writes otherwise than DuckDB is tested on Flink itself (tests/contract/test_buckets_on_flink.py).
ALIKE = (ColumnType.TEXT, ColumnType.INT, ColumnType.BIGINT, ColumnType.BOOLEAN, ColumnType.DATE)


def keys(*kinds: ColumnType) -> st.SearchStrategy[list[tuple[ColumnType, Value]]]:
    """Ids of one to four columns."""
    part = st.sampled_from(kinds).flatmap(lambda kind: st.tuples(st.just(kind), VALUES[kind]))
    return st.lists(part, min_size=1, max_size=4)


def on_duckdb(expression: str, key: list[tuple[ColumnType, Value]]) -> int:
    """The value of an expression of columns `c0`, `c1`, ..."""
    columns = [f"CAST(? AS {SQL_TYPES[kind]}) AS c{index}" for index, (kind, _) in enumerate(key)]
    values = [value.replace(tzinfo=None) if isinstance(value, datetime) else value for _, value in key]
    (row,) = _duckdb().execute(f"SELECT {expression} FROM (SELECT {', '.join(columns)})", values).fetchall()
    return row[0]


@cache
def _duckdb() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1})


def by_oracle(key: list[tuple[ColumnType, Value]], count: int) -> int:
    return on_duckdb(hash_bucket({f"c{index}": kind for index, (kind, _) in enumerate(key)}, count), key)


def by_sql_of_flink(key: list[tuple[ColumnType, Value]], count: int) -> int:
    expression = bucket_expression([(f"c{index}", kind) for index, (kind, _) in enumerate(key)], count)
    return on_duckdb(expression.replace("U&'\\001F'", "chr(31)"), key)


def test_the_ids_of_all_tests_have_every_type_that_is_hashed() -> None:
    assert {kind for each in IDS for kind in each.types} == set(HASHABLE)


@pytest.mark.parametrize("each", IDS, ids=[f"{number}" for number in range(len(IDS))])
def test_an_id_is_in_the_bucket_that_every_reader_computes(each: Id) -> None:
    key = list(zip(each.types, each.values, strict=True))
    assert {count: bucket_of(each.values, count) for count in each.buckets} == each.buckets
    assert {count: by_oracle(key, count) for count in each.buckets} == each.buckets
    if set(each.types) <= set(ALIKE):
        assert {count: by_sql_of_flink(key, count) for count in each.buckets} == each.buckets


@settings(max_examples=50, deadline=None)
@given(key=keys(*HASHABLE), exponent=st.integers(1, 10))
def test_the_oracle_agrees_on_any_id(key: list[tuple[ColumnType, Value]], exponent: int) -> None:
    assert by_oracle(key, 2**exponent) == bucket_of([value for _, value in key], 2**exponent)


@settings(max_examples=50, deadline=None)
@given(key=keys(*ALIKE), exponent=st.integers(1, 10))
def test_the_sql_of_the_job_agrees_on_any_id(key: list[tuple[ColumnType, Value]], exponent: int) -> None:
    assert by_sql_of_flink(key, 2**exponent) == bucket_of([value for _, value in key], 2**exponent)


@pytest.mark.parametrize("id_of", [lambda n: [n], lambda n: [f"order-{n}"], lambda n: ["de", n]])
def test_no_bucket_is_a_tenth_fuller_than_the_mean(id_of: Any) -> None:
    buckets = Counter(bucket_of(id_of(number), 16) for number in range(100_000))
    assert sorted(buckets) == list(range(16))
    assert max(buckets.values()) <= 1.1 * 100_000 / 16


ORDER = {
    "country": "de",
    "order_number": 7,
    "placed_at": datetime(2026, 1, 5, 10, 59, 59, 999_000, tzinfo=UTC),
}


@pytest.mark.parametrize(
    ("bucket", "kind", "value"),
    [
        ({"hash": 16}, ColumnType.INT, bucket_of(["de", 7], 16)),
        ({"time": "hour"}, ColumnType.TIMESTAMP, datetime(2026, 1, 5, 10, tzinfo=UTC)),
        ({"time": "month", "column": "placed_month"}, ColumnType.DATE, date(2026, 1, 1)),
    ],
)
def test_a_row_is_asked_for_with_its_bucket(
    tmp_path: Path, bucket: dict[str, Any], kind: ColumnType, value: Any
) -> None:
    pipeline = loaded(tmp_path, {BUCKET: bucket})
    name = bucket.get("column", "bucket")
    assert pipeline.row_table.partition_key == ("country", "placed_day", name)
    assert pipeline.row_table.columns[name] is kind
    assert row_key(pipeline, ORDER) == ("de", date(2026, 1, 5), value, ORDER["placed_at"], 7)


def test_a_key_of_one_text_and_a_bucket_may_be_empty_but_is_longer(tmp_path: Path) -> None:
    changes = {
        ("rows", "partition_key"): ["country"],
        ("rows", "clustering_key"): ["order_number"],
        BUCKET: {"hash": 2},
    }
    limits = {limit.key: limit for limit in event_limits(loaded(tmp_path, changes)).keys}
    limit = limits["partition key of orders_enriched"]
    # 65,535 bytes, less the four of the bucket and three for each of the two parts.
    assert (limit.max_bytes, limit.not_empty) == (65_525, False)


@pytest.mark.parametrize(
    ("bucket", "told"),
    [
        ({}, "rows.bucket: set exactly one of hash, time"),
        ({"hash": 4, "time": "hour"}, "rows.bucket: set exactly one of hash, time"),
        ({"hash": 10}, "rows.bucket.hash: 10 is not a power of two; use 8 or 16"),
        ({"hash": 1}, "rows.bucket.hash: below the minimum 2"),
        ({"hash": 2048}, "rows.bucket.hash: above the maximum 1024"),
        ({"time": "week"}, "rows.bucket.time: "),
        ({"hash": 4, "column": "sku"}, "rows.bucket.column: 'sku' is already a column of the event, derived or joined"),
        ({"time": "day", "column": "placed_day"}, "rows.bucket.column: 'placed_day' is already a column"),
        ({"hash": 4, "column": "category"}, "rows.bucket.column: 'category' is already a column"),
    ],
)
def test_a_bucket_that_cannot_be_is_refused(tmp_path: Path, bucket: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, {BUCKET: bucket})
    (problem,) = caught.value.problems
    assert problem.startswith(told)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


@pytest.mark.parametrize("kind", ["float", "double", "bytes"])
def test_an_id_without_a_text_of_its_own_is_not_hashed(tmp_path: Path, kind: str) -> None:
    changes: dict[tuple[str | int, ...], Any] = {
        ("deduplication", "key"): ["country", "order_number", "reading"],
        ("rows", "clustering_key"): ["placed_at", "order_number", "reading"],
    }
    field = {"name": "reading", "type": kind}
    with pytest.raises(ConfigError, match=r"rows\.bucket\.hash: deduplication column 'reading' is "):
        loaded(_made(tmp_path / "hash"), changes, field)
    assert loaded(_made(tmp_path / "time"), {**changes, BUCKET: {"time": "hour"}}, field).row_table


def test_the_buckets_column_is_not_listed_in_the_key(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="key column 'bucket' is the bucket, which is added to the partition key"):
        loaded(tmp_path, {("rows", "partition_key"): ["country", "placed_day", "bucket"]})


def test_without_a_bucket_nothing_is_different() -> None:
    flights = load_pipeline(REPOSITORY / "pipelines" / "flights")
    assert flights.spec.rows.bucket is None
    assert flights.spec.truncated == flights.spec.derived
    assert flights.row_table.partition_key == ("flight_date", "origin")
