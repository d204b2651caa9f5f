"""Cassandra's schema and roles, brought to what the catalog says: by `weir up` and by the job in the cluster."""
