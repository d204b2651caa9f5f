"""Pods and containers whose size does not follow from the load: helpers of operators, programs of weir's own, Jobs."""

from __future__ import annotations

from weir.sizing.plan import PodSize

# Strimzi: the entity operator's two containers, Cruise Control, the exporter of consumer lag.
TOPIC_OPERATOR = PodSize(0.1, 512)
USER_OPERATOR = PodSize(0.1, 512)
CRUISE_CONTROL = PodSize(0.5, 1536)
EXPORTER = PodSize(0.1, 128)

# K8ssandra: Reaper, and the containers beside Cassandra (cass-operator's system logger; Medusa with backups).
REAPER = PodSize(0.25, 1024, 512)
MEDUSA = PodSize(0.25, 1024)
SIDE_CONTAINER = PodSize(0.1, 256)

# Python's standard library alone, beside Trino's coordinator: 25 MiB on one machine.
QUERY_LOG = PodSize(0.05, 64)

# Python with the drivers of Kafka and Cassandra: 110 MiB on one machine.
MONITOR = PodSize(0.1, 256)
# It holds a table and its topic at once; reference tables are small.
REFERENCES_PUBLISHER = PodSize(0.1, 512)

# Jobs: schemas into the registry, topics and users of a plain Kafka, tables and roles, dashboards, Superset's database.
REGISTRY_JOB = PodSize(0.1, 256)
KAFKA_SETUP_JOB = PodSize(0.1, 256)
DATABASE_JOB = PodSize(0.1, 256)
DASHBOARDS_JOB = PodSize(0.5, 1536)
SUPERSET_LIFECYCLE_JOB = PodSize(0.5, 2048)
