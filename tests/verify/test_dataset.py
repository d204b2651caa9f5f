"""Files become typed rows, or an error that names the place."""

from __future__ import annotations

import gzip
import zipfile
from datetime import date, datetime
from pathlib import Path

import pytest
from tests.verify.tiny import READINGS, write_readings

from weir.config.errors import WeirError
from weir.verify.dataset import open_dataset, reference_rows

pytestmark = pytest.mark.unit

READ = "SELECT sensor, number, read_at, site, value, ratio, flag, raw, checked_on FROM events ORDER BY ALL"


def test_cells_have_the_types_of_the_schema(tmp_path: Path) -> None:
    connection = open_dataset(*write_readings(tmp_path))
    rows = connection.execute(READ).fetchall()
    assert rows[0] == (
        "a",
        1,
        datetime(2024, 2, 29, 23, 59, 59, 999000),
        1,
        3,
        0.5,
        True,
        b"\x00\xff",
        date(2024, 3, 1),
    )
    assert rows[1] == ("a", 2, datetime(2024, 2, 29, 12), 1, None, None, False, None, None)
    # An offset is applied, digits below a millisecond are cut off, an empty field is no number.
    assert rows[2][2] == datetime(2024, 2, 29, 23, 30)
    assert rows[3][2] == datetime(2024, 3, 1)
    assert rows[4][7] is None


def test_of_two_reference_rows_with_one_key_the_last_wins_as_in_cassandra(tmp_path: Path) -> None:
    assert sorted(reference_rows(*write_readings(tmp_path))["sites"]) == [(1, "north", 10), (2, "second", 20)]


@pytest.mark.parametrize("suffix", [".gz", ".zip"])
def test_a_compressed_file_reads_like_a_plain_one(tmp_path: Path, suffix: str) -> None:
    pipeline, dataset = write_readings(tmp_path)
    packed = dataset.events.with_name(f"readings.csv{suffix}")
    if suffix == ".gz":
        packed.write_bytes(gzip.compress(READINGS.encode()))
    else:
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("readings.csv", READINGS)
    plain = open_dataset(pipeline, dataset).execute(READ).fetchall()
    assert open_dataset(pipeline, dataset.model_copy(update={"events": packed})).execute(READ).fetchall() == plain


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("a,1,", "a,one,", "Could not convert string 'one' to INT64"),
        ("a,1,2024-02-29T23:59:59.999Z", "a,1,NA", "row 1 has no 'read_at'"),
        ("sensor,number", "sensor,count", r"the column\(s\) number are missing"),
        ("a,2,", "a,1,", "different events share the id"),
    ],
)
def test_a_file_that_does_not_fit_is_refused(tmp_path: Path, before: str, after: str, message: str) -> None:
    assert before in READINGS
    pipeline, dataset = write_readings(tmp_path, readings=READINGS.replace(before, after))
    with pytest.raises(WeirError, match=message):
        open_dataset(pipeline, dataset)


def test_an_event_that_stands_twice_in_the_file_is_no_contradiction(tmp_path: Path) -> None:
    last = READINGS.splitlines()[-1]
    connection = open_dataset(*write_readings(tmp_path, readings=READINGS + last + "\n"))
    assert connection.execute("SELECT count(*) FROM events").fetchall() == [(6,)]


def test_a_zip_of_several_files_is_refused(tmp_path: Path) -> None:
    pipeline, dataset = write_readings(tmp_path)
    packed = tmp_path / "two.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("one.csv", READINGS)
        archive.writestr("two.csv", READINGS)
    with pytest.raises(WeirError, match="contains 2 files"):
        open_dataset(pipeline, dataset.model_copy(update={"events": packed}))
