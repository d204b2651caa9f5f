"""The version is written in infra/weir/__init__.py; every other file that states it has the same one."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from tests.repository_files import tracked

from weir import __version__

pytestmark = pytest.mark.unit

REPOSITORY = Path(__file__).parents[2]

# File pattern -> where it states the version of weir. Each file must state it at least once.
STATED = {
    "**/pom.xml": r"<groupId>io\.weir</groupId>\s*<artifactId>[\w-]+</artifactId>\s*<version>(\d.*?)</version>",
    "infra/policy/PulumiPolicy.yaml": r"^version: (\S+)",
    "flink-jobs/dedup_join/pyproject.toml": r'^version = "(.*?)"',
    "flink-jobs/connectors/*/README.md": r"-(\d+\.\d+\.\d+)\.jar",
    "kafka-streams/loader/src/main/java/io/weir/connect/CassandraSink*.java": r'return "(\d+\.\d+\.\d+)";',
    "docs/how-to/deploy.md": r"ghcr\.io/weir/[\w{},-]+:(\d\S*)",
}


def test_the_package_takes_its_version_from_the_source() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "weir.__version__"}
    assert version("weir") == __version__, "run toolchain/bootstrap.sh"


@pytest.mark.parametrize("files", STATED)
def test_every_other_file_states_the_same_version(files: str) -> None:
    listed = tracked(f":(glob){files}")
    assert listed, f"{files} matches no file"
    stating = {}
    for name in listed:
        text = (REPOSITORY / name).read_text(encoding="utf-8")
        stating[name] = set(re.findall(STATED[files], text, re.MULTILINE))
    others = {name: found for name, found in stating.items() if found and found != {__version__}}
    assert others == {}, f"infra/weir/__init__.py says {__version__}"
    assert any(stating.values())


def test_the_changelog_describes_the_version() -> None:
    headings = re.findall(r"^## (\S+)", (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[0] == "Unreleased"
    assert __version__ in headings
