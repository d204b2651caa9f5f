"""Where the original data of a pipeline is. The replay and the oracle read it."""

from __future__ import annotations

import importlib.util
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, Field

from weir.config.base import Frozen, Identifier
from weir.config.errors import ConfigError, parse, read_yaml

DATASET_FILE = "dataset.yaml"


def _inside(path: str) -> str:
    """A path that stays below its folder.

    Raises:
        ValueError: it is absolute, or leaves the folder.
    """
    given = PurePosixPath(path)
    if given.is_absolute() or ".." in given.parts:
        raise ValueError(f"{path!r} leaves its folder; write a path below it, without ..")
    return path


FilePath = Annotated[str, AfterValidator(_inside)]


class DatasetSpec(Frozen):
    """A dataset file. Paths are relative to the package, or to the dataset file where no package is named."""

    package: Annotated[str | None, Field(description="An installed Python package that contains the files.")] = None
    null_text: Annotated[str, Field(description="What stands for a missing value.")] = ""
    events: Annotated[
        FilePath, Field(description="CSV with a header, plain, .gz or .zip; its columns have the names of the event's.")
    ]
    references: Annotated[dict[Identifier, FilePath], Field(description="A CSV file for each reference table.")] = {}


class Dataset(Frozen):
    """A dataset with absolute paths."""

    null_text: str
    events: Path
    references: dict[str, Path]


def load_dataset(folder: Path) -> Dataset:
    """The dataset of the pipeline in `folder`.

    Raises:
        ConfigError: the file is wrong, the package is not installed, or a named file is missing.
    """
    path = folder / DATASET_FILE
    spec = parse(DatasetSpec, read_yaml(path), str(path))
    root = folder if spec.package is None else package_folder(spec.package, path)
    files = {"events": spec.events, **{f"references.{name}": file for name, file in spec.references.items()}}
    problems = [
        f"{field}: {file} does not exist in {root}; correct the path"
        for field, file in files.items()
        if not (root / file).is_file()
    ]
    if problems:
        raise ConfigError(str(path), problems)
    references = {name: root / file for name, file in spec.references.items()}
    return Dataset(null_text=spec.null_text, events=root / spec.events, references=references)


def package_folder(package: str, path: Path) -> Path:
    """Where a package lies that the file `path` names, without importing it (importing may read all of its data).

    Raises:
        ConfigError: it is not installed.
    """
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise ConfigError(str(path), [f"package: {package!r} is not installed; install it, or list files instead"])
    return Path(found.submodule_search_locations[0])
