"""What a topic's settings and records say besides its events: retention, schemas and rate."""

from __future__ import annotations

import pytest
from tests.sampling.seen_orders import records_of

from weir.clients.events.wire_format import header
from weir.config.errors import WeirError
from weir.sampling.topics import MOST_SCHEMAS, frequent_ids, hours_of, rate_of, retention_of

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(("milliseconds", "hours"), [(-1, None), (1, 1), (3_600_000, 1), (3_600_001, 2)])
def test_a_retention_is_rounded_up_to_hours(milliseconds: int, hours: int | None) -> None:
    assert hours_of(milliseconds) == hours


def test_a_topic_that_deletes_by_age_has_a_retention() -> None:
    assert retention_of("a", {"cleanup.policy": "delete", "retention.ms": "3600001"}) == 2
    assert retention_of("a", {"cleanup.policy": "delete", "retention.ms": "-1"}) is None


@pytest.mark.parametrize("policy", ["compact", "compact,delete", "delete,compact"])
def test_a_compacted_topic_is_refused_for_it_would_lose_records(policy: str) -> None:
    told = f"topic a: its cleanup.policy is {policy}, so it keeps the newest record of each key"
    with pytest.raises(WeirError, match=told):
        retention_of("a", {"cleanup.policy": policy, "retention.ms": "3600000"})


def test_the_registry_is_asked_for_the_most_frequent_schemas_alone() -> None:
    often = [header(7), header(7), None, b"{}", b"\x00\x00"]
    rare = [header(100 + number) for number in range(MOST_SCHEMAS)]
    assert frequent_ids(records_of(*rare, *often)) == [7, *range(100, 99 + MOST_SCHEMAS)]


@pytest.mark.parametrize(
    ("timestamps", "rate"),
    [([0, 1000], 1), ([0, 500, 1000], 2), ([0, 0], None), ([-1, 5], None), ([0, 10**9], 0.01)],
)
def test_a_rate_follows_from_the_first_and_the_last_record(timestamps: list[int], rate: float | None) -> None:
    assert rate_of(timestamps) == rate
