"""Misses of joins as Flink's metrics tell them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from tests.verify.tiny import write_readings

from weir.clients.misses import Misses, summed
from weir.local.tables import join_table

pytestmark = pytest.mark.unit


def test_subtasks_are_summed_up_and_other_tables_left_out(tmp_path: Path) -> None:
    pipeline, _ = write_readings(tmp_path)
    told = [
        ("LookupJoin[7].reference.sites.joinMisses", "4"),
        ("LookupJoin[7].reference.sites.missingKeys", '{"9":3,"a \\"b\\"":1}'),
        ("LookupJoin[7].reference.sites.joinMisses", "4"),
        ("LookupJoin[7].reference.sites.missingKeys", '{"9":4}'),
        ("LookupJoin[7].reference.others.joinMisses", "1"),
        ("LookupJoin[7].numRecordsIn", "100"),
    ]
    found = summed(pipeline, told)
    assert found == {"sites": Misses(8, Counter({"9": 7, 'a "b"': 1}))}
    assert json.dumps(found["sites"].as_json()) == '{"misses": 8, "keys": {"9": 7, "a \\"b\\"": 1}}'
    columns = list(join_table({"readings": {"sites": found["sites"].as_json()}}).columns)
    assert [str(next(iter(column.cells))) for column in columns] == ["readings", "sites", "8", "'9' 7, 'a \"b\"' 1"]
