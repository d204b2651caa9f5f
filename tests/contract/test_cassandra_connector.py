"""The Cassandra table connector against a real Cassandra: the module's own integration tests, from its shaded jar."""

import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tests.platforms import CassandraAddress

pytestmark = [pytest.mark.contract, pytest.mark.timeout(1800)]

REPOSITORY = Path(__file__).resolve().parents[2]
MODULE = REPOSITORY / "flink-jobs" / "connectors" / "cassandra"
INTEGRATION_TESTS = sorted(path.stem for path in (MODULE / "src" / "test").rglob("*IT.java"))


@pytest.fixture(scope="module")
def reports(cassandra: CassandraAddress, tmp_path_factory: pytest.TempPathFactory) -> dict[str, ElementTree.Element]:
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
