"""Kafka on Kubernetes, with Strimzi, plain StatefulSets or Aiven; and access for clients."""
