"""Changes of a pipeline's files that know what they mean: many of the results are sound."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

RESERVED = ("order", "from", "token", "limit", "select", "table", "user", "timestamp", "group", "value", "all", "e")
"""Words that CQL, Flink SQL, Trino's SQL, DuckDB or weir itself use."""
TYPES: tuple[Any, ...] = (
    *("string", "int", "long", "float", "double", "boolean", "bytes"),
    {"type": "long", "logicalType": "timestamp-millis"},
    {"type": "int", "logicalType": "date"},
    {"type": "string", "logicalType": "uuid"},
    {"type": "long", "logicalType": "timestamp-micros"},
    {"type": "string"},
    {"type": {"type": "string"}},
    {"type": "array", "items": "string"},
)
COLUMN_TYPES = ("text", "int", "bigint", "float", "double", "boolean", "blob", "date", "timestamp")
SCALARS: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 1.5, float("inf"), float("nan"), 10**30, -(2**63), 2**63 - 1, 1e-300),
    *(
        "",
        " ",
        "order",
        "from",
        "a-b",
        "Übung",
        "null",
        "it's",
        '"',
        "`",
        "a\nb",
        "\0",
        "x" * 300,
        "..",
        "/",
        "2025-01-01",
    ),
    *([], {}, [[]], [None], [1, 2], {"a": 1}, {1: 2}, [["null", "string"]], ["null"]),
)


@dataclass
class Files:
    """A pipeline file and its schema, as values; `renamed` where the pipeline got another name on purpose."""

    pipeline: Any
    schema: Any
    renamed: bool = False

    @property
    def fields(self) -> list[dict[str, Any]]:
        """The schema's fields, as far as an earlier change left some."""
        fields = self.schema.get("fields") if isinstance(self.schema, dict) else None
        found = fields if isinstance(fields, list) else []
        return [field for field in found if isinstance(field, dict) and isinstance(field.get("name"), str)]


Edit = Callable[[random.Random, Files], str]


def column_renamed(chance: random.Random, files: Files) -> str:
    """A name in every place, by a word that means something else."""
    names = [field["name"] for field in files.fields] or ["id"]
    old, new = chance.choice(names), chance.choice(RESERVED)
    files.pipeline, files.schema = _renamed(files.pipeline, old, new), _renamed(files.schema, old, new)
    return f"{old} to {new}"


def derived_renamed(chance: random.Random, files: Files) -> str:
    """A derived column, or a table, in every place."""
    spec = files.pipeline if isinstance(files.pipeline, dict) else {}
    found = [name for part in ("derived", "references") for name in _names(spec.get(part))]
    found += [table for part in _parts(spec.get("aggregates")) if isinstance(table := part.get("table"), str)]
    old, new = chance.choice(found or ["x"]), chance.choice(RESERVED)
    files.pipeline = _renamed(files.pipeline, old, new)
    return f"{old} to {new}"


def pipeline_renamed(chance: random.Random, files: Files) -> str:
    """Another name of file and folder."""
    name = chance.choice([*RESERVED, "weir", "registry", "system_views", "a" * 44, "a" * 45, "a_", "a_b"])
    if isinstance(files.pipeline, dict):
        files.pipeline["name"], files.renamed = name, True
    return name


def type_changed(chance: random.Random, files: Files) -> str:
    """A field of another type, or that may be null."""
    kind = chance.choice(TYPES)
    kind = chance.choice([kind, ["null", kind], [kind, "null"]])
    field: dict[str, Any] = chance.choice(files.fields or [{}])
    field["type"] = kind
    if chance.random() < 0.5:
        field.pop("default", None)
    return f"{field.get('name')}: {kind}"


def field_added(chance: random.Random, files: Files) -> str:
    """One more field, or one that is there already."""
    field = {"name": chance.choice([*RESERVED, "extra", "sku", "origin"]), "type": chance.choice(TYPES)}
    if chance.random() < 0.3:
        field["default"] = chance.choice([None, 0, "", "de", True, 2**40])
    if isinstance(files.schema, dict) and isinstance(files.schema.get("fields"), list):
        files.schema["fields"].append(field)
    return str(field)


def measure_added(chance: random.Random, files: Files) -> str:
    """A measure of any column, perhaps under a condition on any other."""
    measure: dict[str, Any] = {chance.choice(["count", "sum", "min", "max"]): chance.choice([*_columns(files), "all"])}
    if chance.random() < 0.5:
        test = chance.choice(["is_null", "equals", "greater_than", "less_than"])
        value = chance.choice([True, False, 5, 5.5, "pt", "", -(2**63), 2**63, 1e19, "it's"])
        measure["where"] = {"column": chance.choice(_columns(files)), test: value}
    name = chance.choice([*RESERVED, "more"])
    for aggregate in _some(chance, files):
        if isinstance(aggregate.get("measures"), dict):
            aggregate["measures"][name] = measure
    return f"{name}: {measure}"


def dimension_added(chance: random.Random, files: Files) -> str:
    """A dimension of any column, perhaps under the name of another."""
    dimension: dict[str, Any] = {"column": chance.choice(_columns(files))}
    if chance.random() < 0.5:
        dimension["as"] = chance.choice([*RESERVED, *_columns(files)])
    if chance.random() < 0.5:
        dimension["when_null"] = chance.choice(["none", "", "it's", "läuft", "x" * 300])
    for aggregate in _some(chance, files):
        if isinstance(aggregate.get("dimensions"), list):
            aggregate["dimensions"].append(dimension)
    return str(dimension)


def key_changed(chance: random.Random, files: Files) -> str:
    """Any columns as a key."""
    key = [chance.choice(_columns(files)) for _ in range(chance.randint(1, 3))]
    spec = files.pipeline if isinstance(files.pipeline, dict) else {}
    owners = [spec.get("rows"), *_some(chance, files)]
    owner = chance.choice([owner for owner in owners if isinstance(owner, dict)] or [{}])
    name = chance.choice(["partition_key", "clustering_key"]) if owner is spec.get("rows") else "partition_key"
    owner[name] = [*key, *owner[name]] if chance.random() < 0.5 and isinstance(owner.get(name), list) else key
    return f"{name}: {key}"


def bucket_changed(chance: random.Random, files: Files) -> str:
    """Another bucket of the rows, perhaps under the name of another column."""
    bucket: dict[str, Any] = {"hash": chance.choice([2, 16, 1024])}
    if chance.random() < 0.5:
        bucket = {"time": chance.choice(["hour", "day", "month", "year", "week"])}
    if chance.random() < 0.5:
        bucket["column"] = chance.choice([*RESERVED, *_columns(files)])
    spec = files.pipeline if isinstance(files.pipeline, dict) else {}
    if isinstance(spec.get("rows"), dict):
        spec["rows"]["bucket"] = bucket
    return str(bucket)


def reference_typed(chance: random.Random, files: Files) -> str:
    """A reference's column of another type."""
    spec = files.pipeline if isinstance(files.pipeline, dict) else {}
    references = [part for part in _parts(list((spec.get("references") or {}).values())) if "columns" in part]
    columns = chance.choice(references or [{"columns": {}}])["columns"]
    name, kind = chance.choice([*_names(columns), "more"]), chance.choice(COLUMN_TYPES)
    if isinstance(columns, dict):
        columns[name] = kind
    return f"{name}: {kind}"


def engine_changed(chance: random.Random, files: Files) -> str:
    """The other engine."""
    if isinstance(files.pipeline, dict):
        files.pipeline["engine"] = chance.choice(["flink", "kafka-streams"])
    return ""


EDITS: list[Edit] = [
    column_renamed,
    column_renamed,
    derived_renamed,
    pipeline_renamed,
    type_changed,
    field_added,
    measure_added,
    measure_added,
    dimension_added,
    key_changed,
    bucket_changed,
    reference_typed,
    engine_changed,
]


def _renamed(value: Any, old: str, new: str) -> Any:
    if isinstance(value, dict):
        return {_renamed(key, old, new): _renamed(entry, old, new) for key, entry in value.items()}
    if isinstance(value, list):
        return [_renamed(entry, old, new) for entry in value]
    return new if value == old and isinstance(value, str) else value


def _columns(files: Files) -> list[str]:
    spec = files.pipeline if isinstance(files.pipeline, dict) else {}
    joined = [name for join in _parts(spec.get("joins")) for name in _texts(join.get("select") or {})]
    return [*(field["name"] for field in files.fields), *_names(spec.get("derived")), *joined, "bucket"]


def _some(chance: random.Random, files: Files) -> list[dict[str, Any]]:
    """One table of totals, where there is any."""
    spec = files.pipeline if isinstance(files.pipeline, dict) else {}
    found = _parts(spec.get("aggregates"))
    return [chance.choice(found)] if found else []


def _parts(value: Any) -> list[dict[str, Any]]:
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []


def _names(value: Any) -> list[str]:
    return [name for name in value if isinstance(name, str)] if isinstance(value, dict) else []


def _texts(value: Any) -> list[str]:
    return [text for text in value.values() if isinstance(text, str)] if isinstance(value, dict) else []
