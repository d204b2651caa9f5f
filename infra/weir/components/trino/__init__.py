"""Trino on Kubernetes: the SQL engine between dashboards and Cassandra."""
