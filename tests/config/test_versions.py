"""One place names every version; what resolves versions elsewhere agrees, and what goes together is a matrix."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from tests.schemas import crd_folder

from weir.config import versions

pytestmark = pytest.mark.unit

REPOSITORY = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("file", "pattern", "version"),
    [
        ("toolchain/pom.xml", r"<kafka.version>(.*?)<", versions.KAFKA),
        ("toolchain/pom.xml", r"<cassandra.version>(.*?)<", versions.CASSANDRA),
        ("toolchain/pom.xml", r"<registry.version>(.*?)<", versions.REGISTRY),
        ("toolchain/pom.xml", r"<trino.version>(.*?)<", versions.TRINO),
        ("toolchain/pom.xml", r"<flink.version>(.*?)<", versions.FLINK),
        ("toolchain/pom.xml", r"<flink-kafka.version>(.*?)<", versions.FLINK_KAFKA_CONNECTOR),
        ("pom.xml", r"<flink.version>(.*?)<", versions.FLINK),
        ("tests/cluster/go/cosign/go.mod", r"github.com/sigstore/cosign/v3 v(\S+)", versions.COSIGN),
        ("locks/flink.txt", r"^apache-flink==(\S+)", versions.FLINK),
        ("locks/superset.txt", r"^apache-superset==(\S+)", versions.SUPERSET),
    ],
)
def test_every_place_that_resolves_a_version_has_the_same(file: str, pattern: str, version: str) -> None:
    found = re.search(pattern, (REPOSITORY / file).read_text(), re.MULTILINE)
    assert found is not None
    assert found[1] == version


@pytest.mark.parametrize("line", versions.COMPATIBILITY, ids=lambda line: f"{line.needed_by}: {line.subject}")
def test_what_goes_together_is_what_is_used(line: versions.Compatibility) -> None:
    assert line.holds, f"{line.needed_by} supports {line.subject} {line.versions}, not {line.version}: {line.source}"


def test_the_matrix_refuses_a_version_that_is_not_supported() -> None:
    line = versions.Compatibility("operator", "Flink", "2.20.1", ("2.2",), "its CRD")
    assert not line.holds


def test_the_operators_name_of_flink_is_that_of_the_version() -> None:
    major, minor, _ = versions.FLINK.split(".")
    assert f"v{major}_{minor}" == versions.FLINK_CRD_VERSION


@pytest.mark.parametrize("crd", versions.CRDS.values(), ids=versions.CRDS.keys())
def test_every_custom_resource_is_served_by_its_pinned_release(crd: versions.Crd) -> None:
    group, version = crd.api_version.split("/")
    # As text: these files are megabytes of schema, of which only the head and the names of versions count.
    files = [path.read_text() for path in (crd_folder() / crd.folder).glob("*.y*ml")]
    definitions = [
        text
        for text in files
        if re.search(rf"^  group: {re.escape(group)}$", text, re.MULTILINE)
        and re.search(rf"^    kind: {crd.kind}$", text, re.MULTILINE)
    ]
    if not definitions:
        pytest.skip(f"no CRD file of {crd.kind} was fetched")
    (definition,) = definitions
    assert version in re.findall(r"^(?:  - | {4})name: (v\d\w*)$", definition, re.MULTILINE)


def test_requirements_are_the_whole_environment_of_the_repository() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    wanted = [
        *project["dependencies"],
        *(each for extra in project["optional-dependencies"].values() for each in extra),
    ]
    locked = set(re.findall(r"^([\w.-]+)==", (REPOSITORY / "requirements.txt").read_text(), re.MULTILINE))
    assert {re.split(r"[\[<>=]", each)[0] for each in wanted} - locked == set()


def test_the_requirements_of_flinks_jobs_are_the_lock_of_pyflink() -> None:
    folder = REPOSITORY / "flink-jobs"
    (lock,) = re.findall(r"^-r (\S+)$", (folder / "requirements.txt").read_text(), re.MULTILINE)
    assert f"apache-flink=={versions.FLINK}" in (folder / lock).read_text()
