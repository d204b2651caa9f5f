"""docs/reliability.md: what was broken, how often, and how soon rows were written again.

Generated from recorded outcomes:

    python -m weir.chaos.reliability outcome.json ...

takes outcomes of `weir prove --output` into docs/reliability.json and rewrites the page.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from weir.chaos.faults import FAULTS, Fault
from weir.config.repository import REPOSITORY

RECORDED = REPOSITORY / "docs" / "reliability.json"
PAGE = REPOSITORY / "docs" / "reliability.md"
FIGURES = ("first_row_seconds", "after_answer_seconds", "caught_up_seconds", "catch_up_ratio")
QUIET_LOAD_PER_CORE = 3.5
"""The start of the suite's own platform leaves up to 3.2 on two cores; above that, something else is running."""
BOUND_WORDS = {"first_row_seconds": "first row", "after_answer_seconds": "after answer"}

INTRODUCTION = """# Reliability
<!-- Written by `make reliability` from docs/reliability.json; do not edit. -->

`weir prove` starts a separate platform (real Kafka, Cassandra, Flink and registry), replays a part of the flights
with re-sends, disorder and poison, injects a fault in the middle, and then compares every row, total, dead letter and
write timestamp with an oracle that shares no code with the job. A round is correct when nothing is missing, extra,
wrong or counted twice. [mutations.md](mutations.md) shows which bugs the suite finds, and
[kubernetes.md](kubernetes.md) what is proven on a real Kubernetes and what is not.

```sh
weir prove --rounds 20 --seed 7                  # any 20 faults, repeatable
weir prove --faults kill-broker,rescale          # just these
weir prove --list                                # all of them
```
It stops at the first difference, and keeps logs, offsets, checkpoints, manifests and the list of differences in one
folder.
"""
COLUMNS = """
Every round must be exact. Times are from rounds in which the machine did nothing else (a load average of at
most {quiet:g} per core when they began), or from all rounds if there is no such round.

- **first row**: seconds from the fault to the first row after the longest silence that followed it: median, slowest.
- **after answer**: the same, but from the moment the broken service answers (or runs) again.
- **catch-up**: how many times faster waiting events became rows than they had been published (median).
"""


def page(recorded: Mapping[str, Any]) -> str:
    """The whole page."""
    rounds: Sequence[Mapping[str, Any]] = recorded["rounds"]
    seeds = sorted({entry["seed"] for entry in rounds})
    lines = [
        INTRODUCTION,
        f"## Recorded: {len(rounds)} correct rounds",
        f"Seeds {', '.join(str(seed) for seed in seeds)}; {recorded['machine']}.",
        COLUMNS.format(quiet=QUIET_LOAD_PER_CORE),
        "| fault | action | rounds | first row (bound) | after answer (bound) | catch-up |",
        "| --- | --- | ---: | --- | --- | ---: |",
        *(_line(fault, [entry for entry in rounds if entry["fault"] == fault.name]) for fault in FAULTS),
        "\n## What it has found",
        *(f"- {finding}" for finding in recorded["found"]),
    ]
    return "\n".join(lines) + "\n"


def _line(fault: Fault, rounds: Sequence[Mapping[str, Any]]) -> str:
    timed = [entry for entry in rounds if entry["load_per_core"] <= QUIET_LOAD_PER_CORE] or rounds
    cells = [_seconds(fault, timed, figure) for figure in BOUND_WORDS]
    ratios = [entry["catch_up_ratio"] for entry in timed if entry["catch_up_ratio"] is not None]
    ratio = f"{statistics.median(ratios):.1f}x" if ratios else ""
    return f"| `{fault.name}` | {fault.what} | {len(rounds)} | {cells[0]} | {cells[1]} | {ratio} |"


def _seconds(fault: Fault, rounds: Sequence[Mapping[str, Any]], figure: str) -> str:
    values = [entry[figure] for entry in rounds if entry[figure] is not None]
    shown = f"{statistics.median(values):.1f}, {max(values):.1f}" if values else ""
    if fault.bound is not None and fault.bound.figure == figure:
        return f"{shown} (<= {fault.bound.seconds:.0f})"
    return shown


def taken(recorded: Mapping[str, Any], outcomes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What was recorded, with the correct rounds of `outcomes`; a seed that was run again replaces its rounds.

    A round that was wrong is a bug to be mended: what came of it is written to `found` by hand.
    """
    again = {outcome["seed"] for outcome in outcomes}
    rounds = [entry for entry in recorded["rounds"] if entry["seed"] not in again]
    for outcome in outcomes:
        rounds += [_compact(outcome["seed"], entry) for entry in outcome["rounds"]]
    return {**recorded, "rounds": rounds}


def _compact(seed: int, entry: Mapping[str, Any]) -> dict[str, Any]:
    recovery = entry["recovery"] or dict.fromkeys(FIGURES)
    return {
        "seed": seed,
        "fault": entry["fault"],
        "moment": entry["moment"],
        "load_per_core": entry["load_per_core"],
        **{name: recovery[name] for name in FIGURES},
    }


def main(paths: Sequence[str]) -> None:
    """Takes outcomes in and writes both files."""
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))
    outcomes = [json.loads(Path(path).read_text(encoding="utf-8")) for path in paths]
    result = taken(recorded, outcomes) if outcomes else recorded
    lines = ",\n".join(f"  {json.dumps(entry)}" for entry in result["rounds"])
    head = json.dumps({"machine": result["machine"], "found": result["found"]}, indent=1).removesuffix("\n}")
    RECORDED.write_text(f'{head},\n "rounds": [\n{lines}\n ]\n}}\n', encoding="utf-8")
    PAGE.write_text(page(result), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
