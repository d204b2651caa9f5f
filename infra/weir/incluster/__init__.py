"""The programs that run in pods. They need no oracle: neither DuckDB nor numpy."""
