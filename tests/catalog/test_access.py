"""Rules of access: which are refused, what readers see of each dataset, and groups of Trino that would see more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.catalog.with_clients import flights_with
from tests.sizing.stacks import stack_of

from weir.catalog.access import dashboard_limits, dataset_limits
from weir.catalog.dashboard import load_dashboard
from weir.catalog.environment import resolve
from weir.catalog.pipeline import PIPELINE_FILE, Pipeline, load_pipeline, program_files
from weir.catalog.spec_access import RowAccess
from weir.config.errors import ConfigError
from weir.config.repository import REPOSITORY

pytestmark = pytest.mark.unit

FLIGHTS = load_pipeline(REPOSITORY / "pipelines" / "flights")
ORIGIN = {"column": "origin", "from_claim": "airports"}
TOTALS = load_pipeline(REPOSITORY / "pipelines" / "flights").spec.model_dump(mode="json", by_alias=True)["aggregates"]


def totals_with(**changes: Any) -> list[dict[str, Any]]:
    """The first aggregate of flights alone, changed."""
    return [{**TOTALS[0], **changes}]


REFUSED: list[tuple[dict[str, Any], str]] = [
    (
        {"access": [{"column": "airport", "from_claim": "airports"}]},
        "access.0.column: the pipeline's rows have no column 'airport'; they have year, month, day,",
    ),
    (
        {"access": [ORIGIN, {"column": "hour", "from_claim": "hours"}]},
        "access.1.column: 'hour' is int, but the values of a claim are text; choose a column of type text",
    ),
    (
        {"access": [ORIGIN, {"column": "origin", "from_claim": "cities"}]},
        "access.1.column: 'origin' has a rule already; keep one of them",
    ),
    ({"access": [{"column": "origin", "from_claim": ""}]}, "access.0.from_claim: does not match"),
    ({"access": [{"column": "origin", "from_claim": 'a")'}]}, "access.0.from_claim: does not match"),
    ({"access": [{"column": "origin", "from_claim": "a}"}]}, "access.0.from_claim: does not match"),
    ({"access": [{"column": "origin"}]}, "access.0.from_claim: missing"),
    (
        {
            "access": [ORIGIN],
            "aggregates": totals_with(dimensions=["flight_date", {"column": "dest", "as": "origin"}, "carrier"]),
        },
        "access.0.column: the column 'origin' of traffic_by_day is dimension 'dest', so the rule would compare",
    ),
    (
        {
            "access": [ORIGIN],
            "aggregates": totals_with(dimensions=["flight_date", "carrier"], measures={"origin": {"count": "all"}}),
        },
        "access.0.column: the column 'origin' of traffic_by_day is a measure, so the rule would compare",
    ),
]


@pytest.mark.parametrize(("changes", "told"), REFUSED, ids=[told[:70] for _, told in REFUSED])
def test_a_rule_that_cannot_hold_is_refused(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError) as refused:
        flights_with(tmp_path, {}, **changes)
    (problem,) = refused.value.problems
    assert problem.startswith(told)


def test_a_joined_column_and_a_claim_of_any_spelling_are_taken(tmp_path: Path) -> None:
    rules = [ORIGIN, {"column": "dest_name", "from_claim": "https://example.org/claims/cities"}]
    assert flights_with(tmp_path, {}, access=rules).spec.access == [RowAccess.model_validate(rule) for rule in rules]


def test_a_changed_rule_restarts_no_program(tmp_path: Path) -> None:
    without, with_rule = (flights_with(tmp_path / name, {}, **said) for name, said in RULES.items())
    assert program_files(with_rule)[PIPELINE_FILE] == program_files(without)[PIPELINE_FILE]


RULES: dict[str, dict[str, Any]] = {"without": {}, "with": {"access": [ORIGIN]}}


def limited(pipeline: Pipeline, *columns: str) -> Pipeline:
    """The pipeline with a rule for each column, whose claim has its name in capitals."""
    rules = [RowAccess(column=column, from_claim=column.upper()) for column in columns]
    return replace(pipeline, spec=pipeline.spec.model_copy(update={"access": rules}))


TRAINS = replace(FLIGHTS, spec=FLIGHTS.spec.model_copy(update={"name": "trains"}))
FROM = "FROM flights.traffic_by_day WHERE flight_month IN (DATE '2013-01-01')"
SEEN: dict[str, tuple[str, dict[str, str] | None]] = {
    "the column as it is": (f"SELECT flights, origin {FROM}", {"origin": "ORIGIN"}),
    "the column in quotes": (f'SELECT DISTINCT "origin", sum(flights) AS n {FROM} GROUP BY 1', {"origin": "ORIGIN"}),
    "Jinja for values": (
        "{% set w = get_time_filter('a', strftime='%Y') -%} SELECT origin FROM flights.traffic_by_day "
        "WHERE flight_month IN ({{ month_starts(w.from_expr, w.to_expr) }})",
        {"origin": "ORIGIN"},
    ),
    "a word in a text": (f"SELECT origin, 'FROM; OVER' AS x {FROM}", {"origin": "ORIGIN"}),
    "totals without the column": (f"SELECT flight_date, sum(flights) AS n {FROM} GROUP BY 1", {}),
    "another column by its name": (f"SELECT carrier AS origin {FROM}", {}),
    "a part of the column": (f"SELECT lower(origin) AS origin, x(1, origin) {FROM}", {}),
    "a window over all rows": (f"SELECT origin, sum(flights) OVER () AS n {FROM}", {}),
    "a subquery over all rows": (f"SELECT origin, (SELECT sum(flights) {FROM}) AS n {FROM}", {}),
    "a subquery in the condition": (f"SELECT origin {FROM} AND flights > (SELECT 1)", {}),
    "a join": ("SELECT origin FROM flights.traffic_by_day JOIN flights.fleet_by_month ON true", {}),
    "two tables": ("SELECT origin FROM flights.traffic_by_day, flights.fleet_by_month", {}),
    "a union": (f"SELECT origin {FROM} UNION ALL SELECT 'JFK'", {}),
    "the first rows": (f"SELECT origin {FROM} ORDER BY flights LIMIT 3", {}),
    "a comment": (f"SELECT origin /* {FROM} */ , 1 {FROM}", {}),
    "conditional Jinja": (f"SELECT {{% if x %}} origin {{% endif %}} {FROM}", {}),
    "a table that lacks the column": ("SELECT faa AS origin, origin FROM flights.planes WHERE tailnum = 'a'", None),
    "reference tables": ("SELECT faa, name FROM flights.airports WHERE faa IN ('JFK')", None),
    "the monitor's counters": ("SELECT at, received FROM weir.pipeline_health WHERE pipeline = 'flights'", {}),
    "the monitor's counters of another": ("SELECT at FROM weir.pipeline_health WHERE pipeline = 'trains'", None),
    "another pipeline": ("SELECT origin FROM trains.traffic_by_day", None),
    "another pipeline and this one": ("SELECT origin FROM trains.traffic_by_day, flights.traffic_by_day", {}),
    "an unknown table": ("SELECT origin FROM flights.unknown", {}),
}


@pytest.mark.parametrize(("sql", "expected"), SEEN.values(), ids=SEEN)
def test_what_readers_see_of_a_dataset(sql: str, expected: dict[str, str] | None) -> None:
    found = dataset_limits({"sql": sql}, "trains", [limited(FLIGHTS, "origin"), TRAINS])
    assert found == expected


@pytest.mark.parametrize(
    ("asset", "home"),
    [({"sql": "SELECT 1"}, "flights"), ({"sql": "SELECT origin FROM traffic_by_day", "schema": "flights"}, "trains")],
    ids=["on the pipeline's dashboard", "in the pipeline's keyspace"],
)
def test_what_cannot_be_followed_shows_readers_nothing(asset: dict[str, Any], home: str) -> None:
    assert dataset_limits(asset, home, [limited(FLIGHTS, "origin"), TRAINS]) == {}


METRICS: dict[str, tuple[str, dict[str, str]]] = {
    "a share": ("SUM(flights) / EXTRACT(day FROM flight_date)", {"origin": "ORIGIN"}),
    "a word in a text": ("MAX('SELECT')", {"origin": "ORIGIN"}),
    "a subquery over all rows": ("(SELECT sum(flights) FROM flights.traffic_by_day)", {}),
    "Jinja": ("SUM({{ column }})", {}),
}


@pytest.mark.parametrize("where", ["metrics", "columns"])
@pytest.mark.parametrize(("expression", "expected"), METRICS.values(), ids=METRICS)
def test_a_metric_does_not_look_past_the_rule(expression: str, expected: dict[str, str], where: str) -> None:
    asset = {"sql": f"SELECT origin {FROM}", where: [{"expression": expression}]}
    assert dataset_limits(asset, "trains", [limited(FLIGHTS, "origin"), TRAINS]) == expected


def test_a_metric_may_not_reach_a_pipeline_that_the_query_leaves_alone() -> None:
    metric = {"expression": "(SELECT sum(flights) FROM flights.traffic_by_day)"}
    asset = {"sql": "SELECT faa FROM flights.airports WHERE faa IN ('JFK')", "metrics": [metric]}
    assert dataset_limits(asset, "trains", [limited(FLIGHTS, "origin"), TRAINS]) == {}
    asset = {"sql": "SELECT origin FROM trains.traffic_by_day", "metrics": [metric]}
    assert dataset_limits(asset, "trains", [limited(FLIGHTS, "origin"), TRAINS]) == {}


def test_every_rule_must_hold_and_one_that_cannot_leaves_nothing() -> None:
    asset = {"sql": f"SELECT origin, carrier {FROM}"}
    assert dataset_limits(asset, "flights", [limited(FLIGHTS, "origin", "carrier")]) == {
        "origin": "ORIGIN",
        "carrier": "CARRIER",
    }
    assert dataset_limits(asset, "flights", [limited(FLIGHTS, "origin", "dest")]) == {}


@pytest.mark.parametrize(("columns", "dark"), [((), None), (("origin",), 1), (("dest",), 4)])
def test_the_dashboard_of_flights_under_rules(columns: tuple[str, ...], dark: int | None) -> None:
    dashboard = load_dashboard(REPOSITORY / "dashboards" / "flights")
    found = dashboard_limits([dashboard], [limited(FLIGHTS, *columns)])
    assert len(found) == (0 if dark is None else len(dashboard.dataset_uuids))
    assert [*found.values()].count({}) == (dark or 0)


PEOPLE = {"members": ["ana"], "pipelines": ["flights"]}
GROUPS: list[tuple[dict[str, Any], list[str], str | None]] = [
    (PEOPLE, [], None),
    (
        PEOPLE,
        ["origin"],
        "trino.groups.a.rows.origin: missing, but pipeline flights has a rule of access for the column; list the "
        "values that the group may see, or add flights to trino.groups.a.all_rows",
    ),
    ({**PEOPLE, "rows": {"dest": ["LAX"]}}, ["origin"], "trino.groups.a.rows.origin: missing"),
    ({**PEOPLE, "rows": {"origin": ["JFK"]}}, ["origin", "carrier"], "trino.groups.a.rows.carrier: missing"),
    ({**PEOPLE, "rows": {"origin": ["JFK"]}}, ["origin"], None),
    ({**PEOPLE, "all_rows": ["flights"]}, ["origin"], None),
    ({**PEOPLE, "all_rows": ["flights"]}, [], "trino.groups.a.all_rows: pipeline flights has no rules of access"),
]


@pytest.mark.parametrize(("group", "columns", "told"), GROUPS)
def test_a_group_of_trino_is_limited_as_readers_are(
    group: dict[str, Any], columns: list[str], told: str | None
) -> None:
    stack = stack_of(trino={"groups": {"a": group}}, given_secrets=["trino_passwords"])
    if told is None:
        assert resolve(stack, [limited(FLIGHTS, *columns)]).pipelines
        return
    with pytest.raises(ConfigError) as refused:
        resolve(stack, [limited(FLIGHTS, *columns)])
    (problem,) = refused.value.problems
    assert problem.startswith(told)
