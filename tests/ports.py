"""Ports for servers of the tests."""

from __future__ import annotations

import socket

from weir.local.service import LOOPBACK


def free_port() -> int:
    """A port on loopback that nobody listens on."""
    with socket.create_server((LOOPBACK, 0)) as probe:
        return probe.getsockname()[1]
