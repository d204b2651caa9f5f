"""The buckets that Flink itself computes, of ids of every type: they are those of all other readers."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.catalog.bucket_ids import Id, ids

from dedup_join import sql
from dedup_join.buckets import bucket_expression
from weir.catalog.types import ColumnType
from weir.config.repository import REPOSITORY
from weir.toolchain.installed import Toolchain

pytestmark = [pytest.mark.contract, pytest.mark.timeout(600)]

COUNTS = (2, 16, 32, 1024)


def test_flink_finds_the_bucket_that_every_reader_computes(
    tmp_path: Path, toolchain_for: Callable[..., Toolchain]
) -> None:
    known = ids()
    kinds = list(dict.fromkeys(each.types for each in known))
    file = tmp_path / "ids.json"
    lines = [json.dumps({"n": number, **_columns(kinds, each)}) for number, each in enumerate(known)]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    keys = [[(_name(number, part), kind) for part, kind in enumerate(types)] for number, types in enumerate(kinds)]
    expressions = [
        bucket_expression([(sql.name(name), kind) for name, kind in key], count) for key in keys for count in COUNTS
    ]
    columns = ", ".join(f"{sql.name(name)} {kind.flink_sql}" for key in keys for name, kind in key)
    found = _on_flink(toolchain_for("flink"), {"path": str(file), "columns": columns, "expressions": expressions})
    for number, each in enumerate(known):
        first = kinds.index(each.types) * len(COUNTS)
        told = dict(zip(COUNTS, found[str(number)][first : first + len(COUNTS)], strict=True))
        assert told == each.buckets, each


def _on_flink(tools: Toolchain, given: dict[str, Any]) -> dict[str, list[int | None]]:
    """By number of the id, what each expression is."""
    script = Path(__file__).parent / "buckets_on_flink.py"
    command = [str(tools.home("flink-env") / "bin" / "python"), str(script), json.dumps(given)]
    environment = {
        **os.environ,
        "JAVA_HOME": str(tools.java17),
        "PYTHONPATH": os.pathsep.join(str(REPOSITORY / part) for part in ("infra", "flink-jobs/dedup_join")),
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.partition("RESULT")[2])


def _name(number: int, part: int) -> str:
    return f"k{number}_{part}"


def _columns(kinds: list[tuple[ColumnType, ...]], each: Id) -> dict[str, Any]:
    number = kinds.index(each.types)
    return {_name(number, part): _written(value) for part, value in enumerate(each.values)}


def _written(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
    return value.isoformat() if isinstance(value, date) else value
