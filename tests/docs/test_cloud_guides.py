"""The settings that the guides to clouds and to security show are accepted, each laid over production's."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.sizing.stacks import merged

from weir.config.errors import read_yaml
from weir.config.repository import REPOSITORY, stack_file
from weir.config.security import SecretName
from weir.config.stack import StackConfig

pytestmark = pytest.mark.unit

GUIDES = [REPOSITORY / "docs" / "how-to" / name for name in ("prepare-a-cloud.md", "secure.md")]
BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHOWN = [(guide, block) for guide in GUIDES for block in BLOCK.findall(guide.read_text(encoding="utf-8"))]


def own(settings: dict[str, Any]) -> dict[str, Any]:
    return {name.removeprefix("weir:"): value for name, value in settings.items()}


def test_both_guides_show_settings() -> None:
    assert {guide for guide, _ in SHOWN} == set(GUIDES)


@pytest.mark.parametrize(("guide", "block"), SHOWN, ids=lambda value: getattr(value, "stem", None))
def test_shown_settings_are_accepted(guide: Path, block: str) -> None:
    base = own(read_yaml(stack_file("prod"))["config"]) | {"given_secrets": list(SecretName)}
    assert StackConfig.model_validate(merged(base, own(yaml.safe_load(block)))), guide
