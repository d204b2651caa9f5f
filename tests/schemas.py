"""Manifests against their schemas: operators' CRDs and Kubernetes' own OpenAPI definitions, unknown fields as errors.

`problems(manifest)` is all that a test needs. The CRDs are read from `$CRD_DIR`, else from `../shared/crds` beside the
repository, else from `.cache/crds` (`make crds`); parsed ones are kept as JSON, for YAML of megabytes takes seconds.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from jsonschema import Draft202012Validator

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

REPOSITORY = Path(__file__).parents[1]
KUBERNETES_VERSION = "v1.34.0"
CACHE = REPOSITORY / ".cache" / "schemas"
METADATA = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
PRESERVE = "x-kubernetes-preserve-unknown-fields"
# In the definitions of Kubernetes the API group is the last word before the version, `core` where there is none.
CORE_GROUP = "core"
DNS_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
LABEL_VALUE = re.compile(r"([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?")
CORE_GROUPS = ("apps", "autoscaling", "batch", "policy")


def problems(manifest: dict[str, Any]) -> list[str]:
    """Every way in which `manifest` breaks its schema, as `path: what is wrong`; empty when it is valid."""
    api_version, kind = manifest.get("apiVersion", ""), manifest.get("kind", "")
    validator = _validator(api_version, kind)
    if validator is None:
        return [f"apiVersion, kind: no schema is known for {api_version} {kind}"]
    errors = sorted(validator.iter_errors(manifest), key=lambda error: error.json_path)
    found = [f"{error.json_path.removeprefix('$.')}: {error.message[:300]}" for error in errors]
    return found or list(_metadata_problems(manifest.get("metadata") or {}))


def _metadata_problems(metadata: dict[str, Any]) -> Iterator[str]:
    """What the API server checks beyond the schema: names, and the values of labels."""
    name = metadata.get("name", "")
    if len(name) > 253 or not DNS_NAME.fullmatch(name):
        yield f"metadata.name: {name!r} is no DNS name"
    for label, value in (metadata.get("labels") or {}).items():
        if not LABEL_VALUE.fullmatch(value):
            yield f"metadata.labels[{label}]: {value!r} is no value of a label"


def crd_folder() -> Path:
    """Where the CRDs of the pinned operators are.

    Raises:
        FileNotFoundError: nowhere; the message says how to fetch them.
    """
    candidates = [
        Path(os.environ["CRD_DIR"]) if "CRD_DIR" in os.environ else None,
        REPOSITORY.parent / "shared" / "crds",
        REPOSITORY.parent.parent / "shared" / "crds",
        REPOSITORY / ".cache" / "crds",
    ]
    for folder in candidates:
        if folder is not None and any(folder.glob("*/*.y*ml")):
            return folder.resolve()
    raise FileNotFoundError("the CRDs of the operators are in no known folder; fetch them: make crds")


@cache
def _validator(api_version: str, kind: str) -> Validator | None:
    group, _, version = api_version.rpartition("/")
    if not group or group in CORE_GROUPS or group.endswith(".k8s.io"):
        return _core_validator(group, version, kind)
    schema = custom_schema(group, version, kind)
    return None if schema is None else Draft202012Validator(schema)


def _core_validator(group: str, version: str, kind: str) -> Validator | None:
    name = group.split(".", maxsplit=1)[0] or CORE_GROUP
    definition = f"io.k8s.api.{name}.{version}.{kind}"
    if definition not in _definitions():
        return None
    return Draft202012Validator({"$ref": f"#/$defs/{definition}", "$defs": _definitions()})


@cache
def _definitions() -> dict[str, Any]:
    """The strict definitions of Kubernetes: `additionalProperties: false` wherever fields are listed."""
    folder = resources.files("kubernetes_validate") / "kubernetes-json-schema" / f"{KUBERNETES_VERSION}-local-strict"
    return json.loads((folder / "_definitions.json").read_text(encoding="utf-8"))["$defs"]


@cache
def custom_schema(group: str, version: str, kind: str) -> dict[str, Any] | None:
    """The strict JSON schema of a custom resource; None where no CRD of the folder defines it."""
    names = _index().get(f"{group}/{kind}")
    if names is None:
        return None
    crd = _document(crd_folder() / names)[f"{group}/{kind}"]
    for candidate in crd["spec"]["versions"]:
        if candidate["name"] == version and candidate.get("served", True):
            return _custom(candidate["schema"]["openAPIV3Schema"])
    return None


def _custom(schema: dict[str, Any]) -> dict[str, Any]:
    strict_schema = strict(schema)
    properties = strict_schema["properties"]
    properties["metadata"] = {"$ref": f"#/$defs/{METADATA}"}
    properties |= {"apiVersion": {"type": "string"}, "kind": {"type": "string"}}
    # The status is the operator's to write.
    properties.pop("status", None)
    wanted = (METADATA, *(name for name in _definitions() if name.startswith("io.k8s.apimachinery.pkg.apis.meta.v1.")))
    strict_schema["$defs"] = {name: _definitions()[name] for name in wanted}
    return strict_schema


def strict(schema: Any) -> Any:
    """A structural schema as JSON Schema: fields that it does not list are errors, unless it preserves them."""
    if isinstance(schema, list):
        return [strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: value for key, value in schema.items() if key not in ("description", "default", "format")}
    if "properties" in result:
        result["properties"] = {name: strict(field) for name, field in result["properties"].items()}
    for key in ("items", "additionalProperties", "allOf", "anyOf", "oneOf", "not"):
        if key in result:
            result[key] = strict(result[key])
    if result.get("x-kubernetes-int-or-string"):
        result["type"] = ["integer", "string"]
    closed = "properties" in result and "additionalProperties" not in result and not result.get(PRESERVE)
    # Branches of allOf and its like list only some fields of the object that they stand in.
    if closed and result.get("type") == "object":
        result["additionalProperties"] = False
    if result.pop("nullable", False) and isinstance(result.get("type"), str):
        result["type"] = [result["type"], "null"]
    return result


@cache
def _index() -> dict[str, str]:
    """`group/kind` of each CRD and the file that holds it, found by text: the files are too long to be parsed all."""
    found: dict[str, str] = {}
    for path in sorted(crd_folder().glob("*/*.y*ml")):
        for document in path.read_text(encoding="utf-8").split("\n---"):
            group = re.search(r"^  group: [\"']?([\w.-]+)", document, re.MULTILINE)
            kind = re.search(r"^    kind: [\"']?(\w+)", document, re.MULTILINE)
            if group and kind:
                found[f"{group[1]}/{kind[1]}"] = str(path.relative_to(crd_folder()))
    return found


@cache
def _document(path: Path) -> dict[str, Any]:
    """The CRDs of a file by `group/kind`, from the cache of parsed ones where it is there."""
    content = path.read_bytes()
    cached = CACHE / f"{path.stem}-{hashlib.sha256(content).hexdigest()[:16]}.json"
    if not cached.exists():
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        crds = [document for document in yaml.load_all(content, loader) if document]
        by_kind = {f"{crd['spec']['group']}/{crd['spec']['names']['kind']}": crd for crd in crds}
        CACHE.mkdir(parents=True, exist_ok=True)
        staging = cached.with_suffix(f".{os.getpid()}")
        staging.write_text(json.dumps(by_kind), encoding="utf-8")
        staging.replace(cached)
    return json.loads(cached.read_text(encoding="utf-8"))
