"""A pipeline's folder for seen records: what is proposed loads, and what cannot be proposed is refused in words."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import fastavro
import pytest
from tests.pipeline import orders
from tests.sampling.seen_orders import FACTS, TWELVE, in_json, order, records_of
from typer.testing import CliRunner

from weir.catalog.pipeline import load_pipeline
from weir.cli.main import commands
from weir.clients.events.wire_format import header
from weir.config.errors import WeirError
from weir.sampling.folder import write_folder
from weir.sampling.proposal import propose
from weir.sampling.topics import Facts, Schemas, seen_of

pytestmark = pytest.mark.unit

SCHEMA = json.dumps(orders.SCHEMA)


def in_avro(schema_id: int, event: dict[str, Any]) -> bytes:
    body = io.BytesIO()
    fastavro.schemaless_writer(body, fastavro.parse_schema(orders.SCHEMA), event)
    return header(schema_id) + body.getvalue()


def avro_order(number: int) -> dict[str, Any]:
    return {
        "country": orders.COUNTRIES[number % 3],
        "order_number": number // 3,
        "placed_at": 1_774_735_800_000 + number,
        "sku": "s",
        "quantity": 1,
        "price_cents": number,
        "express": False,
    }


def test_a_topic_of_json_becomes_a_pipeline_that_loads(tmp_path: Path) -> None:
    proposal = in_json(*TWELVE, TWELVE[3], TWELVE[3])
    folder = write_folder(tmp_path, "shop", proposal, with_events=False)
    spec = load_pipeline(folder).spec
    assert (spec.source.topic, spec.source.partitions, spec.source.retention_hours) == ("shop.orders", 6, 48)
    assert (spec.deduplication.key, spec.event_time, spec.deduplication.horizon_hours) == (
        ["order_id"],
        "placed_at",
        72,
    )
    assert {name for name, column in spec.source.columns.items() if column.required} == {"order_id", "placed_at"}
    assert spec.source.columns["customer_id"].path == "customer.id"
    assert (spec.rows.partition_key, spec.rows.clustering_key) == (["placed_day"], ["placed_at", "order_id"])
    # 14 records, half a second apart; 12 of them are different.
    assert (spec.workload.mean_events_per_second, spec.workload.peak_events_per_second) == (2, 8)
    assert spec.workload.duplicate_ratio == 0.17
    assert 120 < spec.workload.event_bytes < 160
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["pipeline.yaml", "shop"]


def test_a_topic_of_avro_becomes_a_pipeline_that_loads(tmp_path: Path) -> None:
    values = [in_avro(7, avro_order(number)) for number in range(30)]
    seen = seen_of(
        FACTS, records_of(*values, b"{}", None, header(8), header(7) + b"\xff"), Schemas(SCHEMA, {7: SCHEMA})
    )
    assert (seen.unreadable, seen.records) == (4, 30)
    pipeline = load_pipeline(write_folder(tmp_path, "sales", propose(seen), with_events=False))
    assert pipeline.spec.deduplication.key == ["order_number", "country"]
    assert pipeline.spec.event_time == "placed_at"
    assert json.loads((pipeline.folder / "event.avsc").read_text()) == orders.SCHEMA
    text = (pipeline.folder / "pipeline.yaml").read_text()
    assert "# 4 more records do not fit, and would become dead letters." in text


DAMAGED = [
    {**order(3), "placedAt": "yesterday"},
    {**order(3), "placedAt": None},
    {"event": order(3)},
    {**order(3), "placedAt": "3026-03-28T23:10:00Z"},
    {**order(3), "orderId": [[1]]},
    {**order(3), "orderId": "x" * 300},
]


@pytest.mark.parametrize("damaged", DAMAGED, ids=str)
def test_one_damaged_record_among_many_does_not_hide_id_and_time(damaged: dict[str, Any]) -> None:
    good = [order(number % 60, orderId=f"A-{number}") for number in range(100)]
    proposal = in_json(*good, damaged)
    assert (proposal.key, proposal.event_time, proposal.seen.unreadable) == (("order_id",), "placed_at", 1)
    assert "event_order_id" not in {column.name for column in proposal.seen.columns}


def test_a_value_that_many_records_lack_is_no_damage() -> None:
    good = [order(number % 60, orderId=f"A-{number}") for number in range(100)]
    guests = [{**event, "customer": None} if number < 4 else event for number, event in enumerate(good)]
    assert in_json(*guests).seen.unreadable == 0


def without(*names: str, **changed: Any) -> list[dict[str, Any]]:
    return [{name: value for name, value in {**event, **changed}.items() if name not in names} for event in TWELVE]


@pytest.mark.parametrize(
    ("events", "key", "time"),
    [
        (TWELVE, ("order_id",), "placed_at"),
        (TWELVE[:10], ("order_id",), "placed_at"),
        (without("placedAt"), ("order_id",), "paid_at"),
        # A time of payment is one of a change, whatever else its name says.
        (
            without("placedAt", "paidAt", paidTime="2026-03-28T23:10:00Z", seenAt="2026-03-28T23:10:00Z"),
            ("order_id",),
            "seen_at",
        ),
        # Integers are ids by their names alone.
        ([{**event, "no": 5 + at} for at, event in enumerate(without("orderId"))], ("no",), "placed_at"),
        (
            [{"shop": at % 2, "shopNo": at % 2, "t": f"{at // 2}", **e} for at, e in enumerate(without("orderId"))],
            ("shop_no", "t"),
            "placed_at",
        ),
        ([{**event, "sentAt": "2026-03-28T23:10:00Z"} for event in TWELVE], ("order_id",), "placed_at"),
    ],
)
def test_id_and_time_are_chosen_by_values_and_names(
    events: list[dict[str, Any]], key: tuple[str, ...], time: str
) -> None:
    proposal = in_json(*events)
    assert (proposal.key, proposal.event_time) == (key, time)


@pytest.mark.parametrize(
    ("events", "told"),
    [
        (TWELVE[:9], "topic shop.orders: 9 different records of at least 10, too few"),
        ([TWELVE[0]] * 20, "topic shop.orders: 1 different records of at least 10"),
        (
            without("placedAt", "paidAt"),
            "no column is a time in every record, so none can be the event time; it has amount, customer_id, order_id",
        ),
        (
            without("paidAt", placedAt="2026-03-28 23:10"),
            "look at placed_at: a time needs an offset, such as 2026-01-31T12:00:00Z, or is a number",
        ),
        (
            [*without("placedAt"), order(12, paidAt=None, placedAt=None)],
            "times are paid_at (in 12 of 13), but an event time must be in every record",
        ),
        (
            without("orderId"),
            "no column, or pair of columns, that looks like an id differs between all 12 different records; the "
            "closest are customer_id (3). Look at how the producer identifies an event",
        ),
    ],
)
def test_what_cannot_be_proposed_is_refused(events: list[dict[str, Any]], told: str) -> None:
    with pytest.raises(WeirError, match=re.escape(told)):
        in_json(*events)


def test_records_of_no_known_format_are_refused_with_counts() -> None:
    told = "of 4 records, 1 are Avro with a schema in the registry and 1 are JSON objects"
    with pytest.raises(WeirError, match=told):
        seen_of(FACTS, records_of(in_avro(7, avro_order(1)), b"{}", b"a,b", None), Schemas(SCHEMA, {7: SCHEMA}))


def test_half_of_the_records_are_not_most() -> None:
    told = "of 2 records, 1 are Avro with a schema in the registry and 1 are JSON objects"
    with pytest.raises(WeirError, match=told):
        seen_of(FACTS, records_of(in_avro(7, avro_order(1)), b"{}"), Schemas(SCHEMA, {7: SCHEMA}))


def test_a_schema_that_no_pipeline_reads_is_refused_by_field() -> None:
    nested = {**orders.SCHEMA, "fields": [{"name": "a", "type": {"type": "array", "items": "int"}}]}
    with pytest.raises(WeirError, match=r"schema of topic shop\.orders is refused:\n  fields\.a: Avro type"):
        seen_of(FACTS, records_of(in_avro(7, avro_order(1))), Schemas(json.dumps(nested), {7: SCHEMA}))


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        (Facts("Shop_Orders", 6, 48), "topic: 'Shop_Orders' is no name that weir gives to a topic"),
        (Facts("weir-own", 6, 48), "source.topic: 'weir-own' is the beginning of names that weir's own programs"),
    ],
)
def test_a_folder_that_would_be_refused_is_not_written(facts: Facts, told: str, tmp_path: Path) -> None:
    values = [json.dumps(event).encode() for event in TWELVE]
    proposal = propose(seen_of(facts, records_of(*values), None))
    with pytest.raises(WeirError, match=re.escape(told)):
        write_folder(tmp_path, "shop", proposal, with_events=False)
    assert list(tmp_path.iterdir()) == []


def test_a_topic_that_keeps_everything_goes_on_to_do_so(tmp_path: Path) -> None:
    values = [json.dumps(event).encode() for event in TWELVE]
    proposal = propose(seen_of(Facts("a", 1, None), records_of(*values), None))
    pipeline = load_pipeline(write_folder(tmp_path, "shop", proposal, with_events=False))
    assert pipeline.source_retention_hours is None


def test_a_longer_retention_than_ids_are_remembered_is_refused() -> None:
    seen = seen_of(Facts("a", 1, 8785), records_of(*(json.dumps(event).encode() for event in TWELVE)), None)
    with pytest.raises(WeirError, match="it keeps events for 8785 hours, longer than the 8784"):
        propose(seen)


def test_an_existing_folder_is_never_written_into(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    with pytest.raises(WeirError, match="exists, and nothing in it is overwritten"):
        write_folder(tmp_path, "shop", in_json(*TWELVE), with_events=False)
    assert list((tmp_path / "shop").iterdir()) == []


@pytest.mark.parametrize("name", ["", "Shop", "../shop", "a-b", "a_", "a" * 45, "1a"])
def test_a_name_that_no_pipeline_has_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(WeirError, match="cannot be a pipeline's name"):
        write_folder(tmp_path, name, in_json(*TWELVE), with_events=False)


def test_the_pipeline_file_holds_no_value_of_an_event(tmp_path: Path) -> None:
    events = [{**event, "secret": f"hunter{at}", "on\nname: x": at} for at, event in enumerate(TWELVE)]
    folder = write_folder(tmp_path, "shop", in_json(*events), with_events=False)
    text = (folder / "pipeline.yaml").read_text()
    assert "secret" in text
    assert not re.search(r"hunter|A-\d|2026-", text)
    assert load_pipeline(folder).name == "shop"


@pytest.mark.parametrize("name", ["bucket", "placed_day", "on", "null", "select", "bucket_of_row"])
def test_odd_columns_do_not_break_the_file(name: str, tmp_path: Path) -> None:
    folder = write_folder(tmp_path, "shop", in_json(*({**event, name: 1} for event in TWELVE)), with_events=False)
    assert name in load_pipeline(folder).event_columns


@pytest.mark.parametrize(("name", "topic"), [("on", "2026.1"), ("null", "no"), ("y", "1e3"), ("a" * 44, "a" * 187)])
def test_names_that_yaml_takes_for_something_else_stay_names(name: str, topic: str, tmp_path: Path) -> None:
    values = [json.dumps(event).encode() for event in TWELVE]
    proposal = propose(seen_of(Facts(topic, 1, 48), records_of(*values), None))
    spec = load_pipeline(write_folder(tmp_path, name, proposal, with_events=False)).spec
    assert (spec.name, spec.source.topic, spec.dead_letters.topic) == (name, topic, f"{topic}.dead-letters")


def test_what_is_left_out_is_listed_up_to_a_length(tmp_path: Path) -> None:
    events = [{**event, **{f"none{number}": None for number in range(23)}} for event in TWELVE]
    text = (write_folder(tmp_path, "shop", in_json(*events), with_events=False) / "pipeline.yaml").read_text()
    assert text.count(": never has a value") == 20
    assert "# left out: 3 more paths" in text


def test_a_text_that_is_nearly_a_number_says_so(tmp_path: Path) -> None:
    events = [order(number, orderId=f"A-{number}", placedAt="2026-03-28T23:10:00Z") for number in range(40)]
    events[7]["amount"] = "n/a"
    text = (write_folder(tmp_path, "shop", in_json(*events), with_events=False) / "pipeline.yaml").read_text()
    assert (
        "amount: {type: text}  # in all; 39 of 40 values fit bigint: with it, the others would become dead letters"
    ) in text


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["shop_of_mine"], "give either --from-topic or --from-file"),
        (["orders", "--from-topic", "a"], "pipelines/orders exists"),
    ],
)
def test_the_command_says_what_it_needs(arguments: list[str], told: str) -> None:
    with pytest.raises(WeirError, match=told):
        CliRunner().invoke(commands, ["new", "pipeline", *arguments], catch_exceptions=False)
