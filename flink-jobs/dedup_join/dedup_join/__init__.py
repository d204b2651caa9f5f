"""The Flink job of a pipeline: deduplicate the events, join them with the reference tables, write rows and totals."""
