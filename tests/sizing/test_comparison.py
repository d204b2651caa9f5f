"""docs/sizing.md is what our plans and the recorded ones of Netflix's models say."""

from __future__ import annotations

import json

import pytest
from tests.sizing.netflix.page import FIGURES, PAGE, REASONS, differences, page, version_of
from tests.sizing.netflix.workloads import WORKLOADS, inputs

pytestmark = pytest.mark.unit

RECORDED = json.loads(FIGURES.read_text(encoding="utf-8"))


def test_netflixs_models_were_told_what_we_plan_for() -> None:
    assert RECORDED["loads"] == inputs(), "another load; run `make sizing`"
    assert len(WORKLOADS) == 6


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(RECORDED, version_of()), "run `make sizing`"


def test_every_large_difference_is_explained() -> None:
    for name, service, figure, factor in differences(RECORDED["netflix"]):
        assert REASONS[f"{service}.{figure}"]
        # Ours is less where Netflix has a smallest machine, and more where rows outlive their TTL on disk.
        assert 0.05 < factor < 2.5, f"{name}: {service} {figure}"
