"""A stack as files: the real program, run in this process for a stack file, its resources as manifests in a folder.

Neither a cluster nor the Pulumi engine is needed. `python -m weir.programs.rendering <stack>` prints the resources as
JSON, which is how another revision of the repository is rendered by its own code.
"""

from __future__ import annotations

import json
import re
import runpy
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from weir.config.errors import WeirError, read_yaml
from weir.config.repository import REPOSITORY
from weir.config.stack import load_stack
from weir.config.yaml_text import DUMPER
from weir.programs.load import LOCK_FILE
from weir.programs.recording import Recorded, record
from weir.sizing.lock import LockFile

PROGRAM = REPOSITORY / "infra" / "__main__.py"
STACKS = REPOSITORY / "stacks"
INDEX = "resources.txt"
CLUSTER_FOLDER = "cluster"
FIRST_KEYS = ("apiVersion", "kind", "type", "metadata")
KUBERNETES = "kubernetes:"
HELM = "kubernetes:helm.sh"
WITH_SETTINGS = "--settings"


@dataclass(frozen=True)
class Rendering:
    """What Pulumi would make of a stack."""

    stack: str
    resources: tuple[Recorded, ...]

    @property
    def manifests(self) -> list[Recorded]:
        """The resources that are Kubernetes objects, each after what it depends on."""
        return [resource for resource in self.resources if is_manifest(resource)]

    def files(self) -> dict[str, str]:
        """Path -> text, one file for each resource that is more than a group of others."""
        texts: dict[str, str] = {}
        for resource in self.resources:
            if not resource.custom:
                continue
            path = file_of(resource)
            if path in texts:
                raise WeirError(f"two resources would be written to {path}; rename the second one, {resource.urn}")
            texts[path] = as_yaml(resource)
        return texts


def render(stack_file: Path, program: Path = PROGRAM) -> Rendering:
    """Runs `program` for a stack file.

    Raises:
        ConfigError: the stack file is wrong.
        LockRefused: the lock file beside it is stale, or it is protected and has none.
        SizingRefused: nothing within the stack's limits carries its load.
    """
    stack = load_stack(stack_file)
    document = read_yaml(stack_file)["config"]
    locked = LOCK_FILE.set(LockFile.of(stack_file))
    try:
        resources = record(lambda: runpy.run_path(str(program)), stack.environment, pulumi_settings(document))
    finally:
        LOCK_FILE.reset(locked)
    return Rendering(stack.environment, tuple(resources))


def stack_path(name: str) -> Path:
    """The file of the stack called `name`; a path to a file is taken as it is."""
    return Path(name).absolute() if name.endswith(".yaml") else STACKS / f"Pulumi.{name}.yaml"


def pulumi_settings(settings: Mapping[str, Any]) -> dict[str, str]:
    """A stack file's settings as Pulumi hands them to a program; an encrypted one as some text, for it is not read."""
    return {key: "" if _is_encrypted(value) else _text(value) for key, value in settings.items()}


def is_manifest(resource: Recorded) -> bool:
    """True for what `kubectl` would take."""
    return resource.custom and resource.type.startswith(KUBERNETES) and not resource.type.startswith(HELM)


def file_of(resource: Recorded) -> str:
    """`<namespace>/<kind>.<name>.yaml`; a resource that is not a Kubernetes object is in the folder of its provider."""
    if not is_manifest(resource):
        provider, _, rest = resource.type.partition(":")
        folder = "helm" if resource.type.startswith(HELM) else provider
        return f"{folder}/{_safe(rest.rpartition(':')[2])}.{_safe(resource.name)}.yaml"
    metadata = resource.inputs.get("metadata") or {}
    folder = metadata.get("namespace") or CLUSTER_FOLDER
    return f"{folder}/{str(resource.inputs['kind']).lower()}.{_safe(metadata.get('name') or resource.name)}.yaml"


def as_yaml(resource: Recorded) -> str:
    """The manifest; keys in a fixed order, so that a difference is a change."""
    document = resource.inputs if is_manifest(resource) else {"type": resource.type, "inputs": resource.inputs}
    head = {key: document[key] for key in FIRST_KEYS if key in document}
    rest = {key: document[key] for key in sorted(document) if key not in head}
    return yaml.dump(_sorted({**head, **rest}), Dumper=_Dumper, sort_keys=False, width=120, allow_unicode=True)


def write(rendering: Rendering, folder: Path) -> list[Path]:
    """Writes the files, and `resources.txt` with the order in which they are made; returns what it wrote.

    Raises:
        WeirError: the folder holds something that weir did not write.
    """
    files = rendering.files()
    if folder.exists() and any(folder.iterdir()) and not (folder / INDEX).exists():
        raise WeirError(f"{folder} is not empty and contains no rendering; choose another folder, or empty it")
    if (folder / INDEX).exists():
        for line in (folder / INDEX).read_text(encoding="utf-8").splitlines():
            (folder / line).unlink(missing_ok=True)
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / INDEX).write_text("".join(f"{path}\n" for path in files), encoding="utf-8")
    return [folder / path for path in files]


def to_json(resources: Iterable[Recorded]) -> str:
    """The resources, for another process."""
    return json.dumps([{**asdict(resource), "secret_paths": sorted(resource.secret_paths)} for resource in resources])


def from_json(text: str) -> tuple[Recorded, ...]:
    """What `to_json` wrote."""
    tuples = ("dependencies", "ignore_changes", "aliases")
    return tuple(
        Recorded(
            **{
                **entry,
                "secret_paths": frozenset(entry["secret_paths"]),
                **{name: tuple(entry[name]) for name in tuples},
            }
        )
        for entry in json.loads(text)
    )


class _Dumper(DUMPER):
    """Long texts (scripts, schemas) as blocks, so that a person can read them, and no references."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _block_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _block_text)


def _sorted(value: Any) -> Any:
    """Maps below the top in the order of their keys; lists stay as they are."""
    if isinstance(value, list):
        return [_sorted(item) for item in value]
    if isinstance(value, dict):
        head = [key for key in FIRST_KEYS if key in value]
        return {key: _sorted(value[key]) for key in [*head, *sorted(key for key in value if key not in head)]}
    return value


def _safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "-", name)


def _is_encrypted(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"secure"}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def main(arguments: list[str]) -> None:
    """Prints the rendering as JSON: of a stack file, or of a stack and program with settings from standard input."""
    if arguments[0] == WITH_SETTINGS:
        _, stack, program = arguments
        resources = record(lambda: runpy.run_path(program), stack, json.load(sys.stdin))
    else:
        resources = render(stack_path(arguments[0])).resources
    sys.stdout.write(to_json(resources))


if __name__ == "__main__":
    main(sys.argv[1:])
