"""Superset on Kubernetes, by its operator or as plain Deployments, with its stores and dashboards."""
