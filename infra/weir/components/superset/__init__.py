"""Superset on Kubernetes, with its operator or as plain Deployments, and with its stores and dashboards."""
