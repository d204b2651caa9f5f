"""Registers schemas and compatibility rules. Safe to run at any time: a schema that is there already stays as it is.

In the cluster: `python -m weir.registry.subjects <registry's URL> <file with the subjects as JSON>`.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import httpx

from weir.catalog.pipeline import Pipeline
from weir.catalog.subjects import Subject, subjects_from_json, subjects_of
from weir.config.errors import WeirError

TIMEOUT_SECONDS = 60
WAIT_SECONDS = 300
RETRY_SECONDS = 3


def register_subjects(registry_url: str, pipelines: Iterable[Pipeline]) -> None:
    """Registers each pipeline's schema under its subject, with its compatibility rule.

    Raises:
        WeirError: the registry refuses the schema, for instance as incompatible with the last one.
    """
    register(registry_url, subjects_of(pipelines))


def register(registry_url: str, subjects: Iterable[Subject]) -> None:
    """Registers `subjects`: the schema under the rule that holds so far, then the rule for the next one.

    Raises:
        WeirError: as `register_subjects`.
    """
    with httpx.Client(base_url=registry_url, trust_env=False, timeout=TIMEOUT_SECONDS) as client:
        for subject in subjects:
            registered = client.post(f"/subjects/{subject.name}/versions", json={"schema": subject.schema})
            _check(registered, f"the schema of subject {subject.name}")
            rule = client.put(f"/config/{subject.name}", json={"compatibility": subject.compatibility})
            _check(rule, f"the compatibility rule of subject {subject.name}")


def wait_for(registry_url: str, seconds: float = WAIT_SECONDS) -> None:
    """Until the registry answers.

    Raises:
        WeirError: it did not in time.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            httpx.get(f"{registry_url}/subjects", trust_env=False, timeout=TIMEOUT_SECONDS).raise_for_status()
        except httpx.HTTPError as error:
            if time.monotonic() >= deadline:
                raise WeirError(f"the registry at {registry_url} does not answer: {type(error).__name__}") from None
            time.sleep(RETRY_SECONDS)
        else:
            return


def main(arguments: list[str]) -> int:
    """Registers the subjects of a file; 0 when all are as the file says."""
    url, file = arguments
    subjects = subjects_from_json(Path(file).read_text(encoding="utf-8"))
    try:
        wait_for(url)
        register(url, subjects)
    except WeirError as error:
        sys.stdout.write(f"{error}\n")
        return 1
    sys.stdout.write("".join(f"{subject.name}: {subject.compatibility}\n" for subject in subjects))
    return 0


def _check(response: httpx.Response, what: str) -> None:
    if response.is_success:
        return
    try:
        reason = response.json().get("message", response.text)
    except json.JSONDecodeError:
        reason = response.text
    raise WeirError(f"the registry refuses {what}: {reason}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
