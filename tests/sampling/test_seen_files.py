"""Files of JSON and CSV as events: what is read, what becomes a dataset, what is refused."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tests.pipeline import shop
from tests.sampling.seen_orders import TWELVE

from weir.catalog.dataset import load_dataset
from weir.catalog.pipeline import load_pipeline
from weir.config.errors import WeirError
from weir.sampling.files import see_file
from weir.sampling.folder import write_folder
from weir.sampling.pipeline_text import pipeline_text
from weir.sampling.proposal import propose
from weir.sampling.records import within
from weir.verify.dataset import open_dataset

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_a_file_becomes_a_pipeline_with_a_dataset(suffix: str, tmp_path: Path) -> None:
    file = tmp_path / f"orders{suffix}"
    if suffix == ".csv":
        file.write_text((shop.FOLDER / "orders.csv").read_text(encoding="utf-8"), encoding="utf-8")
    else:
        file.write_text("\n".join(json.dumps(event) for event in [*TWELVE, TWELVE[0]]) + "\n\nnot json\n")
    seen = see_file(file, "shop.events")
    folder = write_folder(tmp_path, "shop", propose(seen), with_events=True)
    pipeline = load_pipeline(folder)
    with open_dataset(pipeline, load_dataset(folder)) as connection:
        rows = connection.execute("SELECT order_id, placed_at FROM events ORDER BY placed_at").fetchall()
    assert len(rows) == (shop.ORDERS if suffix == ".csv" else 12)
    assert pipeline.spec.source.partitions == 4
    if suffix == ".csv":
        known = load_pipeline(shop.FOLDER).columns
        differing = {name for name, column in pipeline.event_columns.items() if known[name].type is not column.type}
        # The file has a small integer there, and the time of payment once it is paid.
        assert differing == {"first_quantity"}
    else:
        assert rows[0][1].isoformat() == "2026-03-28T22:10:00"
        assert seen.unreadable == 1


CSV = "Id,created,flag,n,code\n" + "".join(f"x{i},2026-01-31 12:00:{i:02},true,{i}.5,0{i}\n" for i in range(10))


def test_csv_cells_are_numbers_times_and_truths(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(CSV)
    seen = see_file(tmp_path / "a.csv", "a.events")
    assert {column.name: column.type.value for column in seen.columns} == {
        "id": "text",
        "created": "timestamp",
        "flag": "boolean",
        "n": "double",
        "code": "text",
    }
    assert seen.columns[1].values[9].isoformat() == "2026-01-31T12:00:09+00:00"
    # {"Id": "x0", "created": "2026-01-31 12:00:00", "flag": "true", "n": "0.5", "code": "00"}
    assert seen.event_bytes == 88


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.parquet", "", "neither .json, .jsonl, .ndjson nor .csv; convert it"),
        ("a.json", "", "it holds no record"),
        ("a.json", "[\n{}\n]\n", "2 of 3 lines are no JSON object; write one object a line"),
        ("a.csv", "a,b\n1\n", "line 2: has 1 field, but the header has 2"),
        ("a.csv", "a,b\n", "it holds no record"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(name: str, text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(WeirError, match=re.escape(told)):
        see_file(tmp_path / name, "a.events")


@pytest.mark.parametrize(
    ("sizes", "kept", "more"), [([], 0, False), ([4, 6], 2, False), ([4, 7], 1, True), ([11], 1, False)]
)
def test_the_first_records_fit_in_a_number_of_bytes(sizes: list[int], kept: int, more: bool) -> None:
    assert within(sizes, int, 10) == (sizes[:kept], more)


@pytest.mark.parametrize(("most_bytes", "records"), [(12 * 65, 12), (12 * 65 - 1, 11)])
@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_a_large_file_is_read_in_part_and_the_pipeline_file_says_so(
    suffix: str, most_bytes: int, records: int, tmp_path: Path
) -> None:
    file = tmp_path / f"a{suffix}"
    rows = [{"id": f"A-{at}", "created": f"2026-01-31T12:00:{at}Z", "note": "long"} for at in range(10, 22)]
    lines = [json.dumps(row) for row in rows]
    assert {len(line) for line in lines} == {65}
    file.write_text(
        "\n".join(lines if suffix == ".jsonl" else ["id,created,note", *(",".join(r.values()) for r in rows)])
    )
    seen = see_file(file, "a.events", most_bytes)
    assert (seen.records, seen.limited) == (records, records < 12)
    told = "# More records were not read: a sample has at most 64 MiB."
    assert (told in pipeline_text("a", propose(seen))) is seen.limited
