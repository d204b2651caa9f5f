"""CSV as RFC 4180 says: fields between commas, quotes around what holds a comma, a quote or a line break.

Nothing is guessed from a sample, so no value can change what the others mean. What the RFC leaves open: lines end with
LF, CR or CRLF; UTF-8, with or without a byte order mark; a quote within a field that does not begin with one is a
character like others; an empty line is no row, except in a file of one column, where it is an empty value.
"""

from __future__ import annotations

import csv
import gzip
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ANY_FIELD_SIZE = 2**31 - 1


class UnfitError(Exception):
    """A file that is no table, or lacks what one needs; where a line is at fault, its number counts from 1."""


def unpacked(path: Path, scratch: Path) -> Path:
    """A plain file as it is; what a .gz or the only member of a .zip holds, unpacked into `scratch`.

    Raises:
        UnfitError: the archive is broken, or a .zip holds several files.
    """
    target = scratch / "plain.csv"
    try:
        return _unpack(path, target)
    except (zipfile.BadZipFile, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise UnfitError(f"cannot be unpacked ({error}); check that it is a complete {path.suffix} file") from None


def _unpack(path: Path, target: Path) -> Path:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            members = [name for name in archive.namelist() if not name.endswith("/")]
            if len(members) != 1:
                raise UnfitError(f"contains {len(members)} files; a zipped dataset must contain exactly one CSV file")
            with archive.open(members[0]) as packed, target.open("wb") as out:
                shutil.copyfileobj(packed, out)
    elif path.suffix == ".gz":
        with gzip.open(path) as packed, target.open("wb") as out:
            shutil.copyfileobj(packed, out)
    else:
        return path
    return target


def write_canonical(file: Path, target: Path) -> list[str]:
    """Writes the rows of `file` to `target`, every field in quotes and a line feed at the end; returns the header.

    A field means the same with and without quotes.

    Raises:
        UnfitError: the file is empty, not UTF-8, or a line of it does not fit the header.
    """
    csv.field_size_limit(ANY_FIELD_SIZE)
    try:
        with (
            file.open(encoding="utf-8-sig", newline="") as source,
            target.open("w", encoding="utf-8", newline="") as out,
        ):
            rows = _rows(source)
            header = next(rows, None)
            if header is None:
                raise UnfitError("is empty; add a first line with the column names")
            _check_header(header)
            writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
            writer.writerows(rows)
    except UnicodeDecodeError:
        raise UnfitError(f"line {_first_line_that_is_no_utf8(file)}: not UTF-8; convert the file") from None
    return header


def _rows(source: Any) -> Iterator[list[str]]:
    """The header and the rows, all of the same length."""
    reader = csv.reader(source, strict=True)
    width, line = 0, 1
    try:
        for row in reader:
            if not row:
                if width == 1:
                    yield [""]
            elif len(row) == width:
                yield row
            elif not width:
                width = len(row)
                yield row
            else:
                found = f"{len(row)} field" + ("" if len(row) == 1 else "s")
                raise UnfitError(
                    f"line {line}: has {found}, but the header has {width}; put fields with a comma or a line break "
                    "in double quotes"
                )
            line = reader.line_num + 1
    except csv.Error as error:
        raise UnfitError(f"line {line}: {_reason(error)}") from None


def _reason(error: csv.Error) -> str:
    if "end of data" in str(error):
        return "a field opens a double quote and never closes it; double every quote within a quoted field"
    if "expected after" in str(error):
        return "text follows the closing double quote of a field; double every quote within a quoted field"
    return str(error)


def _check_header(header: list[str]) -> None:
    named = [name for name in header if name]
    if repeated := sorted({name for name in named if named.count(name) > 1}):
        raise UnfitError(f"line 1: names {', '.join(repeated)} more than once; rename or remove a column")


def _first_line_that_is_no_utf8(file: Path) -> int:
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return 1
