"""The Cassandra table connector against a real Cassandra: the module's own integration tests, from its shaded jar."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from xml.etree import ElementTree

import pytest
from tests.platforms import CassandraAddress, free_ports_stack
from tests.secured_cassandra import STORE_PASSWORD, import_certificate, secured_node, wait_until_open

from weir.clients.cassandra import Access, admin_session
from weir.config.repository import REPOSITORY
from weir.config.stack import load_stack
from weir.incluster.database.accounts import DEFAULT_SUPERUSER
from weir.local.service import CASSANDRA_DATACENTER, LOOPBACK, Context, Paths
from weir.toolchain.installed import Toolchain

pytestmark = [pytest.mark.contract, pytest.mark.timeout(1800)]

MODULE = REPOSITORY / "flink-jobs" / "connectors" / "cassandra"
INTEGRATION_TESTS = sorted(path.stem for path in (MODULE / "src" / "test").rglob("*IT.java"))


WRITER_PASSWORD = "it's the writer's"
SECURED_SCHEMA = (
    "CREATE KEYSPACE secured WITH replication = {'class': 'NetworkTopologyStrategy', '"
    + CASSANDRA_DATACENTER
    + "': 1}",
    "CREATE TABLE secured.readings (k int PRIMARY KEY, name text)",
    "CREATE ROLE writer WITH LOGIN = true AND PASSWORD = '" + WRITER_PASSWORD.replace("'", "''") + "'",
    "GRANT MODIFY ON secured.readings TO writer",
    "GRANT SELECT ON secured.readings TO writer",
)


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory, toolchain_for: Callable[..., Toolchain]) -> Iterator[list[str]]:
    """Maven's options that name a node with passwords and TLS, on which `writer` may use one table."""
    folder = tmp_path_factory.mktemp("secured")
    stack = load_stack(free_ports_stack(folder))
    ctx = Context(REPOSITORY, Paths(folder / "weir"), stack.embedded.ports, stack, toolchain_for("cassandra"))
    with secured_node(ctx) as ca_file:
        address = f"{LOOPBACK}:{ctx.ports.cassandra}"
        login = Access((address,), CASSANDRA_DATACENTER, DEFAULT_SUPERUSER, DEFAULT_SUPERUSER, ca_file)
        with admin_session(wait_until_open(login)) as session:
            for statement in SECURED_SCHEMA:
                session.execute(statement)
        password_file = folder / "password"
        password_file.write_text(WRITER_PASSWORD + "\n", encoding="utf-8")
        yield [
            f"-Dcassandra.secured.contact-point={address}",
            f"-Dcassandra.secured.truststore={import_certificate(ctx.toolchain.java17, ca_file)}",
            f"-Dcassandra.secured.truststore-password={STORE_PASSWORD}",
            f"-Dcassandra.secured.password-file={password_file}",
        ]


@pytest.fixture(scope="module")
def reports(
    cassandra: CassandraAddress, secured: list[str], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, ElementTree.Element]:
    """The test suites that ran against this node, by class name without its package."""
    folder = MODULE / "target" / "it-reports"
    for stale in folder.glob("TEST-*.xml"):
        stale.unlink()
    log = tmp_path_factory.mktemp("connector") / "maven.log"
    command = [
        "mvn",
        "-q",
        "-B",
        "-f",
        str(REPOSITORY / "pom.xml"),
        "-pl",
        str(MODULE.relative_to(REPOSITORY)),
        "-am",
        "verify",
        f"-Dcassandra.contact-point={cassandra.host}:{cassandra.port}",
        f"-Dcassandra.datacenter={cassandra.datacenter}",
        *secured,
    ]
    with log.open("wb") as output:
        exit_code = subprocess.run(command, check=False, stdout=output, stderr=subprocess.STDOUT).returncode
    if exit_code != 0:
        errors = [line for line in log.read_text(errors="replace").splitlines() if "[ERROR]" in line]
        pytest.fail(f"mvn verify failed, see {log}\n" + "\n".join(errors[:40]))
    suites = [ElementTree.parse(path).getroot() for path in folder.glob("TEST-*.xml")]  # noqa: S314 (our own)
    return {suite.attrib["name"].rpartition(".")[2]: suite for suite in suites}


def test_every_integration_test_class_ran(reports: dict[str, ElementTree.Element]) -> None:
    assert INTEGRATION_TESTS
    assert sorted(reports) == INTEGRATION_TESTS


def test_none_was_skipped_and_none_failed(reports: dict[str, ElementTree.Element]) -> None:
    for name, suite in reports.items():
        assert int(suite.attrib["tests"]) > 0, name
        assert (suite.attrib["skipped"], suite.attrib["failures"], suite.attrib["errors"]) == ("0", "0", "0"), name
