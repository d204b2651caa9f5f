"""Flink on Kubernetes: the operator's resources of a pipeline's job, and the operator itself."""
