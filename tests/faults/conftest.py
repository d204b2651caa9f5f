"""A platform that is Kafka alone."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.platforms import Weir, free_ports_stack


@pytest.fixture(scope="module")
def fetched(toolchain_for: Callable) -> None:
    """The tools are in the cache before anything is timed or cut off from the network."""
    toolchain_for("kafka")


@pytest.fixture
def up(weir: Weir, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`weir up --only kafka` on free ports."""
    stack = str(free_ports_stack(tmp_path))
    return lambda *more, **environment: weir.run("up", "--stack", stack, "--only", "kafka", *more, **environment)
