"""Applies the catalog's topics, users, ACLs and quotas to Kafka, for `weir up` and for the job in the cluster."""
