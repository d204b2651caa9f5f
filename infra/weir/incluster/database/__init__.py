"""Applies the catalog's schema and roles to Cassandra, for `weir up` and for the job in the cluster."""
