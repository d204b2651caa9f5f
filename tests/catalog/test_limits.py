"""What an event may hold, worked out by hand for a pipeline of every kind of key."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest
import yaml
from tests.pipeline.orders import write_orders_pipeline
from tests.pipeline.records.case import FOLDER
from tests.verify.tiny import write_readings

from weir.catalog.limits import KeyLimit, LetterShare, TimeLimit, event_limits, reference_ranges
from weir.catalog.pipeline import Pipeline, load_pipeline
from weir.config.errors import ConfigError

pytestmark = pytest.mark.unit

YEARS = "0001-01-01 to 9999-12-31"


def changed(tmp_path: Path, **settings: object) -> Pipeline:
    folder = tmp_path / "records"
    folder.mkdir()
    spec = yaml.safe_load((FOLDER / "pipeline.yaml").read_text()) | settings
    (folder / "pipeline.yaml").write_text(yaml.safe_dump(spec))
    (folder / "event.avsc").write_bytes((FOLDER / "event.avsc").read_bytes())
    return load_pipeline(folder)


def test_event_times_span_three_centuries_and_other_years_have_four_digits(tmp_path: Path) -> None:
    orders = load_pipeline(write_orders_pipeline(tmp_path, orders=1))
    assert event_limits(orders).times == (
        # 1900-01-01T00:00:00.000Z and 2199-12-31T23:59:59.999Z.
        TimeLimit("placed_at", -2_208_988_800_000, 7_258_118_399_999, "1900-01-01 to 2199-12-31"),
        TimeLimit("delivery_day", -719_162, 2_932_896, YEARS),
    )


def test_a_pipeline_may_say_otherwise(tmp_path: Path) -> None:
    pipeline = changed(tmp_path, event_time_range={"earliest": "2020-02-29", "latest": "2020-02-29"})
    (limit, *_) = event_limits(pipeline).times
    assert (limit.first, limit.last) == (1_582_934_400_000, 1_582_934_400_000 + 86_400_000 - 1)


@pytest.mark.parametrize(
    ("limit", "letters"),
    [
        ({"max_ratio": 0.05}, LetterShare("records", 0.05, 500, 10_000)),
        ({"max_ratio": 0.29, "window_events": 100}, LetterShare("records", 0.29, 29, 100)),
        ({"max_ratio": 0.009, "window_events": 100}, LetterShare("records", 0.009, 0, 100)),
        ({"max_ratio": 0.999999, "window_events": 1_000_000}, LetterShare("records", 0.999999, 999_999, 1_000_000)),
    ],
)
def test_too_many_letters_are_more_than_the_share_rounded_down(
    tmp_path: Path, limit: dict[str, float], letters: LetterShare
) -> None:
    dead_letters = {"topic": "records.dead-letters", "retention_hours": 24}
    found = event_limits(changed(tmp_path, dead_letters={**dead_letters, "limit": limit}))
    assert found.letters == letters
    assert found.document()["letters"] == asdict(letters)


def test_without_a_limit_of_letters_the_document_has_none(tmp_path: Path) -> None:
    assert set(event_limits(changed(tmp_path)).document()) == {"times", "keys"}


@pytest.mark.parametrize(
    ("limit", "told"),
    [
        ({"max_ratio": 0}, "dead_letters.limit.max_ratio: not above 0"),
        ({"max_ratio": 1}, "dead_letters.limit.max_ratio: not below 1"),
        ({"window_events": 1000}, "dead_letters.limit.max_ratio: missing"),
        ({"max_ratio": 0.1, "window_events": 99}, "dead_letters.limit.window_events: below the minimum 100"),
        ({"max_ratio": 0.1, "window_events": 1_000_001}, "dead_letters.limit.window_events: above the maximum"),
    ],
)
def test_a_limit_of_letters_that_cannot_be_is_refused(tmp_path: Path, limit: dict[str, float], told: str) -> None:
    with pytest.raises(ConfigError) as refused:
        changed(tmp_path, dead_letters={"topic": "records.dead-letters", "retention_hours": 24, "limit": limit})
    (problem,) = refused.value.problems
    assert problem.startswith(told)


def test_a_key_of_one_column_has_all_bytes_and_must_have_one(tmp_path: Path) -> None:
    rows = {"table": "events", "partition_key": ["country"], "clustering_key": ["day", "id"]}
    keys = event_limits(changed(tmp_path, rows=rows, aggregates=[])).keys
    assert keys == (
        KeyLimit("partition key of events", ("country",), (0,), 65_535, not_empty=True),
        # A date has four bytes.
        KeyLimit("clustering key of events", ("id",), (0,), 65_531, not_empty=False),
    )


def test_each_part_of_a_composite_key_costs_three_bytes_and_may_be_empty(tmp_path: Path) -> None:
    rows = {"table": "events", "partition_key": ["country", "ts", "id"]}
    (key,) = event_limits(changed(tmp_path, rows=rows, aggregates=[])).keys
    assert key == KeyLimit("partition key of events", ("country", "id"), (0, 0), 65_535 - 9 - 8, not_empty=False)


def test_dimensions_have_room_for_joined_texts_and_for_the_null_stand_in(tmp_path: Path) -> None:
    aggregate = {
        "table": "t",
        "grain": "day",
        "partition_key": ["day"],
        "dimensions": [
            {"column": "city", "when_null": "nowhere"},
            {"column": "shop", "when_null": "z\u00fc"},
            "weight",
            "country",
        ],
        "measures": {"events": {"count": "all"}},
    }
    rows = {"table": "events", "partition_key": ["id"]}
    keys = event_limits(changed(tmp_path, rows=rows, aggregates=[aggregate])).keys
    assert keys[1:] == (
        KeyLimit("clustering key of t", ("shop", "country"), (3, 0), 65_535 - 4_096 - 8, not_empty=False),
    )


def test_a_limit_that_another_one_implies_is_not_checked_twice() -> None:
    keys = {limit.key for limit in event_limits(load_pipeline(FOLDER)).keys}
    clustering = {f"clustering key of {table}" for table in ("events", "by_city", "select")}
    assert keys == {"partition key of events", *clustering}


def test_a_reference_row_must_fit_into_the_keys_that_it_is_joined_into() -> None:
    assert reference_ranges(load_pipeline(FOLDER), "shops") == {"city": (1, 4_096)}


def test_a_joined_key_part_may_be_empty_and_a_joined_year_has_four_digits(tmp_path: Path) -> None:
    orders = load_pipeline(write_orders_pipeline(tmp_path, orders=1))
    assert reference_ranges(orders, "products") == {"category": (0, 4_096)}
    assert reference_ranges(orders, "shops") == {"city": (0, 4_096), "opened": (-719_162, 2_932_896)}


def test_keys_of_numbers_and_times_have_no_limit(tmp_path: Path) -> None:
    pipeline, _ = write_readings(tmp_path)
    assert [limit.key for limit in event_limits(pipeline).keys] == ["clustering key of readings_enriched"]
