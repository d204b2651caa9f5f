"""The linking of compiled plans, on what Flink 2.2.1 compiled for the flights pipeline (shortened)."""

import json
from pathlib import Path

import pytest

from dedup_join.plan import PlanError, link

pytestmark = pytest.mark.unit

COMPILED = json.loads((Path(__file__).parent / "compiled_plan.json").read_text(encoding="utf-8"))
CORE, TOTALS = COMPILED["core"], COMPILED["totals"]
HORIZON_HOURS = 192


def linked(*tables):
    return link(CORE, {table: TOTALS[table] for table in tables}, "flights_enriched", HORIZON_HOURS)


def uids(plan):
    return {node["configuration"]["table.exec.uid.format"].removesuffix("_<transformation>") for node in plan["nodes"]}


def by_uid(plan):
    """Every operator without its id, which is no part of its identity."""
    return {
        node["configuration"]["table.exec.uid.format"]: {key: value for key, value in node.items() if key != "id"}
        for node in plan["nodes"]
    }


def path_to(plan, node_id):
    kinds = {node["id"]: node["type"].removeprefix("stream-exec-").rpartition("_")[0] for node in plan["nodes"]}
    above = {edge["target"]: edge["source"] for edge in plan["edges"]}
    path = [kinds[node_id]]
    while node_id in above:
        node_id = above[node_id]
        path.append(kinds[node_id])
    return path[::-1]


def test_uids_say_what_an_operator_does():
    assert {
        "rows.source.1",
        "rows.deduplicate.1",
        *(f"rows.join.{number}" for number in range(1, 5)),
        "rows.sink.1",
        "dead-letters.sink.1",
        "totals.traffic_by_day.aggregate.1",
        "totals.traffic_by_day.sink.1",
    } <= uids(linked("traffic_by_day"))


def test_every_operator_has_a_uid_of_its_own():
    plan = linked("traffic_by_day", "delays_by_hour")
    assert len(uids(plan)) == len(plan["nodes"])
    assert len({node["id"] for node in plan["nodes"]}) == len(plan["nodes"])


def test_a_further_table_of_totals_changes_nothing_about_the_others():
    without, one, both = by_uid(linked()), by_uid(linked("delays_by_hour")), by_uid(linked(*TOTALS))
    assert without.items() <= one.items() <= both.items()
    assert len(without) < len(one) < len(both)


def test_the_order_of_tables_does_not_matter():
    assert by_uid(linked("traffic_by_day", "delays_by_hour")) == by_uid(linked("delays_by_hour", "traffic_by_day"))


def test_one_source_and_one_deduplication_feed_every_output():
    plan = linked(*TOTALS)
    kinds = [node["type"].rpartition("_")[0] for node in plan["nodes"]]
    assert kinds.count("stream-exec-table-source-scan") == 1
    assert kinds.count("stream-exec-deduplicate") == 1
    assert kinds.count("stream-exec-lookup-join") == 4
    for node in plan["nodes"]:
        if "totals." in node["configuration"]["table.exec.uid.format"] and "sink" in node["type"]:
            path = path_to(plan, node["id"])
            assert path[0] == "table-source-scan"
            assert path.count("deduplicate") == 1
            assert path[-5:] == ["calc", "exchange", "group-aggregate", "calc", "sink"]


def test_totals_hang_on_what_feeds_the_row_table():
    plan = linked("delays_by_hour")
    feeding = {
        edge["source"]
        for edge in plan["edges"]
        for node in plan["nodes"]
        if node["id"] == edge["target"]
        and node["configuration"]["table.exec.uid.format"].startswith(("rows.sink.1", "totals.delays_by_hour.calc.1"))
    }
    assert len(feeding) == 1


def test_deduplication_forgets_after_the_horizon_and_totals_never():
    ttls = {
        node["configuration"]["table.exec.uid.format"].split("_<")[0]: [state["ttl"] for state in node["state"]]
        for node in linked("traffic_by_day")["nodes"]
        if "state" in node
    }
    assert ttls == {
        "rows.deduplicate.1": [f"{HORIZON_HOURS * 3_600_000} ms"],
        "totals.traffic_by_day.aggregate.1": ["0 ms"],
    }


def test_settings_that_flink_compiled_into_an_operator_are_kept():
    (compiled,) = [node for node in CORE["nodes"] if node["type"].startswith("stream-exec-deduplicate")]
    deduplicate = by_uid(linked())["rows.deduplicate.1_<transformation>"]
    assert compiled["configuration"].items() <= deduplicate["configuration"].items()


def test_linking_leaves_its_input_alone():
    before = json.dumps(COMPILED)
    linked(*TOTALS)
    assert json.dumps(COMPILED) == before


def test_totals_compiled_for_other_rows_are_refused():
    other = json.loads(json.dumps(TOTALS["delays_by_hour"]))
    other["nodes"][0]["outputType"] = other["nodes"][0]["outputType"].replace("`year` INT", "`year` BIGINT")
    with pytest.raises(PlanError, match="delays_by_hour"):
        link(CORE, {"delays_by_hour": other}, "flights_enriched", HORIZON_HOURS)


def test_an_operator_that_the_job_does_not_have_is_refused():
    other = json.loads(json.dumps(CORE))
    other["nodes"][3]["type"] = "stream-exec-changelog-normalize_1"
    with pytest.raises(PlanError, match="changelog-normalize"):
        link(other, {}, "flights_enriched", HORIZON_HOURS)


def test_a_row_table_that_nothing_feeds_is_refused():
    with pytest.raises(PlanError, match="elsewhere"):
        link(CORE, {}, "elsewhere", HORIZON_HOURS)
