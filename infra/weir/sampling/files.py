"""What a file shows of events: JSON, one object a line, or CSV, whose rows are taken for objects of JSON."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from weir.catalog.spec_source import SourceFormat
from weir.clients.events.json_values import NUMBER, Number
from weir.config.errors import WeirError
from weir.sampling.odd import usual
from weir.sampling.proposal import Seen
from weir.sampling.records import MOST_BYTES, within
from weir.sampling.shapes import event_of, shape_of
from weir.verify.csv_file import UnfitError, write_canonical

MOST_RECORDS = 100_000
JSON_SUFFIXES = (".json", ".jsonl", ".ndjson")
_TIME_WITHOUT_OFFSET = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?")


def see_file(path: Path, topic: str, most_bytes: int = MOST_BYTES) -> Seen:
    """The first MOST_RECORDS records of a file, within `most_bytes`, as events of `topic`.

    Raises:
        WeirError: the file cannot be read, is of another kind, or most of its lines are no JSON object.
    """
    source = f"file {path.name}"
    suffix = path.suffix.lower()
    if suffix not in {*JSON_SUFFIXES, ".csv"}:
        raise WeirError(f"{source}: neither {', '.join(JSON_SUFFIXES)} nor .csv; convert it, or correct the name")
    try:
        if suffix == ".csv":
            found, limited = within(_csv_events(path, source), itemgetter(1), most_bytes)
            unreadable = 0
        else:
            found, unreadable, limited = _json_events(path, source, most_bytes)
    except OSError as error:
        raise WeirError(f"{path}: cannot be read: {error.strerror}; check its name and permissions") from None
    if not found:
        raise WeirError(f"{source}: it holds no record; choose another file")
    kept = [found[at] for at in usual([event for event, _ in found])]
    unreadable += len(found) - len(kept)
    shape = shape_of([event for event, _ in kept])
    return Seen(
        source=source,
        topic=topic,
        format=SourceFormat.JSON,
        columns=shape.columns,
        event_bytes=round(sum(size for _, size in kept) / max(1, len(kept))),
        unreadable=unreadable,
        limited=limited,
        left_out=shape.left_out,
    )


def _json_events(path: Path, source: str, most_bytes: int) -> tuple[list[tuple[dict[str, Any], int]], int, bool]:
    """Each object with its bytes, the number of other lines, and whether more lines would exceed `most_bytes`."""
    with path.open("rb") as file:
        lines, limited = within((line.strip() for line in islice(file, MOST_RECORDS)), len, most_bytes)
    lines = [line for line in lines if line]
    events = [(event, len(line)) for line in lines if (event := event_of(line)) is not None]
    if 2 * len(events) < len(lines):
        raise WeirError(
            f"{source}: {len(lines) - len(events):,} of {len(lines):,} lines are no JSON object; write one object a "
            "line, such as with `jq -c`"
        )
    return events, len(lines) - len(events), limited


def _csv_events(path: Path, source: str) -> Iterator[tuple[dict[str, Any], int]]:
    with TemporaryDirectory(prefix="weir-csv-") as scratch:
        canonical = Path(scratch) / "canonical.csv"
        try:
            header = write_canonical(path, canonical)
        except UnfitError as error:
            raise WeirError(f"{source}: {error}") from None
        with canonical.open(encoding="utf-8", newline="") as file:
            yield from islice(_csv_rows(csv.reader(file), header), MOST_RECORDS)


def _csv_rows(rows: Iterator[list[str]], header: Sequence[str]) -> Iterator[tuple[dict[str, Any], int]]:
    for row in rows:
        event = {name: _scalar(text) for name, text in zip(header, row, strict=True) if name}
        present = {name: text for name, text in zip(header, row, strict=True) if name and text}
        yield event, len(json.dumps(present, ensure_ascii=False).encode())


def _scalar(text: str) -> Any:
    """What JSON would hold; a time without an offset is UTC, as `weir replay` takes it."""
    if not text:
        return None
    if NUMBER.fullmatch(text):
        return Number(text)
    if text in {"true", "false"}:
        return text == "true"
    return f"{text}Z" if _TIME_WITHOUT_OFFSET.fullmatch(text) else text
