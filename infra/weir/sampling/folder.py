"""The folder of a new pipeline: written whole, once it is accepted, or not at all."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import TypeAdapter, ValidationError

from weir.catalog.dataset import DATASET_FILE
from weir.catalog.pipeline import PIPELINE_FILE, load_pipeline
from weir.catalog.spec_values import PipelineName
from weir.clients.events.avro_reader import FarTime
from weir.config.errors import ConfigError, WeirError
from weir.sampling.pipeline_text import SCHEMA_FILE, pipeline_text
from weir.sampling.proposal import Proposal
from weir.sampling.shown import plain

EVENTS_FILE = "events.csv"
DATASET_TEXT = f"""\
# yaml-language-server: $schema=../dataset.schema.json
# The records that the pipeline file was proposed from, each once: `weir replay` publishes them. An empty text is null.
events: {EVENTS_FILE}
"""


def require_new(root: Path, name: str) -> None:
    """Passes a name for which there is no folder yet.

    Raises:
        WeirError: there is one, or a pipeline cannot be named so.
    """
    try:
        TypeAdapter(PipelineName).validate_python(name)
    except ValidationError:
        raise WeirError(
            f"{name!r} cannot be a pipeline's name; use at most 44 lower-case letters, digits and underscores, "
            "beginning with a letter and not ending with an underscore"
        ) from None
    if (root / name).exists():
        raise WeirError(f"{root / name} exists, and nothing in it is overwritten; choose another name, or remove it")


def write_folder(root: Path, name: str, proposal: Proposal, *, with_events: bool) -> Path:
    """Writes `root/name`, which must not exist; with the records themselves as its dataset where they are wanted.

    Raises:
        WeirError: the folder exists, or the pipeline file would be refused; it names every field.
    """
    require_new(root, name)
    with TemporaryDirectory(prefix=".new-", dir=root) as scratch:
        folder = Path(scratch) / name
        folder.mkdir()
        (folder / PIPELINE_FILE).write_text(pipeline_text(name, proposal), encoding="utf-8")
        if proposal.seen.schema is not None:
            text = json.dumps(json.loads(proposal.seen.schema), indent=2, ensure_ascii=False)
            (folder / SCHEMA_FILE).write_text(f"{text}\n", encoding="utf-8")
        if with_events:
            (folder / DATASET_FILE).write_text(DATASET_TEXT, encoding="utf-8")
            _write_events(folder / EVENTS_FILE, proposal)
        try:
            load_pipeline(folder)
        except ConfigError as error:
            problems = "\n".join(f"  {problem}" for problem in error.problems)
            raise WeirError(f"{proposal.seen.source}: no pipeline can read it as it is:\n{problems}") from None
        return folder.rename(root / name)


def _write_events(file: Path, proposal: Proposal) -> None:
    """The first record of each id; without those that have a time beyond the calendar, which are dead letters."""
    columns = proposal.seen.columns
    names = [column.name for column in columns]
    key = [names.index(name) for name in proposal.key]
    rows: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for row in zip(*(column.values for column in columns), strict=True):
        rows.setdefault(tuple(row[at] for at in key), row)
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([_text(value) for value in row] for row in rows.values() if not _beyond(row))


def _beyond(row: tuple[Any, ...]) -> bool:
    return any(isinstance(value, FarTime) for value in row)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(plain(value))
