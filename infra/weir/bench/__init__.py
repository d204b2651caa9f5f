"""Benchmarks: the cost of each stage of a pipeline, and a comparison of the engines."""
