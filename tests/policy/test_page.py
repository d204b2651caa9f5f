"""The page of policies says what the pack does."""

from __future__ import annotations

import os

import pytest
from tests.policy.page import PAGE, page

pytestmark = pytest.mark.unit


def test_the_page_of_policies_is_current() -> None:
    if "WEIR_UPDATE_DOCS" in os.environ:
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page(), "run WEIR_UPDATE_DOCS=1 pytest tests/policy"
