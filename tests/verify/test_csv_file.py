"""CSV as RFC 4180 says, or refused with the line and what to do."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from random import Random

import pytest
from tests.verify.tiny import write_readings

from weir.config.errors import WeirError
from weir.verify.dataset import reference_rows

pytestmark = pytest.mark.unit

LONG = "é" * 3_000_000


def sites(folder: Path, content: str | bytes) -> list[tuple]:
    """The reference rows of a file with the columns site, name and height; `NA` is null."""
    pipeline, dataset = write_readings(folder)
    dataset.references["sites"].write_bytes(content if isinstance(content, bytes) else content.encode())
    return sorted(reference_rows(pipeline, dataset)["sites"])


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ("site,name,height\n1,'a',1\n2,'b',2\n", [(1, "'a'", 1), (2, "'b'", 2)]),
        ('site,name,height\r\n1,"a\r\nb",1\r\n2,"a ""b"", c",2', [(1, "a\r\nb", 1), (2, 'a "b", c', 2)]),
        ("\ufeffsite,name,height\n1,\ufeffa,1\n", [(1, "\ufeffa", 1)]),
        (
            'site,name,height\n1,,1\n2,"",\n3,NA,NA\n4,"NA",4\n',
            [(1, "", 1), (2, "", None), (3, None, None), (4, None, 4)],
        ),
        ('site,name,height\n1, "a" ,1\n2,5" disk,2\n', [(1, ' "a" ', 1), (2, '5" disk', 2)]),
        ("site,name,height\n1,a\\,1\n2,#;|\t,2\n", [(1, "a\\", 1), (2, "#;|\t", 2)]),
        ("site,name,height\n1,a,1\r\n2,b,2\n\n\n", [(1, "a", 1), (2, "b", 2)]),
        (",Site,site,name\n7,8,1,a\n", [(1, "a", None)]),
        (f"site,name,height\n1,{LONG},1\n", [(1, LONG, 1)]),
    ],
    ids=["apostrophes", "quotes", "mark", "null", "bare quotes", "dialects", "line ends", "names", "long"],
)
def test_fields_are_what_the_rfc_says(tmp_path: Path, content: str, rows: list[tuple]) -> None:
    assert sites(tmp_path, content) == rows


def test_a_first_quoted_comma_far_behind_any_sample_is_read(tmp_path: Path) -> None:
    plain = "".join(f"{number},plain,1\n" for number in range(20_500))
    assert sites(tmp_path, f'site,name,height\n{plain}20500,"a, b",1\n')[-1] == (20_500, "a, b", 1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "sites.csv: is empty; add a first line with the column names"),
        ("\n\n", "sites.csv: is empty"),
        ("site,name,height\n1,a,1\n2,b\n", "sites.csv: line 3: has 2 fields, but the header has 3"),
        ('site,name,height\n1,"a\n\nb",1\n2,b,2,3\n', "sites.csv: line 5: has 4 fields, but the header has 3"),
        ('site,name,height\n1,a,1\n2,"b,2\n3,c,3\n', "sites.csv: line 3: a field opens a double quote and never"),
        ('site,name,height\n1,"a"b,1\n', "sites.csv: line 2: text follows the closing double quote of a field"),
        ("site,name,name\n1,a,b\n", "sites.csv: line 1: names name more than once"),
        (b"site,name,height\n1,a,1\n2,\xff,1\n", "sites.csv: line 3: not UTF-8"),
        ("site,name,height\n1,a,1\n".encode("utf-16"), "sites.csv: line 1: not UTF-8"),
    ],
)
def test_what_is_no_table_is_refused_with_its_line(tmp_path: Path, content: str | bytes, message: str) -> None:
    with pytest.raises(WeirError) as refused:
        sites(tmp_path, content)
    assert message in str(refused.value)


@pytest.mark.parametrize("suffix", [".gz", ".zip"])
def test_a_broken_archive_is_named(tmp_path: Path, suffix: str) -> None:
    pipeline, dataset = write_readings(tmp_path)
    packed = tmp_path / f"sites.csv{suffix}"
    packed.write_bytes(b"\x1f\x8b\x08\x00")
    changed = dataset.model_copy(update={"references": {"sites": packed}})
    with pytest.raises(WeirError, match=f"sites.csv{suffix}: cannot be unpacked"):
        reference_rows(pipeline, changed)


def test_whatever_a_writer_of_csv_writes_is_read_back(tmp_path: Path) -> None:
    random = Random(3)
    texts = ["".join(random.choices("ab\",\n\r 'é\\;#", k=random.randrange(1, 7))) for _ in range(5_000)]
    file = io.StringIO(newline="")
    csv.writer(file).writerows([["site", "name", "height"], *([n, text, n] for n, text in enumerate(texts))])
    assert [name for _, name, _ in sites(tmp_path, file.getvalue())] == texts
