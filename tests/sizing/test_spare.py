"""What a lost zone asks of the others."""

from __future__ import annotations

from typing import Any

import pytest
from tests.sizing.stacks import AVAILABLE, merged, rates, sized

from weir.sizing.spare import Spare, spare_of

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("zones", "factor", "requests", "copies"),
    [
        (1, 1, 1.0, 1.0),
        (3, 1, 1.0, 1.0),
        (3, 3, 1.5, 1.0),
        (1, 3, 1.5, 1.0),
        (2, 2, 2.0, 1.0),
        (4, 3, 4 / 3, 4 / 3),
        (6, 3, 1.2, 1.2),
    ],
)
def test_requests_move_and_copies_only_where_a_rack_is_free(
    zones: int, factor: int, requests: float, copies: float
) -> None:
    assert spare_of(zones, factor) == Spare(requests, copies)


def cores_of(service: str, base: dict[str, Any]) -> float:
    """All nodes' cores as the sum says, before they are rounded."""
    because = sized(base).explanation_of(service).because
    return float(because.split("in total " if "in total" in because else "in all ")[1].split(" cores")[0])


def test_three_copies_in_three_racks_need_no_half_more_of_writes() -> None:
    busy = merged(AVAILABLE, {"workload": rates(50_000, 1000, dashboard_users=0)})
    # Of a copy's core-seconds a third is coordination, which rises by half: 2/3 + 1/3 * 1.5.
    alone = merged(busy, {"availability": {"zones": ["a"]}})
    assert cores_of("cassandra.nodes", busy) == cores_of("cassandra.nodes", alone)
    six = merged(busy, {"availability": {"zones": list("abcdef")}})
    assert cores_of("cassandra.nodes", six) / cores_of("cassandra.nodes", busy) == pytest.approx(
        1.2 / (2 / 3 + 1.5 / 3), rel=0.01
    )


def test_workers_of_trino_have_room_for_those_of_a_lost_zone() -> None:
    # 2,000 users with 12 charts a minute: 400 queries/s, 200 busy cores, and 300 with a zone down.
    plan = sized(AVAILABLE, workload=rates(1000, dashboard_users=2000))
    assert plan.trino.workers == 75
    assert plan.explanation_of("trino.workers").because.endswith("with one zone down")
    assert sized(AVAILABLE, workload=rates(1000, dashboard_users=0)).trino.workers == 2


def test_a_job_says_what_a_lost_zone_moves() -> None:
    plan = sized(AVAILABLE, workload=rates(30_000, 1000))
    because = plan.explanation_of("flink.flights.task_managers").because
    assert "if a zone is lost" in because
    assert "room for" in because
    assert "zone" not in sized().explanation_of("flink.flights.task_managers").because
