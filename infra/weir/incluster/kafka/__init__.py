"""Kafka's topics, users, rules and quotas, as the catalog says: by `weir up` and by the job in the cluster."""
