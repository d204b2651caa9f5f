"""The zip of the Flink job's Python modules: the job itself and weir's configuration and catalog."""

from __future__ import annotations

import zipfile
from pathlib import Path

# Source folder below the repository -> packages taken from it. PyYAML and pydantic come from the Flink environment.
CONTENTS = {
    "flink-jobs/dedup_join": ("dedup_join",),
    "infra": ("weir/config", "weir/catalog"),
}
PARENT_PACKAGES = {"infra": ("weir/__init__.py",)}
# The earliest date that a zip can hold: the same sources give the same bytes, on any day.
FIXED_TIME = (1980, 1, 1, 0, 0, 0)
FILE_MODE = 0o644


def build_job_package(repository: Path, target: Path) -> Path:
    """Writes the zip to `target`, byte for byte the same for the same sources, and returns it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    staging = target.with_suffix(".new")
    with zipfile.ZipFile(staging, "w") as archive:
        for name, source in sorted(_files(repository).items()):
            entry = zipfile.ZipInfo(name, FIXED_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = FILE_MODE << 16
            archive.writestr(entry, source.read_bytes())
    staging.replace(target)
    return target


def _files(repository: Path) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for folder, packages in CONTENTS.items():
        root = repository / folder
        found = [root / name for name in PARENT_PACKAGES.get(folder, ())]
        found += [file for package in packages for file in (root / package).rglob("*.py")]
        files |= {file.relative_to(root).as_posix(): file for file in found}
    return files
