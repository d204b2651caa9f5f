"""A verification for people and for programs: Rich tables, JSON, and a file that lists the differences."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table as RichTable
from rich.text import Text

from weir.verify.compare import REPORTED_DIFFERENCES, Difference, TableResult
from weir.verify.letters import LetterResult
from weir.verify.verify import Verification


def as_tables(result: Verification) -> RenderableType:
    """What `weir verify` prints."""
    return Group(_events(result), _tables(result), _measured(result), _verdict(result))


def as_json(result: Verification) -> str:
    """The whole result, differences included; dates as ISO 8601, bytes in hex."""
    document = dataclasses.asdict(result)
    document["sent"]["duplicates"] = result.sent.duplicates
    document["latency"] = result.latency.model_dump() if result.latency else None
    document |= {"conserved": result.conserved, "correct": result.correct}
    return json.dumps(document, default=_plain, indent=1)


def write_differences(result: Verification, path: Path) -> Path:
    """Writes the differences as Markdown, the first of each sort and table, and returns the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"# {result.pipeline}: differences from the expected result", ""]
    if not result.conserved:
        lines += [_conservation(result), ""]
    if result.counted_beyond_horizon:
        words = f"{result.counted_beyond_horizon} duplicates arrived after the deduplication horizon and were counted."
        lines += [words, ""]
    for part in (result.rows, *result.aggregates, result.dead_letters):
        if not part.correct:
            lines += _section(part)
    for dated in result.write_times:
        if dated.wrong:
            lines += [
                f"## {dated.table}",
                "",
                f"{dated.wrong} of {dated.checked} rows do not carry their event's write timestamp",
                "",
            ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _events(result: Verification) -> RichTable:
    rows = result.rows
    table = RichTable(title=f"{result.pipeline}: events", title_justify="left")
    values = {
        "sent": result.sent.records,
        "duplicates": result.sent.duplicates,
        "poison": result.sent.poison,
        "distinct": result.sent.distinct,
        "stored": rows.stored,
        "missing": rows.missing,
        "extra": rows.extra,
        "wrong": rows.wrong,
    }
    for name in values:
        table.add_column(name, justify="right")
    table.add_row(*(_number(value, bad=name in {"missing", "extra", "wrong"}) for name, value in values.items()))
    return table


def _tables(result: Verification) -> RichTable:
    table = RichTable(title="tables and dead letters", title_justify="left")
    table.add_column("table")
    for name in ("expected", "stored", "missing", "extra", "wrong"):
        table.add_column(name, justify="right")
    table.add_column("content (SHA-256)")
    for part in (result.rows, *result.aggregates):
        same = part.expected_digest == part.stored_digest
        content = Text(part.stored_digest[:12] + (" = oracle" if same else f" != {part.expected_digest[:12]}"))
        content.stylize("green" if same else "red")
        table.add_row(part.table, *_counts(part.expected, part.stored, part), content)
    letters = result.dead_letters
    table.add_row(letters.topic, *_counts(letters.expected, letters.found, letters), "")
    return table


def _measured(result: Verification) -> RichTable:
    table = RichTable(title="publish -> readable in Cassandra", title_justify="left")
    for name in ("samples", "missing", "p50 ms", "p90 ms", "p99 ms", "max ms"):
        table.add_column(name, justify="right")
    latency = result.latency
    if latency is None:
        table.add_row("0", *["-"] * 5)
        return table
    values = (latency.p50_milliseconds, latency.p90_milliseconds, latency.p99_milliseconds, latency.max_milliseconds)
    table.add_row(
        _number(latency.samples),
        _number(latency.missing, bad=True),
        *("-" if value is None else f"{value:,.0f}" for value in values),
    )
    return table


def _verdict(result: Verification) -> Text:
    took = f"(waited {result.waited_seconds:.0f} s for the job, compared in {result.seconds:.0f} s)"
    if result.correct:
        return Text(f"Nothing lost, nothing counted twice. {took}{_corrected(result)}", style="bold green")
    problem = "" if result.conserved else f"\n{_conservation(result)}"
    if result.counted_beyond_horizon:
        problem += f"\nCounted beyond the horizon: {result.counted_beyond_horizon} duplicates are in the totals."
    problem += _corrected(result)
    return Text(f"Differences found. {took}{problem}", style="bold red")


def _corrected(result: Verification) -> str:
    """That references were changed in Cassandra, and what it means for the rows."""
    if not result.corrected_references:
        return ""
    tables = ", ".join(f"{name} in {_plural(rows)}" for name, rows in result.corrected_references.items())
    words = f"\nReferences changed in Cassandra since the dataset: {tables}."
    if result.joined_before_correction:
        words += (
            f" {_plural(result.joined_before_correction)} joined earlier: `weir rejoin` updates them, but not the "
            "totals."
        )
    return words


def _plural(rows: int) -> str:
    return f"{rows:,} row" + ("" if rows == 1 else "s")


def _conservation(result: Verification) -> str:
    parts = (
        f"{result.rows.stored} rows + {result.sent.duplicates} duplicates + {result.dead_letters.found} dead letters"
    )
    return (
        f"Conservation: the topic holds {result.topic.records} records (by its offsets), the replays sent "
        f"{result.sent.records}, which became {parts}."
    )


def _section(part: TableResult | LetterResult) -> list[str]:
    name = part.topic if isinstance(part, LetterResult) else part.table
    lines = [f"## {name}", "", f"missing {part.missing}, extra {part.extra}, wrong {part.wrong}", ""]
    if not part.differences:
        return [*lines, "The content differs although all keys and cells are equal: some key occurs twice.", ""]
    lines += [f"The first {REPORTED_DIFFERENCES} of each kind:", "", "| sort | key | column | expected | actual |"]
    lines += ["| --- | --- | --- | --- | --- |"]
    return [*lines, *(line for difference in part.differences for line in _lines(difference)), ""]


def _lines(difference: Difference) -> list[str]:
    key = ", ".join(f"{name}={_cell(value)}" for name, value in difference.key.items())
    if not difference.columns:
        return [f"| {difference.sort} | {key} | | | |"]
    return [
        f"| {difference.sort} | {key} | {column} | {_cell(expected)} | {_cell(actual)} |"
        for column, (expected, actual) in difference.columns.items()
    ]


def _cell(value: Any) -> str:
    text = "null" if value is None else str(_plain(value))
    return text.replace("|", "\\|").replace("\n", " ")


def _plain(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def _counts(expected: int, stored: int, part: TableResult | LetterResult) -> list[Text]:
    wrong = [_number(value, bad=True) for value in (part.missing, part.extra, part.wrong)]
    return [_number(expected), _number(stored), *wrong]


def _number(value: int, *, bad: bool = False) -> Text:
    return Text(f"{value:,}", style="bold red" if bad and value else "")
