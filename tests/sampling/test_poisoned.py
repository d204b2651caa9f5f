"""A topic with every kind of poison among its events is seen for what it is: no damaged record hides id and time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.pipeline import orders, shop

from weir.catalog.dataset import load_dataset
from weir.catalog.pipeline import Pipeline, load_pipeline
from weir.clients.events.decoder import Decoder
from weir.sampling.folder import write_folder
from weir.sampling.outcomes import Outcome, judge
from weir.sampling.proposal import propose
from weir.sampling.records import Record
from weir.sampling.topics import Facts, Schemas, seen_of
from weir.verify.dataset import open_dataset
from weir.verify.poison import Mold, make_poison
from weir.verify.wire import encode_events

pytestmark = pytest.mark.unit

EVENTS = 400
SCHEMA_ID, FOREIGN_ID = 7, 8
FOREIGN = {**orders.SCHEMA, "name": "Foreign"}


def poisoned(pipeline: Pipeline) -> tuple[list[Record], int]:
    """Events of the dataset, and one record of each kind of poison; how many of these there are."""
    with open_dataset(pipeline, load_dataset(pipeline.folder)) as connection:
        events = encode_events(connection, pipeline, SCHEMA_ID, range(EVENTS))
    mold = Mold(pipeline, FOREIGN_ID)
    values = [events.value(number) for number in range(EVENTS)]
    poison = [make_poison(number, 29, values[7 * number], mold).value for number in range(len(mold.kinds))]
    return [Record(offset, 0, offset, value) for offset, value in enumerate([*values, *poison])], len(poison)


def test_json_with_poison_is_proposed_as_it_is(tmp_path: Path) -> None:
    pipeline = load_pipeline(shop.FOLDER)
    records, count = poisoned(pipeline)
    proposal = propose(seen_of(Facts("shop.orders", 4, 168), records, None))
    assert (proposal.key, proposal.event_time) == (("order_id",), "placed_at")
    assert (proposal.seen.unreadable, proposal.distinct) == (count, EVENTS)
    proposed = load_pipeline(write_folder(tmp_path, "shop", proposal, with_events=False))
    # What it proposes takes the same records for events as the pipeline that was written by hand.
    for each in (pipeline, proposed):
        judged = list(judge(records, Decoder("", each).read, each.spec.deduplication.key))
        assert [one.outcome for one in judged].count(Outcome.ROW) == EVENTS, each.name
        assert {one.outcome for one in judged[EVENTS:]} == {Outcome.DEAD_LETTER}, each.name


def test_avro_with_poison_is_proposed_as_it_is(tmp_path: Path) -> None:
    pipeline = load_pipeline(orders.write_orders_pipeline(tmp_path, orders=EVENTS))
    records, count = poisoned(pipeline)
    schema, foreign = json.dumps(orders.SCHEMA), json.dumps(FOREIGN)
    schemas = Schemas(schema, {SCHEMA_ID: schema, FOREIGN_ID: foreign})
    proposal = propose(seen_of(Facts("sales.orders", 3, 24), records, schemas))
    assert (set(proposal.key), proposal.event_time) == ({"country", "order_number"}, "placed_at")
    assert (proposal.seen.unreadable, proposal.distinct) == (count, EVENTS)
