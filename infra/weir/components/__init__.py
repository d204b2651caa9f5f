"""Pulumi components, one noun in each file: typed arguments in, Kubernetes or Aiven resources out."""
