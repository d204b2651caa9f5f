"""What set-up writes into a reference table: news of the file, and nothing over what people changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.verify.tiny import write_readings

from weir.config.errors import WeirError
from weir.verify.dataset import open_references
from weir.verify.scan import actual_table
from weir.verify.seeding import rows_to_write, write_base

pytestmark = pytest.mark.unit

FILE = "site,name,height\n1,north,10\n2,south,20\n"


def seeded(folder: Path, sites: str, stored: list[tuple], *, overwrite: bool = False) -> tuple[list[tuple], int]:
    """One set-up with the file `sites` and the table `stored`; what it writes, and how many rows it keeps."""
    number = len(list(folder.iterdir()))
    pipeline, dataset = write_readings(folder / str(number), sites=sites)
    table = pipeline.reference_tables["sites"]
    base = folder / "sites.parquet"
    with open_references(pipeline, dataset) as connection:
        connection.execute(f"CREATE TABLE {actual_table(table.name)} AS FROM reference_sites WITH NO DATA")
        for row in stored:
            connection.execute(f"INSERT INTO {actual_table(table.name)} VALUES (?, ?, ?)", row)
        rows, kept = rows_to_write(connection, "sites", table, base, overwrite=overwrite)
        write_base(connection, "sites", base)
    return sorted(rows), kept


def test_the_first_set_up_writes_what_is_absent_and_keeps_what_is_there(tmp_path: Path) -> None:
    assert seeded(tmp_path, FILE, [(2, "people's", 20)]) == ([(1, "north", 10)], 1)


def test_a_correction_a_deletion_and_a_row_of_peoples_own_stay(tmp_path: Path) -> None:
    assert seeded(tmp_path, FILE, []) == ([(1, "north", 10), (2, "south", 20)], 0)
    assert seeded(tmp_path, FILE, [(1, "corrected", None), (3, "own", 1)]) == ([], 2)
    assert seeded(tmp_path, FILE, [(1, "corrected", None), (3, "own", 1)]) == ([], 2)


def test_when_told_the_files_values_come_back(tmp_path: Path) -> None:
    seeded(tmp_path, FILE, [])
    told = seeded(tmp_path, FILE, [(1, "corrected", None), (3, "own", 1)], overwrite=True)
    assert told == ([(1, "north", 10), (2, "south", 20)], 0)


def test_what_only_the_file_changed_is_written(tmp_path: Path) -> None:
    seeded(tmp_path, FILE, [])
    table = [(1, "north", 10), (2, "corrected", 20)]
    changed = "site,name,height\n1,nord,10\n2,syd,20\n3,new,NA\n"
    assert seeded(tmp_path, changed, table) == ([(1, "nord", 10), (3, "new", None)], 1)


def test_a_deleted_row_stays_away_when_the_file_changes_it(tmp_path: Path) -> None:
    seeded(tmp_path, FILE, [])
    assert seeded(tmp_path, FILE.replace("south", "syd"), [(1, "north", 10)]) == ([], 1)


def test_a_new_column_is_filled_beside_a_correction(tmp_path: Path) -> None:
    seeded(tmp_path, FILE.replace("height", "unused"), [])
    assert seeded(tmp_path, FILE, [(1, "north", None), (2, "corrected", None)]) == ([(1, "north", 10)], 1)


def test_a_base_that_cannot_be_read_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "sites.parquet").write_bytes(b"cut off")
    with pytest.raises(WeirError, match=r"sites\.parquet: .*delete the file"):
        seeded(tmp_path, FILE, [])
