"""Runs expressions on Flink in this process and prints the row of each id; for the Python of Flink's environment.

Input (JSON): the columns as DDL, the rows as a file of JSON lines with a number `n` each, the expressions.
"""

import json
import sys

from dedup_join.main import table_environment

given = json.loads(sys.argv[1])
environment = table_environment()
environment.get_config().set("parallelism.default", "1")
# From a file, so that the optimizer knows no value.
environment.execute_sql(
    f"CREATE TEMPORARY TABLE given (n INT, {given['columns']}) WITH ('connector' = 'filesystem', "
    f"'path' = '{given['path']}', 'format' = 'json', 'json.timestamp-format.standard' = 'ISO-8601')"
)
with environment.execute_sql(f"SELECT n, {', '.join(given['expressions'])} FROM given").collect() as rows:
    found = {row[0]: list(row)[1:] for row in rows}
sys.stdout.write("RESULT" + json.dumps(found))
