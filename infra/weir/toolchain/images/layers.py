"""Layers: tar files whose bytes follow from what is in them alone, kept by the name of their content."""

from __future__ import annotations

import fnmatch
import hashlib
import io
import os
import tarfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

# A time for every file: layers made of the same sources are the same layers, on any day.
FIXED_TIME = 0


@dataclass(frozen=True)
class Layer:
    """An uncompressed tar in the store's `blobs/sha256`, by its digest."""

    digest: str
    size: int


@dataclass(frozen=True)
class Owner:
    """Whom a layer's files belong to."""

    user: int = 0
    group: int = 0


ROOT = Owner()


class LayerStore:
    """Blobs by digest, and beside them by which key each layer was made: what is there is not made again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.blobs = folder / "blobs" / "sha256"
        self._keys = folder / "keys"
        for each in (self.blobs, self._keys):
            each.mkdir(parents=True, exist_ok=True)

    def layer(self, key: str, write: Callable[[Path], None]) -> Layer:
        """The layer of `key`; `write` fills a tar where there is none yet."""
        note = self._keys / hashlib.sha256(key.encode()).hexdigest()
        if note.exists():
            digest = note.read_text(encoding="utf-8")
            if (blob := self.blobs / digest).exists():
                return Layer(digest, blob.stat().st_size)
        staging = self.folder / f".staging-{os.getpid()}-{note.name[:16]}.tar"
        try:
            write(staging)
            layer = self.take(staging)
        finally:
            staging.unlink(missing_ok=True)
        note.write_text(layer.digest, encoding="utf-8")
        return layer

    def take(self, file: Path) -> Layer:
        """Moves `file` into the store."""
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        size = file.stat().st_size
        file.replace(self.blobs / digest)
        return Layer(digest, size)

    def keep(self, content: bytes) -> Layer:
        """Small content, such as a manifest."""
        digest = hashlib.sha256(content).hexdigest()
        (self.blobs / digest).write_bytes(content)
        return Layer(digest, len(content))

    def path(self, layer: Layer) -> Path:
        """The file of a layer."""
        return self.blobs / layer.digest


def write_tree(target: Path, source: Path, to: str, *, without: Sequence[str] = (), owner: Owner = ROOT) -> None:
    """A tar with the file or folder `source` as `to`. Modes are two: what may be run is 0755, all else 0644."""
    with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as archive:
        if source.is_file():
            _add(archive, source, to, owner)
            return
        _add_folder(archive, to, owner)
        for path in _paths(source, without):
            _add(archive, path, f"{to}/{path.relative_to(source).as_posix()}", owner)


def write_entries(
    target: Path,
    *,
    folders: Sequence[str] = (),
    links: Sequence[tuple[str, str]] = (),
    files: Sequence[tuple[str, bytes]] = (),
    owner: Owner = ROOT,
) -> None:
    """A tar of empty folders of `owner`'s, symbolic links, and files of root's."""
    with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as archive:
        for folder in folders:
            _add_folder(archive, folder, owner)
        for name, content in files:
            entry = _entry(name, ROOT)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        for name, destination in links:
            entry = _entry(name, ROOT)
            entry.type, entry.linkname = tarfile.SYMTYPE, destination
            archive.addfile(entry)


def digest_of(source: Path, without: Sequence[str] = ()) -> str:
    """Changes with every name, mode and byte of a file or folder of the repository."""
    digest = hashlib.sha256()
    for path in [source] if source.is_file() else _paths(source, without):
        if path.is_file():
            name = path.relative_to(source).as_posix()
            digest.update(f"{name}\0{os.access(path, os.X_OK)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _paths(source: Path, without: Sequence[str]) -> Iterator[Path]:
    for path in sorted(source.rglob("*")):
        name = path.relative_to(source).as_posix()
        if not any(_matches(name, pattern) for pattern in without):
            yield path


def _matches(name: str, pattern: str) -> bool:
    return fnmatch.fnmatch(name, pattern) or fnmatch.fnmatch(name, f"{pattern}/*")


def _add(archive: tarfile.TarFile, path: Path, name: str, owner: Owner) -> None:
    if path.is_symlink():
        entry = _entry(name, owner)
        entry.type, entry.linkname = tarfile.SYMTYPE, str(path.readlink())
        archive.addfile(entry)
    elif path.is_dir():
        _add_folder(archive, name, owner)
    elif path.is_file():
        entry = _entry(name, owner)
        entry.size = path.stat().st_size
        entry.mode = 0o755 if os.access(path, os.X_OK) and path.stat().st_mode & 0o100 else 0o644
        with path.open("rb") as stream:
            archive.addfile(entry, stream)


def _add_folder(archive: tarfile.TarFile, name: str, owner: Owner) -> None:
    entry = _entry(name, owner)
    entry.type, entry.mode = tarfile.DIRTYPE, 0o755
    archive.addfile(entry)


def _entry(name: str, owner: Owner) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name.lstrip("/"))
    entry.mtime, entry.uid, entry.gid = FIXED_TIME, owner.user, owner.group
    return entry
