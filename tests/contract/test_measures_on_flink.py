"""Measures as Flink itself computes them, at the ends of the numbers; its optimizer spoils what is written naively."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.catalog.test_dedup_join_statements import made, totals

from dedup_join.measures import measure_expression
from weir.toolchain.installed import Toolchain

pytestmark = [pytest.mark.contract, pytest.mark.timeout(600)]

MEASURES = {
    "total": {"sum": "n"},
    "least": {"min": "x"},
    "greatest": {"max": "x"},
    "greatest_float": {"max": "f"},
    "above": {"count": "all", "where": {"column": "x", "greater_than": 5}},
    "below": {"count": "all", "where": {"column": "x", "less_than": 5}},
    "above_tenth": {"count": "all", "where": {"column": "f", "greater_than": 0.1}},
    "above_fraction": {"count": "all", "where": {"column": "n", "greater_than": 5.5}},
    "greatest_above": {"max": "x", "where": {"column": "n", "greater_than": 0}},
}
BIG = 9_000_000_000_000_000_000
EVENTS = [
    # Group, x, f, n.
    ("nan-last", 2.0, 0.1, BIG),
    ("nan-last", "NaN", "NaN", BIG),
    ("nan-first", "NaN", "NaN", -BIG),
    ("nan-first", 2.0, 0.05, -BIG),
    ("only-nan", "NaN", "NaN", None),
    ("infinite", "-Infinity", "Infinity", BIG),
    ("infinite", "Infinity", "-Infinity", BIG),
    ("infinite", None, None, -BIG),
    ("infinite", None, None, -1),
    ("plain", 7.5, 1.5, 5),
    ("plain", 3.0, None, 6),
    ("nothing", None, None, None),
]
EXPECTED = {
    "nan-last": [str(2**63 - 1), "2.0", "NaN", "NaN", "1", "1", "2", "2", "NaN"],
    "nan-first": [str(-(2**63)), "2.0", "NaN", "NaN", "1", "1", "1", "0", None],
    "only-nan": [None, "NaN", "NaN", "NaN", "1", "0", "1", "0", None],
    "infinite": [str(BIG - 1), "-Infinity", "Infinity", "Infinity", "1", "1", "1", "2", "Infinity"],
    "plain": ["11", "3.0", "7.5", "1.5", "1", "1", "1", "1", "7.5"],
    "nothing": [None, None, None, None, "0", "0", "0", "0", None],
}


def test_floats_have_one_order_and_sums_end_at_64_bits(tmp_path: Path, toolchain_for: Callable[..., Toolchain]) -> None:
    fields = [
        {"name": name, "type": ["null", kind]} for name, kind in {"x": "double", "f": "float", "n": "long"}.items()
    ]
    pipeline = made(tmp_path, fields, totals(MEASURES))
    (aggregate,) = pipeline.spec.aggregates
    events = tmp_path / "events.csv"
    lines = [",".join("null" if value is None else str(value) for value in event) for event in EVENTS]
    events.write_text("\n".join(lines) + "\n")
    given = {
        "path": str(events),
        "columns": "g STRING, x DOUBLE, f FLOAT, n BIGINT",
        "expressions": [measure_expression(pipeline, measure) for measure in aggregate.measures.values()],
    }
    tools = toolchain_for("flink")
    script = Path(__file__).parent / "measures_on_flink.py"
    command = [str(tools.home("flink-env") / "bin" / "python"), str(script), json.dumps(given)]
    environment = {**os.environ, "JAVA_HOME": str(tools.java17)}
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.partition("RESULT")[2])
    names = list(aggregate.measures)
    assert {group: dict(zip(names, values, strict=True)) for group, values in found.items()} == {
        group: dict(zip(MEASURES, values, strict=True)) for group, values in EXPECTED.items()
    }
