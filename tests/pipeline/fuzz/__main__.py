"""Random records on both engines, on a platform of their own, and the page about it.

    python -m tests.pipeline.fuzz                 # 100,000 records
    python -m tests.pipeline.fuzz 5000 17         # 5,000 records of the seed 17

docs/fuzz.md is written when everything was as it must be, and 100,000 records were sent.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from tests.pipeline.fuzz.page import PAGE, page
from tests.pipeline.fuzz.run import fuzzed
from tests.platforms import PIPELINE_SERVICES, running

from weir.local import jobs
from weir.local.own_platform import temporary_folder

RECORDS = 100_000
SEED = 2026
STOP_SECONDS = 120


def main(records: int = RECORDS, seed: int = SEED) -> int:
    """1 when something was not as it must be; the platform's files are kept then."""
    root = temporary_folder("fuzz")
    faults: list[str] = []
    with running(root / "weir", *PIPELINE_SERVICES) as ctx:
        with fuzzed(ctx, root, seed, records) as (sent, outcomes):
            for outcome in outcomes:
                faults += [f"{outcome.engine}: {fault}" for fault in outcome.faults(sent)]
            text = page(sent, outcomes)
        jobs.stop_all(ctx, STOP_SECONDS)
    sys.stdout.write(text)
    for fault in faults:
        sys.stderr.write(f"seed {seed}: {fault}\n")
    if faults:
        sys.stderr.write(f"evidence: {root}\n")
        return 1
    if records >= RECORDS:
        PAGE.write_text(text, encoding="utf-8")
    _remove(root)
    return 0


def _remove(root: Path) -> None:
    shutil.rmtree(root)


if __name__ == "__main__":
    sys.exit(main(*(int(argument) for argument in sys.argv[1:])))
