"""Trino's configuration of the cluster, read by the real Trino; asked as Superset asks in the cluster."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from tests.contract import trino_cluster
from tests.contract.certificates import Authority
from tests.contract.trino_cluster import HOST, RefusedError, TrinoCluster
from tests.platforms import free_ports_stack

from weir.components.superset.settings import TRINO_USER
from weir.config.repository import REPOSITORY
from weir.config.stack import load_stack
from weir.local.service import Context, Paths
from weir.toolchain.installed import Toolchain

pytestmark = [pytest.mark.contract, pytest.mark.alone, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def cluster(
    tmp_path_factory: pytest.TempPathFactory, toolchain_for: Callable[..., Toolchain]
) -> Iterator[TrinoCluster]:
    folder = tmp_path_factory.mktemp("trino-cluster")
    stack = load_stack(free_ports_stack(folder))
    tools = toolchain_for("cassandra", "trino", "superset")
    ctx = Context(REPOSITORY, Paths(folder / "weir"), stack.embedded.ports, stack, tools)
    with trino_cluster.running(ctx, folder) as found:
        yield found


def test_superset_gets_in_by_its_certificate_and_a_worker_reads_cassandra(cluster: TrinoCluster) -> None:
    assert cluster.ask("SELECT count(*) FROM cassandra.system.local") == [[1]]
    nodes = cluster.ask("SELECT coordinator, http_uri FROM system.runtime.nodes ORDER BY 1")
    assert [coordinator for coordinator, _ in nodes] == [False, True]
    assert all(address.startswith("https://") for _, address in nodes)


def test_without_a_certificate_nobody_is_let_in(cluster: TrinoCluster) -> None:
    trusting = ssl.create_default_context(cafile=str(cluster.client / "ca.crt"))
    with httpx.Client(trust_env=False, verify=trusting) as visitor:
        headers = {"X-Trino-User": TRINO_USER}
        answer = visitor.post(f"https://{HOST}:{cluster.port}/v1/statement", content="SELECT 1", headers=headers)
    assert answer.status_code in {401, 403}


def test_nobody_is_let_in_under_anothers_name(cluster: TrinoCluster) -> None:
    with pytest.raises(RefusedError, match="Access Denied: User weir cannot impersonate user somebody-else"):
        cluster.ask("SELECT 1", user="somebody-else")


def test_a_certificate_of_another_authority_is_refused(cluster: TrinoCluster) -> None:
    other = Authority.made_in(cluster.folder / "other-authority", cluster.authority.java_home)
    forged = other.issue(cluster.folder / "forged", TRINO_USER, [TRINO_USER])
    _copied(cluster.client, forged, "ca.crt")
    with pytest.raises(RefusedError, match=r"alert|EOF|[Uu]nauthorized"):
        cluster.ask("SELECT 1", client=forged)


def test_a_server_of_another_authority_is_not_believed(cluster: TrinoCluster) -> None:
    strange = cluster.folder / "strange"
    strange.mkdir()
    _copied(cluster.client, strange, "tls.crt", "tls.key")
    other = Authority.made_in(cluster.folder / "strange-authority", cluster.authority.java_home)
    _copied(other.folder, strange, "ca.crt")
    with pytest.raises(RefusedError, match="CERTIFICATE_VERIFY_FAILED"):
        cluster.ask("SELECT 1", client=strange)


def test_nothing_can_be_written(cluster: TrinoCluster) -> None:
    with pytest.raises(RefusedError, match="Access Denied"):
        cluster.ask("CREATE SCHEMA cassandra.scratch")


def _copied(source: Path, target: Path, *names: str) -> None:
    for name in names:
        (target / name).write_bytes((source / name).read_bytes())
