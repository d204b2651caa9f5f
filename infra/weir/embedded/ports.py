"""Ports on loopback: the stack's where they are free, others where they are taken."""

from __future__ import annotations

import socket
from collections.abc import Mapping

from weir.config.stack import Ports
from weir.embedded.service import LOOPBACK


def allocate(wanted: Ports, previous: Mapping[str, int]) -> Ports:
    """A free port for every service: the one it had before, else the wanted one, else any.

    `previous` is what the same data directory used last: clients that keep an address find the service again.
    """
    held: list[socket.socket] = []
    chosen: dict[str, int] = {}
    try:
        for name, port in wanted.model_dump().items():
            candidates = [previous[name], port, 0] if name in previous else [port, 0]
            # Held until all are chosen, so that no two services get the same one.
            held.append(_first_free(candidates))
            chosen[name] = held[-1].getsockname()[1]
    finally:
        for holder in held:
            holder.close()
    return Ports(**chosen)


def moved(wanted: Ports, allocated: Ports) -> dict[str, tuple[int, int]]:
    """The ports that differ from the wanted ones: name -> (wanted, allocated)."""
    pairs = {name: (port, getattr(allocated, name)) for name, port in wanted.model_dump().items()}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _first_free(candidates: list[int]) -> socket.socket:
    """A socket bound to the first free port; the candidate 0 always is."""
    for port in candidates[:-1]:
        holder = _socket()
        try:
            holder.bind((LOOPBACK, port))
        except OSError:
            holder.close()
        else:
            return holder
    holder = _socket()
    holder.bind((LOOPBACK, candidates[-1]))
    return holder


def _socket() -> socket.socket:
    holder = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # A port whose last connections are in TIME_WAIT is free for a server; one with a listener still is not.
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return holder
