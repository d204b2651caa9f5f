"""Kafka on Kubernetes, by whichever provider: Strimzi, plain StatefulSets or Aiven; and how clients reach it."""
