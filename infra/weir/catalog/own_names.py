"""What weir calls its own users and groups in Kafka, and how a name becomes one of Kubernetes. Pure."""

from __future__ import annotations

NODE_PRINCIPAL = "weir-kafka-node"
"""The principal of a plain Kafka's brokers and controllers, which may do everything."""
REGISTRY = "weir-registry"
"""The schema registry's user."""
OWN_CLIENTS = ("producer", "monitor", "loader", "references")
"""What follows `weir-<pipeline>-` in the names of weir's own users of a pipeline."""
LETTERS_PREFIX = "letters-"
"""What the group and the transactional id begin with under which the letters of a pipeline are worked on."""
OWN_GROUP_PREFIXES = ("weir-", "connect-", "loader-", LETTERS_PREFIX)
"""What the groups of jobs, the registry, monitors, Connect and `weir letters` begin with."""


def kubernetes_name(pipeline: str) -> str:
    """The pipeline's name where only letters, digits and dashes may stand."""
    return pipeline.replace("_", "-")


def client_user(pipeline: str, client: str) -> str:
    """The Kafka user of a client of a pipeline, and the Secret with its credentials.

    The prefix keeps it apart from all other Secrets, and lets the set-up job of a plain Kafka take rights back.
    """
    return f"weir-{kubernetes_name(pipeline)}-{client}"
