"""Registers schemas and compatibility rules. It can be run at any time; existing schemas stay unchanged.

In the cluster: `python -m weir.incluster.subjects <registry's URL> <file with the subjects as JSON>`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from weir.catalog.pipeline import Pipeline
from weir.catalog.subjects import Subject, subjects_from_json, subjects_of
from weir.clients import registry
from weir.config.errors import WeirError

WAIT_SECONDS = 300


def register_subjects(registry_url: str, pipelines: Iterable[Pipeline]) -> None:
    """Registers each pipeline's schema under its subject, with its compatibility rule.

    Raises:
        WeirError: the registry rejects the schema, for example as incompatible with the last one.
    """
    register(registry_url, subjects_of(pipelines))


def register(registry_url: str, subjects: Iterable[Subject]) -> None:
    """Registers each schema under the current rule, then sets the rule for the next one.

    Raises:
        WeirError: as for `register_subjects`.
    """
    for subject in subjects:
        registry.add_version(registry_url, subject.name, subject.schema)
        registry.set_compatibility(registry_url, subject.name, subject.compatibility)


def main(arguments: list[str]) -> int:
    """Registers the subjects of a file. Returns 0 if all match the file."""
    url, file = arguments
    subjects = subjects_from_json(Path(file).read_text(encoding="utf-8"))
    try:
        registry.wait_for(url, WAIT_SECONDS)
        register(url, subjects)
    except WeirError as error:
        sys.stdout.write(f"{error}\n")
        return 1
    sys.stdout.write("".join(f"{subject.name}: {subject.compatibility}\n" for subject in subjects))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
