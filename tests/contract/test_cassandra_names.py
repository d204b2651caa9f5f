"""Names and trust domains against three real Cassandra nodes, whose addresses no certificate has."""

from __future__ import annotations

import socket
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.platforms import free_ports_stack
from tests.secured_ring import ADDRESSES, SERVER_NAME, Ring, mounted, running
from tests.waiting import wait_until

from weir.clients.cassandra import admin_session
from weir.components.cassandra.settings import NODES_DOMAIN, SERVERS_DOMAIN
from weir.components.certificates import TRINO_CLIENTS
from weir.components.own_certificates import Request
from weir.config.errors import WeirError
from weir.config.repository import REPOSITORY
from weir.config.stack import load_stack
from weir.local import installation, services
from weir.local.service import CASSANDRA_DATACENTER, Context, Paths

pytestmark = [pytest.mark.contract, pytest.mark.alone, pytest.mark.timeout(600)]

PROGRAM = Path(__file__).with_name("RingCheck.java")
ANSWER_SECONDS = 3


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ring]:
    folder = tmp_path_factory.mktemp("ring")
    stack = load_stack(free_ports_stack(folder))
    tools = installation.ensure(REPOSITORY, [*services.tools(["cassandra"]), "connectors"], lambda *_: None)
    ctx = Context(REPOSITORY, Paths(folder / "weir"), stack.embedded.ports, stack, tools)
    with running(ctx, folder) as found:
        yield found


def test_weirs_own_programs_reach_every_node_by_one_name(ring: Ring) -> None:
    with admin_session(ring.access) as session:

        def connected() -> set[str]:
            return {host.address for host, state in session.get_pool_state().items() if state["open_count"] > 0}

        wait_until("connections to all nodes", lambda: len(connected()) == len(ADDRESSES), 30)
        assert connected() == set(ADDRESSES)


def test_the_connectors_driver_reaches_every_node_by_one_name(ring: Ring) -> None:
    assert _java(ring, ring.clients, SERVER_NAME) == list(ADDRESSES)


def test_by_their_addresses_only_the_contact_point_answers(ring: Ring) -> None:
    """What several nodes came to before: a peer's address is in no certificate."""
    assert _java(ring, ring.clients, "") == [ADDRESSES[0]]


def test_a_node_with_another_name_is_refused(ring: Ring) -> None:
    assert "refused" in "".join(_java(ring, ring.clients, "cassandra.elsewhere"))
    elsewhere = replace(ring.access, contact_points=(f"{ADDRESSES[0]}:{ring.ctx.ports.cassandra}",))
    with pytest.raises(WeirError, match=r"not valid for '127\.0\.0\.1'"), admin_session(elsewhere):
        pass


@pytest.mark.parametrize("domain", [NODES_DOMAIN, TRINO_CLIENTS])
def test_clients_do_not_believe_another_domains_authority(ring: Ring, domain: str, tmp_path: Path) -> None:
    other = mounted(tmp_path / "other", domain, Request("cassandra", (SERVER_NAME,)))
    with (
        pytest.raises(WeirError, match="CERTIFICATE_VERIFY_FAILED"),
        admin_session(replace(ring.access, ca_file=other / "ca.crt")),
    ):
        pass
    assert "refused" in "".join(_java(ring, other, SERVER_NAME))


@pytest.mark.parametrize(("domain", "enters"), [(NODES_DOMAIN, True), (SERVERS_DOMAIN, False), (TRINO_CLIENTS, False)])
def test_only_a_nodes_certificate_enters_the_ring(ring: Ring, domain: str, enters: bool, tmp_path: Path) -> None:
    """The server's own certificate, which Reaper has too, and a client's are no nodes'."""
    shown = mounted(tmp_path / "shown", domain, Request("cassandra", (SERVER_NAME,)), trusts=NODES_DOMAIN)
    assert _may_enter(ring, shown) is enters


def _may_enter(ring: Ring, folder: Path) -> bool:
    """Whether a node goes on after this certificate; with TLS 1.3 it refuses one when the client's part is over."""
    context = ssl.create_default_context(cafile=str(folder / "ca.crt"))
    context.load_cert_chain(folder / "tls.crt", folder / "tls.key")
    address = (ADDRESSES[1], ring.ctx.ports.cassandra_storage)
    with socket.create_connection(address) as plain:
        try:
            with context.wrap_socket(plain, server_hostname=SERVER_NAME) as connection:
                connection.settimeout(ANSWER_SECONDS)
                return connection.recv(1) != b""
        except TimeoutError:
            return True  # it waits for the first message
        except (ssl.SSLError, ConnectionError):
            return False


def _java(ring: Ring, trusts: Path, server_name: str) -> list[str]:
    """The nodes that the connector's session has connections to, or lines that say why not."""
    tools = ring.ctx.toolchain
    (jar,) = tools.home("connectors").glob("flink-connector-cassandra-*.jar")
    point = f"{SERVER_NAME}:{ring.ctx.ports.cassandra}"
    given = (point, CASSANDRA_DATACENTER, trusts / "truststore.p12", server_name, len(ADDRESSES) if server_name else 1)
    flags = ("-XX:TieredStopAtLevel=1", "-cp", f"{jar}:{tools.classpath('cassandra')}")
    command = [tools.java17 / "bin" / "java", *flags, PROGRAM, *given]
    told = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True, timeout=120)
    return [line for line in told.stdout.splitlines() if line.startswith(("127.", "refused"))]
