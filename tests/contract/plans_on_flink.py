"""Has Flink compile the job of each pipeline folder below the first argument; for the Python of Flink's environment.

Prints a line for each: `OK <number>`, or `FAULT <number> <what Flink says>`.
"""

import sys
import tempfile
from pathlib import Path

from dedup_join.main import compiled, table_environment
from dedup_join.settings import Settings
from dedup_join.statements import job_statements
from weir.catalog.pipeline import load_pipeline

SETTINGS = Settings(
    kafka_bootstrap_servers="127.0.0.1:9",
    registry_url="http://127.0.0.1:9/",
    cassandra_contact_points=("127.0.0.1:9",),
    cassandra_datacenter="dc1",
    transaction_timeout_seconds=900,
)
for number in sorted(Path(sys.argv[1]).iterdir()):
    (folder,) = number.iterdir()
    pipeline = load_pipeline(folder)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            compiled(table_environment(), pipeline, job_statements(pipeline, SETTINGS), Path(scratch), 1)
        sys.stdout.write(f"OK {number.name}\n")
    except Exception as error:
        sys.stdout.write(f"FAULT {number.name} {' '.join(str(error).split())[-2000:]}\n")
