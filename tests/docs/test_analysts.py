"""The guide for analysts is true: its settings are accepted, and its versions are those that the repository uses."""

from __future__ import annotations

import re

import pytest
import yaml
from tests.sizing.stacks import SMALL

from weir.config import versions
from weir.config.repository import REPOSITORY
from weir.config.security import SecretName
from weir.config.stack import StackConfig

pytestmark = pytest.mark.unit

GUIDE = (REPOSITORY / "docs" / "how-to" / "connect-analysts.md").read_text(encoding="utf-8")


def test_the_shown_settings_are_accepted_with_the_secret() -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
    shown = {name.removeprefix("weir:"): value for name, value in yaml.safe_load(block).items()}
    stack = StackConfig.model_validate({**SMALL, **shown, "given_secrets": [SecretName.TRINO_PASSWORDS]})
    assert stack.trino.groups["new-york"].rows == {"origin": ["JFK", "LGA"]}
    assert stack.trino.host == "trino.example.org"


def test_the_clients_have_the_versions_that_are_tested() -> None:
    assert f"io.trino:trino-jdbc:{versions.TRINO}" in GUIDE
    locked = (REPOSITORY / "locks" / "superset.txt").read_text(encoding="utf-8")
    (client,) = re.findall(r"trino==([0-9.]+)", GUIDE)
    assert f"\ntrino=={client} " in locked
