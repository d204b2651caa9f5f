"""Ports on loopback: the stack's where they are free, others where they are taken."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Mapping

from weir.config.embedded import Ports
from weir.local.service import LOOPBACK


def allocate(wanted: Ports, previous: Mapping[str, int]) -> Ports:
    """A free port for every service: the one it had before, else the wanted one, else any.

    `previous` is what the same data directory used last: clients that keep an address find the service again.
    """
    chosen: dict[str, int] = {}
    for name, port in wanted.model_dump().items():
        candidates = [previous[name], port] if name in previous else [port]
        chosen[name] = _first_free(candidates, set(chosen.values()))
    return Ports(**chosen)


def moved(wanted: Ports, allocated: Ports) -> dict[str, tuple[int, int]]:
    """The ports that differ from the wanted ones: name -> (wanted, allocated)."""
    pairs = {name: (port, getattr(allocated, name)) for name, port in wanted.model_dump().items()}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _first_free(candidates: list[int], chosen: set[int]) -> int:
    """The first candidate that is free and not chosen yet, else any other port; a candidate 0 is any, too."""
    for port in itertools.chain(candidates, itertools.repeat(0)):
        bound = _bound_port(port)
        if bound is not None and bound not in chosen:
            return bound
    raise AssertionError("unreachable: the candidates never end")


def _bound_port(port: int) -> int | None:
    """The port that could be bound (0 asks for any), or None where something listens there."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # A port whose last connections are in TIME_WAIT is free for a server; one with a listener still is not.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return None
        return probe.getsockname()[1]
