"""Cassandra on Kubernetes, with K8ssandra or as a plain StatefulSet; its schema and roles; and access for clients."""
