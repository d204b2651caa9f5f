"""The stream of random records: the same for a seed, with every kind in it, and exactly at the limits."""

from __future__ import annotations

import json

import pytest
from tests.catalog.random_pairs import random_pair, random_writer
from tests.pipeline.fuzz.events import BOUNDS, TIMES
from tests.pipeline.fuzz.mutants import Mutant, Schemas, Writer, mutants
from tests.pipeline.records.case import SCHEMA

from weir.catalog.avro_types import parse_avro

pytestmark = pytest.mark.unit

LIMIT = 2**20
RECORDS = 8_000


def _stream(seed: int, count: int = RECORDS) -> list[Mutant]:
    own = json.dumps(SCHEMA)
    writers = [Writer(100 + number, parse_avro(random_writer(own, number))) for number in range(10)]
    foreign = [Writer(200 + number, parse_avro(random_pair(number).writer)) for number in range(10)]
    return list(mutants(Schemas(1, writers, foreign), seed, count, LIMIT))


def test_a_seed_gives_the_same_records_and_another_seed_others() -> None:
    assert _stream(7, 500) == _stream(7, 500)
    assert _stream(7, 500) != _stream(8, 500)


def test_every_kind_is_sent_and_only_large_records_are_compressed() -> None:
    stream = _stream(7)
    assert {mutant.kind for mutant in stream} == {
        *("good", "again", "other under known id", "damaged", "cut", "version", "damaged version"),
        *("foreign", "odd time", "no value", "odd key", "large"),
    }
    assert {mutant.kind for mutant in stream if mutant.gzip} == {"large"}


def test_large_records_reach_the_limit_to_the_byte_and_pass_it() -> None:
    sizes = {len(mutant.value or b"") for seed in range(5) for mutant in _stream(seed) if mutant.gzip}
    assert {LIMIT, LIMIT + 1} <= sizes
    assert min(sizes) < LIMIT
    assert max(sizes) > 4 * LIMIT


def test_times_reach_the_bounds_that_a_pipeline_has_by_default() -> None:
    assert {bound + step for bound in BOUNDS for step in (-1, 0)} <= set(TIMES)
