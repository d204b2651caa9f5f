"""Trino on Kubernetes: the SQL that dashboards speak to Cassandra."""
