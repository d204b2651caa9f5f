"""The threat model names tests, and those exist."""

from __future__ import annotations

import re

import pytest
import yaml
from tests.docs.test_names import TESTS, names

from weir.config.images import ImagesConfig
from weir.config.repository import REPOSITORY

pytestmark = pytest.mark.unit

GUIDE = REPOSITORY / "docs" / "how-to" / "secure.md"
DOCUMENT = REPOSITORY / "docs" / "security.md"


def test_every_test_that_the_threat_model_names_exists() -> None:
    named = re.findall(r"`(test_\w+)`", DOCUMENT.read_text(encoding="utf-8"))
    known = {name for path in TESTS.rglob("test_*.py") for name in names(path.read_text(encoding="utf-8"))}
    assert len(named) >= 14
    assert [name for name in named if name not in known] == []


def test_each_row_of_what_stops_an_actor_names_its_test() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    section = text[text.index("## What stops them") : text.index("## What does not")]
    rows = [line for line in section.splitlines() if line.startswith("| ")][1:]
    assert rows
    assert [row for row in rows if not re.search(r"\| `test_\w+` \|$", row)] == []


def test_the_policy_of_signed_images_is_about_our_own_registry() -> None:
    blocks = re.findall(r"<<'POLICY'\n(.*?)^POLICY$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    documents = [document for block in blocks for document in yaml.safe_load_all(block)]
    own, others = (document["spec"] for document in documents if document["kind"] == "ClusterImagePolicy")
    assert own["images"] == [{"glob": f"{ImagesConfig().own_registry}/**"}]
    assert [sorted(authority) for authority in own["authorities"]] == [["ctlog", "key", "name"]]
    assert others["images"] == [{"glob": "**"}]
