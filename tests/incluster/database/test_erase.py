"""Erasing one subject, on a real Cassandra: exactly its rows go, and no replay brings them back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.pipeline.orders import write_orders_pipeline
from tests.sizing.stacks import FLIGHTS, stack_of
from typer.testing import CliRunner

from weir.catalog import cql
from weir.catalog.engine_names import internal_topics
from weir.catalog.environment import resolve
from weir.catalog.pipeline import load_pipeline
from weir.catalog.spec import Engine
from weir.cli.main import commands
from weir.clients.cassandra import Access, admin_session
from weir.clients.cassandra_rows import row_key
from weir.config.errors import WeirError
from weir.incluster.database.erase import Subject, erase, find, tables_of, what_remains
from weir.local import provision
from weir.local.service import Context

if TYPE_CHECKING:
    from cassandra.cluster import Session

DAY = date(2013, 5, 6)
SUBJECT, OTHER = "N14228", "N24211"
contract = pytest.mark.contract
unit = pytest.mark.unit


@pytest.fixture(scope="module")
def session(platform_of: Callable[..., Context]) -> Iterator[Session]:
    """A Cassandra with the tables of flights."""
    endpoints = platform_of("cassandra").endpoints
    provision.create_tables(endpoints, FLIGHTS.tables)
    with admin_session(Access.of(endpoints)) as session:
        yield session


@pytest.fixture(autouse=True)
def _empty(request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker("contract"):
        cql = request.getfixturevalue("session")
        for table in FLIGHTS.tables:
            cql.execute(f"TRUNCATE {table.qualified_name}")


def write(session: Session, number: int, tail: str, airport: str = "EWR") -> None:
    """A flight's row, dated by the flight, as the job writes it."""
    at = datetime(2013, 5, 6, tzinfo=UTC) + timedelta(hours=number % 24)
    session.execute(
        "INSERT INTO flights.flights_enriched (flight_date, origin, time_hour, carrier, flight, tailnum) "
        "VALUES (%s, %s, %s, 'UA', %s, %s) USING TIMESTAMP %s",
        (DAY, airport, at, number, tail, int(at.timestamp() * 1_000_000)),
    )


def left(session: Session, table: str = "flights.flights_enriched") -> list[dict[str, Any]]:
    return list(session.execute(f"SELECT * FROM {table}"))


def erase_all(session: Session, *given: str, with_references: bool = False) -> dict[str, int]:
    counts = {}
    for table, values in tables_of(FLIGHTS, Subject.parse(FLIGHTS, list(given)), with_references=with_references):
        found = find(session, table, values)
        erase(session, found)
        counts[table.name] = len(found.keys)
    return counts


@contract
def test_exactly_the_rows_of_the_subject_go_from_every_partition(session: Session) -> None:
    for number in range(60):
        write(session, number, SUBJECT if number % 3 == 0 else OTHER, airport=("EWR", "JFK", "LGA")[number % 3])
        write(session, 1000 + number, SUBJECT, airport=f"X{number:02}")
    assert erase_all(session, f"tailnum={SUBJECT}") == {"flights_enriched": 80}
    assert {row["tailnum"] for row in left(session)} == {OTHER}
    assert len(left(session)) == 40


@contract
def test_counting_deletes_nothing(session: Session) -> None:
    write(session, 1, SUBJECT)
    ((table, values),) = tables_of(FLIGHTS, Subject.parse(FLIGHTS, [f"tailnum={SUBJECT}"]), with_references=False)
    assert len(find(session, table, values).keys) == 1
    assert len(left(session)) == 1


@contract
def test_a_row_must_have_every_id(session: Session) -> None:
    write(session, 1, SUBJECT)
    write(session, 2, SUBJECT)
    assert erase_all(session, f"tailnum={SUBJECT}", "flight=2") == {"flights_enriched": 1}
    assert [row["flight"] for row in left(session)] == [1]


@contract
def test_columns_of_the_partition_key_are_ids_too(session: Session) -> None:
    for airport in ("EWR", "JFK"):
        write(session, 1, SUBJECT, airport)
    given = (f"tailnum={SUBJECT}", "origin=JFK", f"flight_date={DAY}", "time_hour=2013-05-06T01:00:00")
    assert erase_all(session, *given) == {"flights_enriched": 1}
    assert [row["origin"] for row in left(session)] == ["EWR"]


@contract
def test_a_replay_does_not_bring_an_erased_row_back(session: Session) -> None:
    for number in (1, 2):
        write(session, number, SUBJECT if number == 1 else OTHER)
    erase_all(session, f"tailnum={SUBJECT}")
    for number in (1, 2):
        write(session, number, SUBJECT if number == 1 else OTHER)
    assert [row["tailnum"] for row in left(session)] == [OTHER]


@contract
def test_totals_that_have_the_id_as_a_dimension_go_and_others_stay(session: Session) -> None:
    month = date(2013, 5, 1)
    for carrier in ("UA", "AA"):
        session.execute(
            "INSERT INTO flights.fleet_by_month (flight_month, origin, carrier, manufacturer, flights) "
            "VALUES (%s, 'EWR', %s, 'BOEING', 3)",
            (month, carrier),
        )
    write(session, 1, SUBJECT)
    counts = erase_all(session, "carrier=UA")
    assert counts == {
        "flights_enriched": 1,
        "traffic_by_day": 0,
        "delays_by_hour": 0,
        "destinations_by_month": 0,
        "fleet_by_month": 1,
    }
    assert [row["carrier"] for row in left(session, "flights.fleet_by_month")] == ["AA"]


@contract
def test_rows_go_from_every_bucket(session: Session, platform_of: Callable[..., Context], tmp_path: Path) -> None:
    orders = load_pipeline(write_orders_pipeline(tmp_path, orders=1))
    pipeline = replace(orders, spec=orders.spec.model_copy(update={"name": "orders_erased"}))
    table = pipeline.row_table
    provision.create_tables(platform_of("cassandra").endpoints, [table])
    insert = session.prepare(
        f"INSERT INTO {table.cql_name} ({cql.names([*table.primary_key, 'sku'])}) VALUES (?, ?, ?, ?, ?, ?)"
    )
    placed = datetime(2026, 1, 5, 10, tzinfo=UTC)
    for number in range(40):
        key = row_key(pipeline, {"country": "de", "order_number": number, "placed_at": placed})
        session.execute(insert, (*key, SUBJECT if number % 2 else OTHER))
    assert {row["bucket"] for row in left(session, table.cql_name)} == {0, 1, 2, 3}
    found = find(session, table, {"sku": SUBJECT})
    erase(session, found)
    assert len(found.keys) == 20
    assert [row["sku"] for row in left(session, table.cql_name)] == [OTHER] * 20
    session.execute("DROP KEYSPACE orders_erased")


@contract
def test_reference_rows_go_where_they_are_asked_for(session: Session) -> None:
    for tail in (SUBJECT, OTHER):
        session.execute("INSERT INTO flights.planes (tailnum, seats) VALUES (%s, 100)", (tail,))
    assert "planes" not in erase_all(session, f"tailnum={SUBJECT}")
    assert erase_all(session, f"tailnum={SUBJECT}", with_references=True)["planes"] == 1
    assert [row["tailnum"] for row in left(session, "flights.planes")] == [OTHER]


@contract
def test_the_command_counts_first_and_deletes_on_demand(
    session: Session, platform_of: Callable[..., Context], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEIR_HOME", str(platform_of("cassandra").paths.data_dir))
    for number in (1, 2):
        write(session, number, SUBJECT if number == 1 else OTHER)
    command = ["erase", "flights", "--id", f"tailnum={SUBJECT}"]
    counted = CliRunner().invoke(commands, command, catch_exceptions=False).output
    assert "flights.flights_enriched: 1 rows would be deleted (--yes)" in counted
    assert len(left(session)) == 2
    deleted = CliRunner().invoke(commands, [*command, "--yes"], catch_exceptions=False).output
    assert "flights.flights_enriched: 1 rows deleted" in deleted
    assert "topic flights.events: its events expire within 168 hours" in deleted
    assert [row["tailnum"] for row in left(session)] == [OTHER]


@unit
@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "--id: missing"),
        (["tailnum"], "write it as column=value"),
        (["tail=N1"], "flights.flights_enriched has no column with this name; it has year, "),
        (["flight=first"], "--id flight=first: not a value of type int"),
        (["time_hour=noon"], "not a value of type timestamp"),
    ],
)
def test_a_subject_that_is_none_is_refused(given: list[str], words: str) -> None:
    with pytest.raises(WeirError) as caught:
        Subject.parse(FLIGHTS, given)
    assert words in str(caught.value)


@unit
def test_values_have_the_columns_types() -> None:
    subject = Subject.parse(FLIGHTS, ["flight=1545", "flight_date=2013-01-01", "time_hour=2013-01-01T10:00:00"])
    assert subject.values == {
        "flight": 1545,
        "flight_date": date(2013, 1, 1),
        "time_hour": datetime(2013, 1, 1, 10, tzinfo=UTC),
    }


@unit
def test_what_remains_is_told_with_its_time() -> None:
    text = "\n".join(what_remains(FLIGHTS))
    assert "flights.events: its events expire within 168 hours" in text
    assert "for 192 hours" in text
    assert "warning" not in text


@unit
def test_what_kafka_streams_keeps_in_topics_is_told_one_by_one() -> None:
    on_streams = FLIGHTS.on(Engine.KAFKA_STREAMS)
    lines = what_remains(on_streams)
    told = [line for line in lines if line not in what_remains(FLIGHTS)]
    text = "\n".join(told)
    assert "topic flights.table.flights-enriched: rows on their way to Cassandra expire within 168 hours" in text
    assert "topic weir-flights-seen-changelog: only the id, at least 288 hours" in text
    assert "topic flights.table.planes: once a reference row is deleted, the next publication" in text
    topics = {topic.name for topic in on_streams.table_topics.values()} | set(internal_topics(on_streams))
    assert {topic for topic in topics if topic not in text} == set()


@unit
def test_a_topic_that_outlives_the_deletion_is_warned_of() -> None:
    (here,) = resolve(stack_of(retention={"gc_grace_hours": 24}), [FLIGHTS]).pipelines
    assert "would bring the rows back: raise retention.gc_grace_hours" in "\n".join(what_remains(here))
