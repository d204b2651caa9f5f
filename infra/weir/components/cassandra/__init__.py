"""Cassandra on Kubernetes, by K8ssandra or as a plain StatefulSet; its schema and roles; and how clients reach it."""
