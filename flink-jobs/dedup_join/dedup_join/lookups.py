"""Lookup joins of a compiled plan that leave out the reference's key by themselves. Pure: a plan in, a plan out.

Flink looks up the whole reference row, and puts a projection behind each join that copies every column of the event
only to leave out the reference's key. A join can project the reference row itself: the few columns of that are copied
instead, and the event passes through all joins untouched.
"""

from __future__ import annotations

import re
from typing import Any

Plan = dict[str, Any]
Node = dict[str, Any]

_JOIN = "stream-exec-lookup-join_"
_PROJECTION = "stream-exec-calc_"
_REFERENCE = "INPUT_REF"
_ON_REFERENCE = "projectionOnTemporalTable"


def fold_projections(plan: Plan) -> Plan:
    """The plan without the projections that only drop columns of the reference joined right before them.

    A projection that does more (computes, filters, drops or moves columns of the event) stays.
    """
    nodes = {node["id"]: node for node in plan["nodes"]}
    edges = plan["edges"]
    for join in [node for node in plan["nodes"] if node["type"].startswith(_JOIN)]:
        below = [edge["target"] for edge in edges if edge["source"] == join["id"]]
        folded = _folded(join, nodes[below[0]]) if len(below) == 1 else None
        if folded is not None:
            nodes[join["id"]] = folded
            del nodes[below[0]]
            edges = _without(edges, below[0], replaced_by=join["id"])
    return {**plan, "nodes": list(nodes.values()), "edges": edges}


def _folded(join: Node, projection: Node) -> Node | None:
    """The join with the projection inside, or None where that is not the same."""
    if not projection["type"].startswith(_PROJECTION) or projection["condition"] is not None:
        return None
    looked_up = join[_ON_REFERENCE] or _columns(join["temporalTable"]["outputType"])
    event_columns = len(_columns(join["outputType"])) - len(looked_up)
    columns = projection["projection"]
    kept = [column["inputIndex"] for column in columns if column["kind"] == _REFERENCE]
    if len(kept) != len(columns) or kept[:event_columns] != list(range(event_columns)):
        return None
    of_reference = [index - event_columns for index in kept[event_columns:]]
    if any(index < 0 for index in of_reference):
        return None
    types = [column["type"] for column in columns[event_columns:]]
    chosen = [
        join[_ON_REFERENCE][index] if join[_ON_REFERENCE] else {"kind": _REFERENCE, "inputIndex": index, "type": kind}
        for index, kind in zip(of_reference, types, strict=True)
    ]
    return {**join, _ON_REFERENCE: chosen, "outputType": projection["outputType"]}


def _columns(row_type: str) -> list[str]:
    """The names in ``ROW<`name` TYPE, ...>``; names are plain identifiers, types carry none."""
    return re.findall(r"`(\w+)`", row_type)


def _without(edges: list[dict[str, Any]], node: int, replaced_by: int) -> list[dict[str, Any]]:
    return [
        {**edge, "source": replaced_by} if edge["source"] == node else edge for edge in edges if edge["target"] != node
    ]
