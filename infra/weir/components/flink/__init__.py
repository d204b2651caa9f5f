"""Flink on Kubernetes: the operator's resources for a pipeline's job, and the operator itself."""
