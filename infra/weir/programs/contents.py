"""What stands in the ConfigMaps of weir's own jobs, as resources: topics, keyspaces, tables, settings of a node.

To Kubernetes it is one text. What matters is what the job does with it, and that has rules of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from weir.catalog.tables import compaction_of
from weir.config.yaml_text import parsed
from weir.programs.recording import Recorded

SCHEMA_TYPE, TABLE_TYPE = "cassandra:index:Schema", "cassandra:index:Table"
Resource = tuple[str, str, dict[str, Any]]
"""Type, name and inputs."""


def unpacked(resources: Iterable[Recorded]) -> list[Recorded]:
    """The resources, and after each ConfigMap what is in it; the text itself is then no field any more."""
    return [part for resource in resources for part in _unpacked(resource)]


def _unpacked(resource: Recorded) -> Iterator[Recorded]:
    data = resource.inputs.get("data") if resource.type.endswith(":ConfigMap") else None
    known = [name for name in data if name in READERS] if isinstance(data, dict) else []
    if not known or not isinstance(data, dict):
        yield resource
        return
    rest = {name: text for name, text in data.items() if name not in known}
    yield replace(resource, inputs={**resource.inputs, "data": rest})
    for file in known:
        for type_, name, inputs in READERS[file](data[file]):
            urn = f"{resource.urn}::{type_}::{name}"
            named = {**inputs, "metadata": {"name": name}}
            yield replace(resource, urn=urn, type=type_, name=name, inputs=named, secret_paths=frozenset())


def _database(text: str) -> Iterator[Resource]:
    document = json.loads(text)
    tables = document.pop("tables")
    replication = document.pop("replication")
    for keyspace in sorted({table["keyspace"] for table in tables}):
        yield "cassandra:index:Keyspace", keyspace, {"replication": replication}
    for table in tables:
        name = f"{table['keyspace']}.{table['name']}"
        fields = {key: value for key, value in table.items() if key not in ("keyspace", "name") and value != ""}
        yield TABLE_TYPE, name, {**fields, "compaction": compaction_of(table.get("ttl_seconds", 0))}
    yield SCHEMA_TYPE, "database", document


def _kafka(text: str) -> Iterator[Resource]:
    document = json.loads(text)
    for topic in document["topics"]:
        spec = {"partitions": topic["partitions"], "replicas": document["replication_factor"]}
        yield "kafka:index:Topic", topic["name"], {"spec": {**spec, "config": topic["config"]}}
    rest = {key: value for key, value in document.items() if key not in ("topics", "replication_factor")}
    yield "kafka:index:Setup", "setup", rest


def _node(text: str) -> Iterator[Resource]:
    spec = {"cassandra": {"config": {"cassandraYaml": parsed(text)}}}
    yield "cassandra:index:Settings", "cassandra.yaml", {"spec": spec}


def _properties(name: str) -> Callable[[str], Iterator[Resource]]:
    def read(text: str) -> Iterator[Resource]:
        lines = [line for line in text.splitlines() if "=" in line and not line.startswith("#")]
        config = dict(line.split("=", 1) for line in lines)
        yield "kafka:index:Settings", name, {"spec": {"kafka": {"config": config}}}

    return read


READERS: dict[str, Callable[[str], Iterator[Resource]]] = {
    "database.json": _database,
    "kafka.json": _kafka,
    "cassandra.yaml": _node,
    **{name: _properties(name) for name in ("broker.properties", "controller.properties")},
}
"""File of a ConfigMap -> what reads it."""
