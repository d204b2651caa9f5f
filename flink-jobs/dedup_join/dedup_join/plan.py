"""Compiled plans (Flink's JSON) linked into the plan of a job. Pure: plans in, plan out.

Flink optimizes every INSERT by itself and shares only what comes out equal. Column pruning makes it come out
different, so each table of totals would get its own deduplication and its own joins. Therefore rows and dead letters
are compiled as one plan, and each table of totals as another that reads a placeholder of the rows; here the placeholder
is replaced by what feeds the row table. So a table of totals never changes what is compiled for the rows.

Every operator gets a uid that says what it does (`rows.deduplicate.1`, `totals.traffic_by_day.aggregate.1`) instead
of a counter, so that a savepoint fits a job with more or fewer tables.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from weir.catalog.retention import hours_to_milliseconds

Plan = dict[str, Any]
Node = dict[str, Any]


_SCAN = "source"
_SINK = "sink"
_DEDUPLICATE = "deduplicate"
_KINDS = {
    "stream-exec-table-source-scan": _SCAN,
    "stream-exec-calc": "calc",
    "stream-exec-exchange": "exchange",
    "stream-exec-deduplicate": _DEDUPLICATE,
    "stream-exec-lookup-join": "join",
    "stream-exec-group-aggregate": "aggregate",
    "stream-exec-sink": _SINK,
}
# An option of Flink's that a node of a compiled plan may carry for itself.
_UID_FORMAT = "table.exec.uid.format"


class PlanError(Exception):
    """Flink compiled a plan of another shape than the job is built for: a bug here, or a new Flink version."""


def link(core: Plan, totals: Mapping[str, Plan], row_table: str, horizon_hours: int) -> Plan:
    """The plan of a whole job, with a uid and a state TTL for each operator.

    `core` writes rows and dead letters; each of `totals`, by table, reads a placeholder of the rows of `row_table`.
    Deduplication forgets a key after `horizon_hours`. Totals are kept for ever: one that began anew would be older than
    what its table holds, and be lost.

    Raises:
        PlanError: an operator that the job does not have, or a placeholder that does not fit the rows.
    """
    rows = _branch(core, row_table)
    letters = [node for node in core["nodes"] if node not in rows]
    nodes = [*_named("rows", rows, horizon_hours), *_named("dead-letters", letters, horizon_hours)]
    edges = list(core["edges"])
    for table, compiled in totals.items():
        plan = _renumbered(compiled, first=max(node["id"] for node in nodes) + 1)
        placeholder, *operators = _branch(plan, table)
        _check_fit(placeholder, rows[-2], table)
        nodes += _named(f"totals.{table}", operators, horizon_hours)
        edges += [_replaced(edge, {placeholder["id"]: rows[-2]["id"]}) for edge in plan["edges"]]
    return {**core, "nodes": nodes, "edges": edges}


def _branch(plan: Plan, table: str) -> list[Node]:
    """The operators that lead to the sink of `table`, in the order of the stream."""
    nodes = {node["id"]: node for node in plan["nodes"]}
    above = {edge["target"]: edge["source"] for edge in plan["edges"]}
    sinks = [node["id"] for node in plan["nodes"] if _kind(node) == _SINK and _sink_table(node) == table]
    if len(sinks) != 1 or len(above) != len(plan["edges"]):
        raise PlanError(f"{table}: not exactly one stream leads to it; the plan has {_described(plan)}")
    path = [sinks[0]]
    while path[-1] in above:
        path.append(above[path[-1]])
    return [nodes[identifier] for identifier in reversed(path)]


def _named(scope: str, nodes: Iterable[Node], horizon_hours: int) -> list[Node]:
    """The nodes with their uid, `<scope>.<kind>.<number>` and Flink's name of the part, and with their state TTL."""
    seen: Counter[str] = Counter()
    named = []
    for node in nodes:
        kind = _kind(node)
        seen[kind] += 1
        uid = f"{scope}.{kind}.{seen[kind]}_<transformation>"
        named.append({**node, "configuration": {**node.get("configuration", {}), _UID_FORMAT: uid}})
        if "state" in node:
            ttl = f"{hours_to_milliseconds(horizon_hours) if kind == _DEDUPLICATE else 0} ms"
            named[-1]["state"] = [{**state, "ttl": ttl} for state in node["state"]]
    return named


def _kind(node: Node) -> str:
    name = node["type"].rpartition("_")[0]
    if name not in _KINDS:
        raise PlanError(f"{node['type']} is no operator of this job: {node.get('description')}")
    return _KINDS[name]


def _sink_table(node: Node) -> str:
    """The table's own name; identifiers are written `` `catalog`.`database`.`table` ``."""
    return node["dynamicTableSink"]["table"]["identifier"].rpartition(".")[2].strip("`")


def _check_fit(placeholder: Node, feeding: Node, table: str) -> None:
    """Operators address columns by position: the placeholder's must be the first of the rows', in type and order."""
    expected, found = placeholder["outputType"].removesuffix(">"), feeding["outputType"]
    if _kind(placeholder) != _SCAN or not found.startswith(expected):
        raise PlanError(f"{table}: its totals are compiled for {placeholder['outputType']}, but the rows are {found}")


def _renumbered(plan: Plan, first: int) -> Plan:
    identifiers = {node["id"]: first + index for index, node in enumerate(plan["nodes"])}
    nodes = [{**node, "id": identifiers[node["id"]]} for node in plan["nodes"]]
    return {**plan, "nodes": nodes, "edges": [_replaced(edge, identifiers) for edge in plan["edges"]]}


def _replaced(edge: dict[str, Any], identifiers: Mapping[int, int]) -> dict[str, Any]:
    ends = {end: identifiers.get(edge[end], edge[end]) for end in ("source", "target")}
    return {**edge, **ends}


def _described(plan: Plan) -> str:
    return "; ".join(str(node.get("description")) for node in plan["nodes"])
