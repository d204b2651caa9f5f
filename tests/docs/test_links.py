"""Documents lead somewhere: every relative link has its file and heading, and the README's map names every folder."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.repository_files import tracked

pytestmark = pytest.mark.unit

REPOSITORY = Path(__file__).parents[2]
CODE = re.compile(r"^( *)```.*?^\1```|`[^`\n]*`", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!\w+:)(?P<file>[^)#\s]*)(?:#(?P<heading>[^)\s]*))?\)")


def top_level_folders() -> set[str]:
    """The top-level folders that git tracks."""
    return {name.split("/")[0] for name in tracked() if "/" in name}


def anchors(document: Path) -> set[str]:
    """The anchors that GitHub gives the headings of a document."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken(document: Path) -> list[str]:
    """The relative links of a document that lead nowhere."""
    found = []
    for link in LINK.finditer(CODE.sub("", document.read_text(encoding="utf-8"))):
        target = (document.parent / link["file"]).resolve() if link["file"] else document
        if not target.exists() or (link["heading"] and link["heading"] not in anchors(target)):
            found.append(link[0])
    return found


@pytest.mark.parametrize("document", tracked("*.md"))
def test_every_relative_link_leads_to_a_file_and_heading(document: str) -> None:
    assert broken(REPOSITORY / document) == []


def test_a_link_to_nothing_is_found(tmp_path: Path) -> None:
    document = tmp_path / "page.md"
    document.write_text("# A `page`\n[a](#a-page) [b](#b) [c](gone.md) [d](https://example.org) `[e](code.md)`\n")
    assert broken(document) == ["](#b)", "](gone.md)"]


def test_the_map_of_the_readme_names_exactly_the_top_level_folders() -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    section = readme.partition("## Where things are\n")[2].partition("\n## ")[0]
    named = re.findall(r"^\| \[`([\w.-]+)/`\]\(\1\) \|", section, re.MULTILINE)
    assert named == sorted(top_level_folders())


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/glossary.md"])
def test_every_path_in_code_font_exists(name: str) -> None:
    folders = "|".join(map(re.escape, top_level_folders()))
    text = (REPOSITORY / name).read_text(encoding="utf-8")
    paths = re.findall(rf"`((?:{folders})/[\w./-]*)`", text)
    assert [path for path in paths if not (REPOSITORY / path).exists()] == []
