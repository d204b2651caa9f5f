"""The programs that run in pods. They do not use the oracle, so their image needs neither DuckDB nor numpy."""
