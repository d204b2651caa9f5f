"""Pipeline files as people get them wrong: seeded mutations of the flights and orders files and of their schemas.

Half of the changes are blind (a value of another type, a key dropped, doubled or renamed, a line of text cut), half
know what a pipeline file means (a column under a reserved word everywhere, another type, one more dimension), so that
many results are sound and must then work everywhere.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from tests.catalog.pipeline_edits import EDITS, SCALARS, Files
from tests.pipeline.orders import PIPELINE, SCHEMA

from weir.config.yaml_text import parsed, written

PIPELINES = Path(__file__).parents[2] / "pipelines"
CHANGES_PER_FILE = (1, 1, 2, 3)
TEXT_SHARE = 0.1
"""Of the candidates, those whose text is damaged besides."""
RENAMED = ("order", "from", "token", "x-y", "", "Name", "récord", "a" * 60, "name", "type", "0", "null")

Document = Any
Path_ = tuple[str | int, ...]


@dataclass(frozen=True)
class Candidate:
    """A pipeline's folder that may be wrong; `changes` says how it differs from a good one."""

    number: int
    name: str
    pipeline: str
    schema_file: str
    schema: str
    changes: tuple[str, ...]

    def write(self, root: Path) -> Path:
        """The folder, below `root`."""
        folder = root / self.name
        folder.mkdir(parents=True)
        (folder / "pipeline.yaml").write_text(self.pipeline, encoding="utf-8")
        (folder / self.schema_file).write_text(self.schema, encoding="utf-8")
        return folder


def candidates(count: int) -> Iterator[Candidate]:
    """The same `count` candidates in every run."""
    bases = [_flights(), _orders()]
    for number in range(count):
        yield _candidate(number, copy.deepcopy(bases[number % len(bases)]))


def _flights() -> Files:
    folder = PIPELINES / "flights"
    return Files(parsed((folder / "pipeline.yaml").read_text()), json.loads((folder / "flight.avsc").read_text()))


def _orders() -> Files:
    return Files(parsed(PIPELINE), copy.deepcopy(SCHEMA))


def _candidate(number: int, files: Files) -> Candidate:
    chance = random.Random(number)
    name, schema_file = files.pipeline["name"], files.pipeline["source"]["schema_file"]
    changes = []
    for _ in range(chance.choice(CHANGES_PER_FILE)):
        if chance.random() < 0.5:
            edit = chance.choice(EDITS)
            changes.append(f"{edit.__name__.strip('_')} {edit(chance, files)}")
        else:
            changes.append(_blind(chance, files))
    # What was renamed soundly is renamed with its folder.
    renamed = files.pipeline.get("name") if isinstance(files.pipeline, dict) else None
    if files.renamed and isinstance(renamed, str):
        name = renamed
    pipeline, schema = _yaml(files.pipeline), json.dumps(files.schema)
    if chance.random() < TEXT_SHARE:
        if chance.random() < 0.5:
            pipeline = _damaged(chance, pipeline)
        else:
            schema = _damaged(chance, schema)
        changes.append("text damaged")
    return Candidate(number, name, pipeline, schema_file, schema, tuple(changes))


def _yaml(document: Document) -> str:
    try:
        return written(document)
    except yaml.YAMLError:
        return json.dumps(document)


def _damaged(chance: random.Random, text: str) -> str:
    at = chance.randrange(len(text))
    lines = text.splitlines(keepends=True)
    line = chance.randrange(len(lines))
    return chance.choice(
        [
            text[:at],
            text[:at] + chance.choice("{}[]:,\"'\t\n&*!%@`#|>-\x07\ufeff") + text[at:],
            text[:at] + text[at + 1 :],
            "".join([*lines[: line + 1], *lines[line:]]),
            "".join([*lines[:line], *lines[line + 1 :]]),
        ]
    )


def _blind(chance: random.Random, files: Files) -> str:
    document = files.schema if chance.random() < 0.35 else files.pipeline
    paths = [path for path in _paths(document) if path]
    path = chance.choice(paths)
    change = chance.choice(CHANGES)
    parent = _at(document, path[:-1])
    change(chance, parent, path[-1], document)
    return f"{change.__name__.strip('_')} at {'.'.join(map(str, path))}"


def _paths(document: Document, path: Path_ = ()) -> Iterator[Path_]:
    yield path
    if isinstance(document, dict):
        for key, value in document.items():
            yield from _paths(value, (*path, key))
    elif isinstance(document, list):
        for index, value in enumerate(document):
            yield from _paths(value, (*path, index))


def _at(document: Document, path: Path_) -> Document:
    for part in path:
        document = document[part]
    return document


def _odd_value(chance: random.Random, parent: Document, key: Any, _: Document) -> None:
    parent[key] = copy.deepcopy(chance.choice(SCALARS))


def _dropped(_: random.Random, parent: Document, key: Any, __: Document) -> None:
    del parent[key]


def _renamed(chance: random.Random, parent: Document, key: Any, _: Document) -> None:
    if isinstance(parent, dict):
        parent[chance.choice([*RENAMED, *map(str, parent), f"{key}s"])] = parent.pop(key)
    else:
        parent.reverse()


def _doubled(chance: random.Random, parent: Document, key: Any, _: Document) -> None:
    value = copy.deepcopy(parent[key])
    if isinstance(parent, list):
        parent.insert(chance.randint(0, len(parent)), value)
    elif isinstance(value, list) and value:
        value.append(copy.deepcopy(value[0]))
        parent[key] = value
    else:
        parent[f"{key}_2"] = value


def _nested(chance: random.Random, parent: Document, key: Any, _: Document) -> None:
    value = parent[key]
    parent[key] = chance.choice([[value], [[value]], {"type": value}, {str(key): value}])


def _swapped(chance: random.Random, parent: Document, key: Any, document: Document) -> None:
    """With what stands somewhere else in the same file."""
    path = chance.choice([path for path in _paths(document) if path])
    parent[key] = copy.deepcopy(_at(document, path))


def _numbered(chance: random.Random, parent: Document, key: Any, _: Document) -> None:
    value = parent[key]
    if isinstance(value, int | float):
        parent[key] = chance.choice([-value, 0, value * 10, value * 10**6, value * 10**30, value + 0.5, str(value)])
    elif isinstance(value, str):
        parent[key] = chance.choice([value.upper(), f"{value}_", f" {value}", value[:1], f"{value}{value}"])


CHANGES: list[Callable[[random.Random, Document, Any, Document], None]] = [
    _odd_value,
    _odd_value,
    _dropped,
    _renamed,
    _doubled,
    _nested,
    _swapped,
    _numbered,
]
