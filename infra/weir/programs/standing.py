"""What stands: the resources of a Pulumi stack, as its last checkpoint has them.

`pulumi stack export` reads the checkpoint without taking the stack's lock, so that it also answers inside an update of
that stack; secrets stay encrypted.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from weir.config.errors import WeirError
from weir.programs.recording import SECRET, SECRET_SIGNATURE, SIGNATURE, Recorded

OWN_KEYS = "__"
"""What a provider adds to the inputs for itself begins with it."""
TIMEOUT_SECONDS = 300


def exported(stack: str, project: Path) -> tuple[Recorded, ...]:
    """The standing resources of `stack`; none before its first `up`.

    Args:
        stack: its name in Pulumi's CLI: `prod`, `acme/weir/prod`.
        project: the folder of its `Pulumi.yaml`.

    Raises:
        WeirError: Pulumi cannot tell.
    """
    command = ["pulumi", "stack", "export", "--stack", stack, "--cwd", str(project), "--non-interactive"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=TIMEOUT_SECONDS)
    except OSError as error:
        raise WeirError(f"the standing resources cannot be read: {error}; put Pulumi's CLI on the PATH") from None
    if result.returncode != 0:
        raise WeirError(f"the standing resources of {stack} cannot be read: {result.stderr.strip()}")
    return from_checkpoint(json.loads(result.stdout))


def from_checkpoint(document: dict[str, Any]) -> tuple[Recorded, ...]:
    """The resources of an exported checkpoint, without those that are about to be deleted."""
    entries = document.get("deployment", {}).get("resources") or []
    return tuple(_recorded(entry) for entry in entries if not entry.get("delete"))


def _recorded(entry: dict[str, Any]) -> Recorded:
    return Recorded(
        urn=entry["urn"],
        type=entry["type"],
        name=entry["urn"].rpartition("::")[2],
        inputs=_plain(entry.get("inputs") or {}),
        secret_paths=frozenset(),
        parent=entry.get("parent", ""),
        dependencies=tuple(entry.get("dependencies") or ()),
        custom=bool(entry.get("custom")),
        protect=bool(entry.get("protect")),
        retain_on_delete=bool(entry.get("retainOnDelete")),
        ignore_changes=(),
    )


def _plain(value: Any) -> Any:
    """The value with a placeholder for every secret, without what providers keep for themselves."""
    if isinstance(value, dict):
        if value.get(SIGNATURE) == SECRET_SIGNATURE:
            return SECRET
        return {key: _plain(item) for key, item in value.items() if not key.startswith(OWN_KEYS)}
    return [_plain(item) for item in value] if isinstance(value, list) else value
