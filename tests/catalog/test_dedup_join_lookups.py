"""Projections behind lookup joins, on plans in the form that Flink 2.2 compiles."""

import copy

import pytest

from dedup_join.lookups import fold_projections

pytestmark = pytest.mark.unit

EVENT = ["id", "faa_code"]
REFERENCE = ["faa", "name", "lat"]


def row(names):
    return "ROW<{}>".format(", ".join(f"`{name}` VARCHAR(2147483647)" for name in names))


def ref(index):
    return {"kind": "INPUT_REF", "inputIndex": index, "type": "VARCHAR(2147483647)"}


def plan(projection, *, on_reference=None, condition=None):
    """An exchange, a join of the event with the reference, a projection of both, and a sink."""
    looked_up = REFERENCE if on_reference is None else [REFERENCE[entry["inputIndex"]] for entry in on_reference]
    nodes = [
        {"id": 1, "type": "stream-exec-exchange_1", "outputType": row(EVENT)},
        {
            "id": 2,
            "type": "stream-exec-lookup-join_1",
            "temporalTable": {"outputType": row(REFERENCE)},
            "projectionOnTemporalTable": on_reference,
            "lookupKeys": {"0": {"type": "FieldRef", "index": 1}},
            "outputType": row([*EVENT, *looked_up]),
        },
        {
            "id": 3,
            "type": "stream-exec-calc_1",
            "projection": projection,
            "condition": condition,
            "outputType": row([f"c{number}" for number in range(len(projection))]),
        },
        {"id": 4, "type": "stream-exec-sink_1", "outputType": row([])},
    ]
    edges = [{"source": source, "target": source + 1, "shuffle": {"type": "FORWARD"}} for source in (1, 2, 3)]
    return {"flinkVersion": "2.2", "nodes": nodes, "edges": edges}


def join_of(folded):
    return next(node for node in folded["nodes"] if node["id"] == 2)


def test_the_join_leaves_the_key_out_by_itself():
    before = plan([ref(0), ref(1), ref(3)])
    folded = fold_projections(before)
    assert [node["id"] for node in folded["nodes"]] == [1, 2, 4]
    assert [(edge["source"], edge["target"]) for edge in folded["edges"]] == [(1, 2), (2, 4)]
    join = join_of(folded)
    assert [entry["inputIndex"] for entry in join["projectionOnTemporalTable"]] == [REFERENCE.index("name")]
    assert join["outputType"] == before["nodes"][2]["outputType"]
    assert join["lookupKeys"] == before["nodes"][1]["lookupKeys"]


def test_a_projection_that_the_join_has_already_is_narrowed():
    folded = fold_projections(plan([ref(0), ref(1), ref(3)], on_reference=[ref(0), ref(2)]))
    assert join_of(folded)["projectionOnTemporalTable"] == [ref(REFERENCE.index("lat"))]


def test_the_order_of_reference_columns_is_kept():
    folded = fold_projections(plan([ref(0), ref(1), ref(4), ref(3)]))
    chosen = [REFERENCE[entry["inputIndex"]] for entry in join_of(folded)["projectionOnTemporalTable"]]
    assert chosen == ["lat", "name"]


CALL = {"kind": "CALL", "internalName": "$UPPER$1", "operands": [ref(3)], "type": "VARCHAR(2147483647)"}


@pytest.mark.parametrize(
    "other",
    [
        plan([ref(0), ref(3)]),
        plan([ref(1), ref(0), ref(3)]),
        plan([ref(0), ref(1), ref(0)]),
        plan([ref(0), ref(1), CALL]),
        plan([ref(0), ref(1), ref(3)], condition={"kind": "CALL"}),
    ],
    ids=["drops an event column", "moves event columns", "repeats an event column", "computes", "filters"],
)
def test_a_projection_that_does_more_stays(other):
    assert fold_projections(other) == other


def test_a_join_that_feeds_two_operators_keeps_what_follows_it():
    other = plan([ref(0), ref(1), ref(3)])
    other["edges"].append({"source": 2, "target": 4, "shuffle": {"type": "FORWARD"}})
    assert fold_projections(other) == other


def test_the_plan_given_is_left_alone():
    given = plan([ref(0), ref(1), ref(3)])
    before = copy.deepcopy(given)
    fold_projections(given)
    assert given == before
