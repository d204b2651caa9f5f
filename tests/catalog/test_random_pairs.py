"""What the schema check finds, held against the proof's reader.

tests/contract/test_decoders_agree.py holds both against the engines' decoders.
"""

from __future__ import annotations

import pytest
from tests.catalog.random_pairs import random_pair
from tests.catalog.random_records import records

from weir.catalog.avro_types import parse_avro
from weir.catalog.resolution import mismatches
from weir.clients.events.avro_reader import read_value
from weir.clients.events.letter_codes import UnreadableError

pytestmark = pytest.mark.unit

PAIRS = 2_000


def test_no_mismatch_is_found_exactly_where_every_record_is_read() -> None:
    judged_readable = 0
    for seed in range(PAIRS):
        pair = random_pair(seed)
        reader, writer = parse_avro(pair.reader), parse_avro(pair.writer)
        unreadable = []
        for record in records(writer, seed):
            try:
                read_value(reader, writer, record)
            except UnreadableError as error:
                unreadable.append(str(error))
        found = [str(mismatch) for mismatch in mismatches(reader, writer)]
        assert (found == []) is (unreadable == []), (seed, pair, found, unreadable)
        judged_readable += found == []
    assert PAIRS / 3 < judged_readable < 2 * PAIRS / 3, "else this proves little"
