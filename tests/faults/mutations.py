"""Bugs put into a copy of the repository, each of which `weir prove` must find.

    python -m tests.faults.mutations                 # all of them, one after the other (about two minutes each)
    python -m tests.faults.mutations ttl-too-short   # one

Each copy is made of the files that git knows, changed at one place, and run with this environment. The outcome goes to
docs/mutations.md.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.repository_files import copy_repository

REPOSITORY = Path(__file__).parents[2]
PAGE = REPOSITORY / "docs" / "mutations.md"
HEAD = (
    "# What `weir prove` finds",
    "<!-- Written by `make mutations`; do not edit. -->",
    "",
    "A suite that passes proves little unless it fails when it must. Each line is a bug put into a copy of the",
    "repository (`tests/faults/mutations.py`), the round under which it was run, and what `weir prove` said.",
    "Random changes that the unit tests must notice are another list: [mutants.md](mutants.md).",
    "",
    "| bug | round | found | what it said |",
    "| --- | --- | --- | --- |",
)
TIMEOUT_SECONDS = 900
STATEMENTS = "flink-jobs/dedup_join/dedup_join/statements.py"
TIMES = "flink-jobs/dedup_join/dedup_join/times.py"
PLAN = "flink-jobs/dedup_join/dedup_join/plan.py"
TABLES = "flink-jobs/dedup_join/dedup_join/tables.py"
JOBS = "infra/weir/local/jobs.py"
WRITER = "flink-jobs/connectors/cassandra/src/main/java/io/weir/flink/cassandra/sink/CassandraSinkWriter.java"


@dataclass(frozen=True)
class Edit:
    """`old`, which stands exactly once in `file`, becomes `new`."""

    file: str
    old: str
    new: str


@dataclass(frozen=True)
class Mutation:
    """A bug, and the faults under which it shows."""

    name: str
    what: str
    edits: tuple[Edit, ...]
    faults: str


MUTATIONS = (
    Mutation(
        "deduplication-off",
        "the job does not deduplicate",
        (Edit(STATEMENTS, "distinct = settings.last_stage.includes(Stage.DEDUPLICATE)", "distinct = False"),),
        "two-replays",
    ),
    Mutation(
        "checkpointing-off",
        "the job takes no checkpoints",
        (
            Edit(
                "infra/weir/catalog/flink.py",
                '        "execution.checkpointing.interval": f"{stack.checkpoint_interval_seconds} s",\n',
                "",
            ),
            Edit(
                "infra/weir/local/flink.py",
                '        "execution.checkpointing.interval": f"{flink.checkpoint_interval_seconds} s",\n',
                "",
            ),
        ),
        "kill-task-manager",
    ),
    Mutation(
        "fire-and-forget",
        "the sink does not wait for Cassandra's answers, so checkpoints do not, either",
        (
            Edit(WRITER, "    handOver.submit(\n", "    resultHandler.complete();\n    handOver.submit(\n"),
            Edit(WRITER, "if (error == null) {\n            resultHandler.complete();", "if (error == null) {"),
        ),
        "kill-while-cassandra-is-down",
    ),
    Mutation(
        "ttl-too-short",
        "deduplication forgets a key after two seconds",
        (Edit(PLAN, "hours_to_milliseconds(horizon_hours)", "10 * horizon_hours"),),
        "replay-again",
    ),
    Mutation(
        "offsets-committed-early",
        "offsets are committed as they are read, and a restart trusts them instead of the checkpoint",
        (
            Edit(
                TABLES,
                '"scan.startup.mode": "earliest-offset"',
                '"scan.startup.mode": "group-offsets",\n        "properties.auto.offset.reset": "earliest",\n'
                '        "properties.enable.auto.commit": "true",\n        "properties.auto.commit.interval.ms": "100"',
            ),
            Edit("infra/weir/local/jobs.py", "None if from_empty else newest_state(ctx, pipeline)", "None"),
            Edit(
                "infra/weir/local/jobs.py",
                "        _refuse_lost_state(ctx, pipeline)\n    job_id",
                "        pass\n    job_id",
            ),
        ),
        "kill-job-manager",
    ),
    Mutation(
        "using-timestamp-off",
        "writes are dated by the clock",
        (
            Edit(
                TIMES,
                '    seconds = f"EXTRACT(EPOCH FROM {expression}) * {MICROSECONDS_PER_SECOND}"',
                '    return f"EXTRACT(EPOCH FROM CURRENT_TIMESTAMP) * {MICROSECONDS_PER_SECOND}"\n'
                '    seconds = f"EXTRACT(EPOCH FROM {expression}) * {MICROSECONDS_PER_SECOND}"',
            ),
        ),
        "replay-again",
    ),
    Mutation(
        "dead-letters-off",
        "a record that cannot be decoded is dropped",
        (Edit(STATEMENTS, ";\\n{insert_dead_letters(pipeline)};\\nEND", ";\\nEND"),),
        "clock-steps",
    ),
    Mutation(
        "inner-join",
        "an event without a reference row is dropped",
        (Edit(STATEMENTS, 'f"LEFT JOIN {table} ON {match}"', 'f"JOIN {table} ON {match}"'),),
        "clock-steps",
    ),
)


@dataclass(frozen=True)
class Finding:
    """How `weir prove` ended on a mutated copy."""

    mutation: Mutation
    found: bool
    words: str


def mutated_copy(mutation: Mutation, folder: Path) -> None:
    """Copies what git knows into `folder`, and puts the bug in.

    Raises:
        ValueError: the place of an edit is not there, or is there twice: the list is stale.
    """
    copy_repository(folder)
    for edit in mutation.edits:
        path = folder / edit.file
        text = path.read_text(encoding="utf-8")
        if text.count(edit.old) != 1:
            raise ValueError(f"{mutation.name}: {edit.old!r} stands {text.count(edit.old)} times in {edit.file}")
        path.write_text(text.replace(edit.old, edit.new), encoding="utf-8")


def tried(mutation: Mutation) -> Finding:
    """Runs `weir prove` on a mutated copy. Found means that it ran and said that something is wrong."""
    with tempfile.TemporaryDirectory(prefix="weir-mutation-") as scratch:
        folder = Path(scratch) / "repository"
        mutated_copy(mutation, folder)
        code = f"import weir; assert weir.__file__.startswith({str(folder)!r}); from weir.cli import app; app()"
        result = subprocess.run(
            [sys.executable, "-c", code, "prove", "--faults", mutation.faults, "--seed", "11"],
            env={**os.environ, "PYTHONPATH": str(folder / "infra"), "TMPDIR": scratch, "COLUMNS": "160"},
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
        found = re.search(r"error: (round \d+, .*?)(?:\nevidence: (\S+)|\Z)", result.stderr, re.DOTALL)
        words = found.group(1).strip() if found else f"exit code {result.returncode}: {result.stderr.strip()[-600:]}"
        differences = Path(found.group(2)) / "differences.md" if found and found.group(2) else None
        if differences is not None and differences.exists():
            words += "; " + _counted(differences.read_text(encoding="utf-8"))
        return Finding(mutation, result.returncode == 1 and found is not None, " ".join(words.split()))


def _counted(report: str) -> str:
    """The counts of a report of differences: `table: missing 0, extra 0, wrong 12`."""
    parts = re.findall(r"## (.+)\n\n(missing .*|\d+ of \d+ rows .*)\n", report)
    return ", ".join(f"{name} ({counts})" for name, counts in parts)


def page(findings: Sequence[Finding], earlier: str = "") -> str:
    """docs/mutations.md: `findings`, and of the mutations that were not tried now what the `earlier` page says."""
    kept = {line.split(":")[0].removeprefix("| "): line for line in earlier.splitlines() if line.startswith("| ")}
    rows = kept | {finding.mutation.name: _row(finding) for finding in findings}
    return "\n".join([*HEAD, *(rows[entry.name] for entry in MUTATIONS if entry.name in rows)]) + "\n"


def _row(finding: Finding) -> str:
    mutation, words = finding.mutation, finding.words.replace("|", "\\|")[:400]
    verdict = "yes" if finding.found else "NO"
    return f"| {mutation.name}: {mutation.what} | `{mutation.faults}` | {verdict} | {words} |"


def main(names: list[str]) -> int:
    """Tries the mutations `names`, or all, and writes the page; 1 when one was not found."""
    findings = []
    for mutation in [entry for entry in MUTATIONS if not names or entry.name in names]:
        findings.append(tried(mutation))
        sys.stdout.write(f"{mutation.name}: {'found' if findings[-1].found else 'NOT FOUND'}: {findings[-1].words}\n")
        sys.stdout.flush()
        earlier = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
        PAGE.write_text(page(findings, earlier), encoding="utf-8")
    return 0 if all(finding.found for finding in findings) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
