"""What holds data in a standing environment does not become smaller, whatever its files ask for."""

from __future__ import annotations

import pytest
from tests.sizing.standing import environment_of, planned, shrunk, stack_file_of, standing_of

from weir.sizing import Bound, SizingRefused, plan_for
from weir.sizing.standing import Pods, stale_decisions
from weir.sizing.what_if import what_if

pytestmark = pytest.mark.unit

ZONES = "availability.zones=[{}]"
PEAKS = [f"peak_events_per_second={thousands}000" for thousands in (21, 25, 26, 28, 30, 35, 50)]
PINNED = "resources.cassandra.node.disk_gib=4096"
NINE = "decisions.fewer_nodes.cassandra=9"


@pytest.mark.parametrize(
    "change",
    [
        *PEAKS,
        ZONES.format("eu-west-1a, eu-west-1b, eu-west-1c, eu-west-1d"),
        "resources.largest_pod.disk_gib=2048",
        "resources.largest_pod={cpu_cores: 8, memory_mib: 32768, disk_gib: 4096}",
        "source_retention_hours=72",
        "retention.tiered_storage.enabled=true",
        "peak_events_per_second=10000",
        "mean_events_per_second=400",
        "workload.recovery.backlog_minutes=30",
        "event_bytes=50",
        "rows_ttl_days=30",
        "availability.highly_available=false",
    ],
)
def test_a_change_of_prod_is_planned_and_shrinks_nothing(change: str) -> None:
    standing = planned("prod")
    assert shrunk(standing, planned("prod", change, on=standing)) == {}


def test_growth_adds_brokers_of_the_standing_size() -> None:
    limit = "resources.largest_pod.disk_gib=1400"
    standing = planned("prod", limit)
    grown = planned("prod", limit, "peak_events_per_second=26000", on=standing)
    fresh = planned("prod", limit, "peak_events_per_second=26000")
    assert fresh.kafka.broker.disk_gib < standing.kafka.broker.disk_gib == grown.kafka.broker.disk_gib
    assert grown.kafka.brokers == fresh.kafka.brokers > standing.kafka.brokers


def test_what_holds_no_data_follows_a_lower_peak() -> None:
    standing = planned("prod")
    halved = planned("prod", "peak_events_per_second=10000", on=standing)
    fresh = planned("prod", "peak_events_per_second=10000")
    assert halved.kafka.topics[0].partitions == standing.kafka.topics[0].partitions > fresh.kafka.topics[0].partitions
    assert halved.flink == fresh.flink
    assert halved.kafka.broker.cpu_cores < standing.kafka.broker.cpu_cores


def test_the_explanations_name_the_standing_plan_where_it_decides() -> None:
    halved = planned("prod", "peak_events_per_second=10000", "source_retention_hours=48", on=planned("prod"))
    for figure in ("kafka.broker.disk_gib", "kafka.topics.flights.events.partitions"):
        assert halved.explanation_of(figure).bound is Bound.STANDING


@pytest.mark.parametrize("name", ["dev", "staging", "prod", "local"])
def test_planning_on_top_of_oneself_changes_nothing(name: str) -> None:
    plan = planned(name)
    assert planned(name, on=plan) == plan


@pytest.mark.parametrize(
    ("stack", "change", "racks"),
    [
        ("dev", "[zone-a, zone-b, zone-c]", ("zone-a", "zone-b", "zone-c")),
        ("dev", "[zone-b, zone-a]", ("zone-a", "zone-b")),
        ("prod", "[eu-west-1c, eu-west-1a, eu-west-1b]", ("eu-west-1a", "eu-west-1b", "eu-west-1c")),
        (
            "prod",
            "[eu-west-1a, eu-west-1d, eu-west-1b, eu-west-1c]",
            ("eu-west-1a", "eu-west-1b", "eu-west-1c", "eu-west-1d"),
        ),
    ],
)
def test_racks_keep_their_order_and_new_ones_come_last(stack: str, change: str, racks: tuple[str, ...]) -> None:
    standing = planned(stack)
    plan = planned(stack, f"availability.zones={change}", on=standing)
    assert plan.cassandra.racks == racks
    assert plan.cassandra.nodes_per_rack >= standing.cassandra.nodes_per_rack


@pytest.mark.parametrize(
    ("stack", "changes", "words"),
    [
        ("dev", ["availability.zones=[a, b, c]"], ["zone-a", "neither renames nor removes", "availability.zones"]),
        ("prod", ["availability.zones=[eu-west-1a, eu-west-1b, x]"], ["eu-west-1c", "add new zones"]),
        (
            "prod",
            [ZONES.format("eu-west-1a, eu-west-1b, eu-west-1c, d"), "resources.cassandra.nodes_per_rack=4"],
            ["Cassandra nodes would fall to 16, but 24", "resources.cassandra.nodes_per_rack"],
        ),
        (
            "prod",
            ["resources.cassandra.nodes_per_rack=5", "rows_ttl_days=30"],
            ["fall to 15, but 18", "decisions.fewer_nodes.cassandra"],
        ),
        (
            "prod",
            ["resources.max_cassandra_nodes=15", "rows_ttl_days=30"],
            ["fall to 15, but 18", "resources.max_cassandra_nodes"],
        ),
        ("prod", ["resources.cassandra.node.disk_gib=500"], ["would shrink from", "resources.cassandra.node.disk_gib"]),
        ("prod", ["resources.kafka.broker.disk_gib=500"], ["to 500 GiB", "resources.kafka.broker.disk_gib"]),
        ("prod", ["resources.kafka.controller.disk_gib=10"], ["from 20 to 10", "resources.kafka.controller.disk_gib"]),
        (
            "prod",
            ["resources.superset.postgresql.disk_gib=5"],
            ["from 10 to 5", "resources.superset.postgresql.disk_gib"],
        ),
    ],
)
def test_less_than_what_stands_is_refused_with_the_way_out(stack: str, changes: list[str], words: list[str]) -> None:
    with pytest.raises(SizingRefused) as refused:
        planned(stack, *changes, on=planned(stack))
    assert refused.value.bottleneck is Bound.STANDING
    for word in words:
        assert word in str(refused.value)


def test_nodes_stay_while_rows_keep_their_old_lifetime() -> None:
    standing = planned("prod", PINNED)
    assert standing.cassandra.nodes == 18
    shorter = planned("prod", PINNED, "rows_ttl_days=30", on=standing)
    decided = planned("prod", PINNED, "rows_ttl_days=30", NINE, on=standing)
    gone = planned("prod", PINNED, "rows_ttl_days=30", NINE, "decisions.held_gib.cassandra=10000", on=shorter)
    assert [plan.cassandra.nodes for plan in (shorter, decided, gone)] == [18, 18, 9]
    assert shorter.cassandra.held_gib == standing.cassandra.held_gib == standing.cassandra.data_gib
    assert shorter.cassandra.held_ttl_days == standing.cassandra.held_ttl_days
    assert shorter.cassandra.held_ttl_days["flights.flights_enriched"] == 90
    assert gone.cassandra.held_ttl_days["flights.flights_enriched"] == 30
    assert gone.cassandra.held_gib == max(gone.cassandra.data_gib, 10000)


def test_a_decision_says_how_few_nodes_may_remain() -> None:
    kafka, cassandra = "resources.kafka={brokers: 9, broker: {disk_gib: 3290}}", "resources.cassandra.nodes_per_rack=12"
    standing = planned("prod", kafka, cassandra, "resources.cassandra.node.disk_gib=4096")
    both = ("decisions.fewer_nodes.kafka=6", "decisions.fewer_nodes.cassandra=30")
    assert planned("prod", on=standing).kafka.brokers == 9
    assert planned("prod", on=standing).cassandra.nodes == 36
    fewer = planned("prod", *both, on=standing)
    assert (fewer.kafka.brokers, fewer.cassandra.nodes) == (6, 30)
    assert planned("prod", *both, on=fewer).cassandra.nodes == 30


@pytest.mark.parametrize(
    ("fewer", "held_gib", "room_gib", "least"),
    [
        (None, 0, 100, 10),
        (4, 300, 100, 4),
        (4, 400, 100, 4),
        (4, 401, 100, 5),
        (4, 2000, 100, 10),
        (12, 0, 100, 10),
        (4, 0, 0, 10),
    ],
)
def test_nodes_leave_only_where_the_rest_has_room(
    fewer: int | None, held_gib: int, room_gib: float, least: int
) -> None:
    assert Pods(standing=10, fewer=fewer, held_gib=held_gib).least(room_gib) == least


def test_a_decision_that_lets_nothing_through_is_stale() -> None:
    standing = standing_of(planned("prod"))
    held = standing.cassandra.held_gib
    decided = {"fewer_nodes": {"kafka": 3, "cassandra": 17}, "held_gib": {"cassandra": held, "kafka": 10}}
    stack = what_if(stack_file_of("prod"), [f"decisions={decided}"])
    assert [line.split(":")[0] for line in stale_decisions(stack, standing)] == [
        "decisions.fewer_nodes.kafka",
        "decisions.held_gib.cassandra",
    ]
    assert len(stale_decisions(stack, None)) == 4


@pytest.mark.parametrize("change", ["peak_events_per_second=3000000", "resources.max_kafka_brokers=3"])
def test_the_nearest_feasible_load_keeps_the_floor(change: str) -> None:
    standing = planned("prod", "peak_events_per_second=40000")
    asked = [change, "growth_percent_per_year=0", "peak_events_per_second=3000000", "mean_events_per_second=600000"]
    stack = what_if(stack_file_of("prod"), [*asked, "resources.max_kafka_brokers=6"])
    with pytest.raises(SizingRefused) as refused:
        plan_for(environment_of(stack), standing_of(standing))
    assert refused.value.feasible
    nearest = refused.value.feasible["flights"]

    def at(share: float) -> None:
        rates = [f"peak_events_per_second={nearest.peak * share}", f"mean_events_per_second={nearest.mean * share}"]
        plan_for(environment_of(what_if(stack, rates)), standing_of(standing))

    at(1.0)
    with pytest.raises(SizingRefused):
        at(1.02)
