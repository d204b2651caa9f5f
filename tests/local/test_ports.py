"""Ports are the usual ones where they are free, others where they are taken, and the same ones again."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from weir.config.embedded import Ports
from weir.local import ports
from weir.local.service import LOOPBACK

pytestmark = pytest.mark.unit


@pytest.fixture
def wanted() -> Ports:
    """Ports that are free now."""
    return ports.allocate(Ports(), dict.fromkeys(Ports().model_dump(), 0))


@pytest.fixture
def taken(wanted: Ports) -> Iterator[int]:
    """The wanted port of Kafka, while something listens there."""
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind((LOOPBACK, wanted.kafka))
        holder.listen()
        yield wanted.kafka


def test_free_ports_are_taken_as_wanted(wanted: Ports) -> None:
    assert ports.allocate(wanted, {}) == wanted
    assert ports.moved(wanted, wanted) == {}


def test_a_taken_port_is_replaced_and_reported(wanted: Ports, taken: int) -> None:
    allocated = ports.allocate(wanted, {})
    assert allocated.kafka != taken
    assert ports.moved(wanted, allocated) == {"kafka": (taken, allocated.kafka)}


def test_the_previous_port_is_preferred_while_it_is_free(wanted: Ports, taken: int) -> None:
    first = ports.allocate(wanted, {})
    assert ports.allocate(wanted, first.model_dump()) == first


def test_no_two_services_get_one_port() -> None:
    same = Ports(**dict.fromkeys(Ports().model_dump(), ports.allocate(Ports(), {}).kafka))
    allocated = ports.allocate(same, {})
    assert len(set(allocated.model_dump().values())) == len(allocated.model_dump())
