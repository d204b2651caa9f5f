"""The table of faults and recoveries, for a terminal and for the documentation."""

from __future__ import annotations

from rich.table import Table as RichTable

from weir.chaos.recovery import Recovery
from weir.chaos.run import Outcome, RoundResult

COLUMNS = (
    *("round", "fault", "seconds", "rows", "duplicates", "dead letters"),
    *("first row s", "after answer s", "caught up s", "catch-up"),
)


def as_table(outcome: Outcome) -> RichTable:
    """A line for each round that was correct."""
    table = RichTable(title=f"seed {outcome.seed}: {len(outcome.rounds)} rounds correct", title_justify="left")
    for name in COLUMNS:
        table.add_column(name, justify="left" if name == "fault" else "right")
    for result in outcome.rounds:
        table.add_row(*_cells(result), style="" if result.within_bound else "yellow")
    return table


def _cells(result: RoundResult) -> list[str]:
    recovery = result.recovery or Recovery(None, None, None, None)
    figures = (recovery.first_row_seconds, recovery.after_answer_seconds, recovery.caught_up_seconds)
    ratio = recovery.catch_up_ratio
    return [
        str(result.number),
        result.fault,
        f"{result.seconds:.0f}",
        f"{result.rows:,}",
        f"{result.duplicates:,}",
        f"{result.dead_letters:,}",
        *("-" if value is None else f"{value:.1f}" for value in figures),
        "-" if ratio is None else f"{ratio:.1f}x",
    ]
