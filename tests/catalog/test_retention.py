"""Lifetimes are converted once, and what follows from them suits them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weir.catalog.dashboard_range import shown_days
from weir.catalog.environment import resolve
from weir.catalog.pipeline import load_pipeline
from weir.catalog.retention import segment_milliseconds, time_window
from weir.catalog.spec import Engine
from weir.catalog.streams import streams_settings
from weir.catalog.topics import event_topic, table_topic
from weir.config.errors import ConfigError
from weir.config.stack import StackConfig
from weir.config.streams import StreamsConfig

pytestmark = pytest.mark.unit

FLIGHTS = load_pipeline(Path(__file__).parents[2] / "pipelines" / "flights")
HOUR = 3_600_000
BASE = {"environment": "test", "target": "embedded", "pipelines": ["flights"]}


@given(st.integers(1, 7300))
def test_every_ttl_has_fewer_than_fifty_windows_and_enough_of_them(days: int) -> None:
    size, unit = time_window(days * 86_400)
    windows = days * 24 / (size * {"HOURS": 1, "DAYS": 24}[unit])
    assert 20 <= windows < 50


@given(st.integers(1, 24 * 366 * 10))
def test_a_segment_is_closed_long_before_the_retention_is_over(hours: int) -> None:
    segment = segment_milliseconds(hours)
    assert HOUR <= segment <= 7 * 24 * HOUR
    assert segment <= max(hours * HOUR / 24, HOUR)


def test_what_never_expires_has_kafkas_own_segments() -> None:
    config = event_topic("held", 1, None, 2**20).config
    assert (config["retention.ms"], config["segment.ms"]) == ("-1", str(7 * 24 * HOUR))


def test_a_table_topic_keeps_the_newest_of_each_key() -> None:
    config = table_topic("planes", 3, 2**20).config
    assert config["cleanup.policy"] == "compact"
    assert "retention.ms" not in config
    assert int(config["segment.ms"]) <= 24 * HOUR, "an open segment is not compacted"


def test_every_topic_goes_by_the_brokers_clock() -> None:
    on_streams = FLIGHTS.on(Engine.KAFKA_STREAMS)
    assert {topic.config["message.timestamp.type"] for topic in on_streams.topics} == {"LogAppendTime"}
    assert streams_settings(StreamsConfig(), on_streams)["topic.message.timestamp.type"] == "LogAppendTime"


def test_a_stack_changes_what_it_names_and_nothing_else() -> None:
    kept = {"source_retention_hours": 24, "rows_ttl_days": 7, "aggregates_ttl_days": {"fleet_by_month": 380}}
    stack = StackConfig.model_validate({**BASE, "retention": {"pipelines": {"flights": kept}, "gc_grace_hours": 48}})
    environment = resolve(stack, [FLIGHTS])
    (here,) = environment.pipelines
    assert here.source_topic.config["retention.ms"] == str(24 * HOUR)
    assert here.dead_letter_topic == FLIGHTS.dead_letter_topic
    assert here.row_table.ttl_seconds == 7 * 86_400
    assert {name: table.ttl_seconds // 86_400 for name, table in here.aggregate_tables.items()} == {
        "traffic_by_day": 400,
        "delays_by_hour": 400,
        "destinations_by_month": 400,
        "fleet_by_month": 380,
    }
    assert {table.gc_grace_seconds for table in environment.tables} == {48 * 3600}
    assert here.spec.deduplication == FLIGHTS.spec.deduplication


def test_a_stack_that_says_nothing_changes_nothing() -> None:
    assert resolve(StackConfig.model_validate(BASE), [FLIGHTS]).pipelines == (FLIGHTS,)


def test_being_in_an_environment_twice_is_being_in_it() -> None:
    kept = {"source_retention_hours": 24, "legal_hold": False}
    stack = StackConfig.model_validate({**BASE, "retention": {"pipelines": {"flights": kept}}})
    once = resolve(stack, [FLIGHTS])
    assert resolve(stack, once.pipelines) == once


@pytest.mark.parametrize("field", ["source_retention_hours", "dead_letters_retention_hours", "rows_ttl_days"])
@pytest.mark.parametrize("held_by", ["the stack file", "the pipeline file"])
def test_an_expiry_that_a_hold_would_ignore_is_refused(field: str, held_by: str) -> None:
    by_stack = held_by == "the stack file"
    kept = {"legal_hold": by_stack, field: 24}
    stack = StackConfig.model_validate({**BASE, "retention": {"pipelines": {"flights": kept}}})
    flights = replace(FLIGHTS, spec=FLIGHTS.spec.model_copy(update={"legal_hold": not by_stack}))
    with pytest.raises(ConfigError, match=f"{field}: legal_hold keeps everything"):
        resolve(stack, [flights])


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("2013-01-01 : 2014-01-02", 366),
        ("2024-02-01T00:00:00 : 2024-03-01T00:00:00", 29),
        ("Last 12 hours", 0.5),
        ("Last day", 1),
        ("Last 7 days", 7),
        ("Last 2 weeks", 14),
        ("Last month", 31),
        ("Last quarter", 92),
        ("last 2 years", 732),
        ("No filter", 0),
    ],
)
def test_a_time_range_spans_days(text: str, days: float) -> None:
    assert shown_days(text) == days
