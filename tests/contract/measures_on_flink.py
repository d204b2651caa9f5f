"""Runs a query on Flink in this process and prints the last row of each group; for the Python of Flink's environment.

Input (JSON): the columns as DDL, the rows as a CSV file, the expressions.
"""

import json
import sys

from pyflink.table import EnvironmentSettings, TableEnvironment  # pyright: ignore[reportMissingImports]

given = json.loads(sys.argv[1])
environment = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
environment.get_config().set("parallelism.default", "1")
# From a file, so that the optimizer knows no value.
environment.execute_sql(
    f"CREATE TEMPORARY TABLE given ({given['columns']}) WITH ('connector' = 'filesystem', 'path' = '{given['path']}', "
    "'format' = 'csv', 'csv.null-literal' = 'null')"
)
# As text: PyFlink cannot hand over infinity.
measures = ", ".join(f"CAST({expression} AS STRING)" for expression in given["expressions"])
with environment.execute_sql(f"SELECT g, {measures} FROM given GROUP BY g").collect() as rows:
    found = {row[0]: list(row)[1:] for row in rows}
sys.stdout.write("RESULT" + json.dumps(found))
