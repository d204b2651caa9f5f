"""docs/fuzz.md: what was sent, what came of it, on which day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from weir.catalog.spec import Engine
from weir.config.repository import REPOSITORY

if TYPE_CHECKING:
    from tests.pipeline.fuzz.run import Outcome, Sent

PAGE = REPOSITORY / "docs" / "fuzz.md"
HEAD = """# Random records on both engines
<!-- Written by `make fuzz`; do not edit. -->

`make fuzz` sends records as a careless world does to the same pipeline on Flink and on Kafka Streams: good events,
re-sends, other events under a known id, bits that flip, bytes that are cut off or added, records of other versions and
of other types, odd times, empty and overlong keys, and large ones, compressed, up to the limit and over it. The proof's
own reader says of each record which code its dead letter must have, or which row and totals must come of it, and every
letter, row, total and write timestamp is compared. No engine may be restarted by a record. A small run of the same is
part of `make test` (`tests/pipeline/test_records.py`).
"""
NAMES = {Engine.FLINK: "Flink", Engine.KAFKA_STREAMS: "Kafka Streams"}


def page(sent: Sent, outcomes: Sequence[Outcome]) -> str:
    """The whole page."""
    expected = sent.expected
    lines = [
        HEAD,
        f"## Recorded on {datetime.now(UTC):%Y-%m-%d}: {sent.records:,} records of the seed {sent.seed}",
        f"{sent.records:,} sent = {len(expected.distinct):,} distinct + {expected.duplicates:,} duplicates "
        f"({expected.conflicts:,} of them with another payload) + {len(sent.letters):,} dead letters. A late event is "
        "a distinct one: its row and its totals are written all the same.",
        "",
        "| engine | rows | dead letters | totals | wrong, missing or extra | failures | seconds |",
        "| --- | ---: | ---: | ---: | ---: | --- | ---: |",
        *(_engine(outcome) for outcome in outcomes),
        "",
        "What must come of the records, and came:",
        "",
        *_kinds(sent),
    ]
    return "\n".join(lines) + "\n"


def _engine(outcome: Outcome) -> str:
    parts = (outcome.letters, *outcome.tables)
    wrong = sum(part.wrong + part.missing + part.extra for part in parts) + outcome.misdated
    totals = sum(table.stored for table in outcome.tables[1:])
    cells = (f"{outcome.tables[0].stored:,}", f"{outcome.letters.found:,}", f"{totals:,}", f"{wrong:,}")
    failures = outcome.failures or "none"
    return f"| {NAMES[outcome.engine]} | {' | '.join(cells)} | {failures} | {outcome.seconds:.0f} |"


def _kinds(sent: Sent) -> list[str]:
    """A line for each way in which records were made, a column for each end."""
    ends = sorted({end for _, end in sent.kinds}, key=lambda end: (end != "row", end))
    rows = [
        f"| {kind} | {' | '.join(f'{sent.kinds[kind, end]:,}' if sent.kinds[kind, end] else '' for end in ends)} |"
        for kind in sorted({kind for kind, _ in sent.kinds})
    ]
    heads = ("readable" if end == "row" else f"`{end}`" for end in ends)
    return [f"| record | {' | '.join(heads)} |", f"| --- |{' ---: |' * len(ends)}", *rows]
