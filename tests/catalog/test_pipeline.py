from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from weir.catalog.dataset import load_dataset
from weir.catalog.environment import load_environment
from weir.catalog.pipeline import group_columns, load_pipeline, pipeline_names
from weir.catalog.tables import create_keyspace_statement, time_window_compaction
from weir.catalog.types import ColumnType
from weir.config.errors import ConfigError
from weir.config.stack import StackConfig

pytestmark = pytest.mark.unit

PIPELINES = Path(__file__).parents[2] / "pipelines"
FLIGHTS = PIPELINES / "flights"
SPEC = yaml.safe_load((FLIGHTS / "pipeline.yaml").read_text())
SCHEMA = json.loads((FLIGHTS / "flight.avsc").read_text())

Change = Callable[[dict[str, Any]], None]


def write(folder: Path, spec: dict[str, Any], schema: dict[str, Any] = SCHEMA) -> Path:
    folder.mkdir(parents=True)
    (folder / "pipeline.yaml").write_text(yaml.safe_dump(spec, sort_keys=False))
    (folder / "flight.avsc").write_text(json.dumps(schema))
    return folder


def test_flights_resolves_into_its_tables_topics_and_subject() -> None:
    flights = load_pipeline(FLIGHTS)
    assert flights.subject == "flights.events-value"
    assert flights.row_table.primary_key == ("flight_date", "origin", "time_hour", "carrier", "flight")
    assert len(flights.row_table.columns) == 19 + 2 + 9
    assert list(flights.aggregate_tables) == [
        "traffic_by_day",
        "delays_by_hour",
        "destinations_by_month",
        "fleet_by_month",
    ]
    assert [topic.name for topic in flights.topics] == ["flights.events", "flights.dead-letters"]
    assert flights.source_topic.config["retention.ms"] == str(7 * 86_400_000)


def test_an_aggregates_key_is_its_partition_key_and_then_its_dimensions() -> None:
    flights = load_pipeline(FLIGHTS)
    fleet = flights.spec.aggregates[3]
    assert [key.output for key in group_columns(fleet)] == ["flight_month", "origin", "carrier", "manufacturer"]
    assert flights.aggregate_tables["fleet_by_month"].clustering_key == ("origin", "carrier", "manufacturer")


def test_integer_counts_and_sums_are_bigint_and_extremes_keep_their_type() -> None:
    columns = load_pipeline(FLIGHTS).aggregate_tables["traffic_by_day"].columns
    assert columns["dep_delay_minutes"] is ColumnType.BIGINT
    assert columns["flights"] is ColumnType.BIGINT
    assert columns["max_dep_delay_minutes"] is ColumnType.INT


def test_the_row_tables_cql_has_keys_ttl_and_time_windows() -> None:
    statement = load_pipeline(FLIGHTS).row_table.create_statement()
    assert 'PRIMARY KEY (("flight_date", "origin"), "time_hour", "carrier", "flight")' in statement
    assert f"default_time_to_live = {400 * 86_400}" in statement
    assert "TimeWindowCompactionStrategy" in statement


@pytest.mark.parametrize("ttl_days", [1, 2, 7, 30, 60, 400, 7300])
def test_a_time_window_strategy_has_fewer_than_fifty_windows(ttl_days: int) -> None:
    options = time_window_compaction(ttl_days * 86_400)
    hours = int(options["compaction_window_size"]) * {"HOURS": 1, "DAYS": 24}[options["compaction_window_unit"]]
    assert 20 <= ttl_days * 24 / hours < 50


def test_a_keyspace_names_its_datacenters() -> None:
    assert "'east': 3, 'west': 2" in create_keyspace_statement("flights", {"west": 2, "east": 3})


def set_in(*path: str | int, value: Any) -> Change:
    def change(spec: dict[str, Any]) -> None:
        target: Any = spec
        for part in path[:-1]:
            target = target[part]
        target[path[-1]] = value

    return change


WRONG: list[tuple[Change, list[str]]] = [
    (set_in("deduplication", "key", value=["tailnum"]), ["deduplication.key", "'tailnum' may be null"]),
    (set_in("deduplication", "key", value=["id"]), ["deduplication.key", "no column 'id'"]),
    (set_in("deduplication", "horizon_hours", value=24), ["horizon_hours", "24", "168", "raise it"]),
    (set_in("source", "start", value="latest"), ["source", "start", "weir's own is read from its earliest event"]),
    (set_in("event_time", value="carrier"), ["event_time", "'carrier'", "timestamp column"]),
    (
        set_in("event_time_range", value={"earliest": "2020-01-01", "latest": "2019-12-31"}),
        ["event_time_range", "earliest 2020-01-01", "after latest 2019-12-31"],
    ),
    (set_in("event_time_range", value={"latest": "12000-01-01"}), ["event_time_range.latest", "12000-01-01"]),
    (
        set_in(
            *("aggregates", 3, "dimensions"),
            value=["flight_month", *({"column": "dest_name", "when_null": "?", "as": f"d{n}"} for n in range(9))],
        ),
        ["fleet_by_month.dimensions", "9 joined columns", "room for 8"],
    ),
    (set_in("derived", "carrier", value={"from": "time_hour", "truncate_to": "day"}), ["derived.carrier", "another"]),
    (
        set_in("derived", "x", value={"from": "hour", "truncate_to": "day"}),
        ["derived.x.from", "'hour' is not a timestamp"],
    ),
    (set_in("references", "planes", "primary_key", value=["id"]), ["references.planes.primary_key", "'id'"]),
    (set_in("references", "gates", value=SPEC["references"]["airlines"]), ["references.gates", "not used by any join"]),
    (
        set_in("references", "airlines", "columns", "name", value="varchar"),
        ["references.airlines.columns.name", "varchar"],
    ),
    (set_in("joins", 0, "reference", value="airline"), ["joins.0.reference", "'airline'", "declare it"]),
    (set_in("joins", 0, "match", value={"name": "carrier"}), ["joins.0.match", "primary key of airlines"]),
    (set_in("joins", 0, "match", value={"carrier": "flight"}), ["joins.0.match", "text", "int", "same type for both"]),
    (set_in("joins", 0, "select", value={"name": "origin"}), ["joins.0.select", "'origin' already exists"]),
    (set_in("rows", "clustering_key", value=["time_hour", "carrier"]), ["rows", "flight", "overwrite each other"]),
    (set_in("rows", "partition_key", value=["tailnum"]), ["rows", "'tailnum'", "cannot be null"]),
    (set_in("aggregates", 0, "grain", value="time_hour"), ["traffic_by_day.grain", "'time_hour'", "derived"]),
    (set_in("aggregates", 0, "dimensions", 3, value="airline_name"), ["traffic_by_day.dimensions", "when_null"]),
    (set_in("aggregates", 0, "measures", "x", value={"sum": "dest_lat"}), ["measures.x", "double", "smallest unit"]),
    (set_in("aggregates", 0, "measures", "x", value={"sum": "a", "max": "b"}), ["measures.x", "exactly one of count"]),
    (set_in("aggregates", 0, "measures", "x", value={"sum": "nothing"}), ["measures.x", "no column 'nothing'"]),
    (set_in("aggregates", 1, "table", value="traffic_by_day"), ["two tables are named 'traffic_by_day'"]),
    (set_in("dead_letters", "topic", value="flights.events"), ["dead_letters.topic", "source.topic"]),
    (
        set_in("workload", "peak_events_per_second", value=1),
        ["peak_events_per_second: 1 is below mean_events_per_second"],
    ),
    (set_in("name", value="trains"), ["name", "'trains'", "'flights'", "make them the same"]),
    (set_in("engine", value="spark"), ["engine", "'flink'", "'spark'"]),
    (set_in("source", "retention_hour", value=3), ["source.retention_hour", "unknown field", "retention_hours"]),
    (set_in("source", "schema_file", value="none.avsc"), ["none.avsc", "does not exist", "source.schema_file"]),
]


@pytest.mark.parametrize(("change", "words"), WRONG, ids=[" ".join(words[:2]) for _, words in WRONG])
def test_a_wrong_pipeline_is_refused_with_field_and_remedy(tmp_path: Path, change: Change, words: list[str]) -> None:
    spec = copy.deepcopy(SPEC)
    change(spec)
    with pytest.raises(ConfigError) as caught:
        load_pipeline(write(tmp_path / "flights", spec))
    for word in words:
        assert word in str(caught.value)


def test_an_avro_type_without_a_column_is_refused(tmp_path: Path) -> None:
    schema = {**SCHEMA, "fields": [*SCHEMA["fields"], {"name": "crew", "type": {"type": "array", "items": "string"}}]}
    with pytest.raises(ConfigError, match=r"fields\.crew: Avro type .* cannot be stored in a table column"):
        load_pipeline(write(tmp_path / "flights", SPEC, schema))


def test_two_pipelines_do_not_share_a_topic(tmp_path: Path) -> None:
    write(tmp_path / "flights", SPEC)
    write(tmp_path / "flights2", {**SPEC, "name": "flights2"})
    assert list(pipeline_names(tmp_path)) == ["flights", "flights2"]
    stack = StackConfig.model_validate(
        {"environment": "test", "target": "embedded", "pipelines": ["flights", "flights2"]}
    )
    with pytest.raises(ConfigError, match=r"source\.topic: topic 'flights\.events' is already that of source.topic"):
        load_environment(tmp_path, stack)


def test_the_flights_dataset_lies_in_its_package() -> None:
    dataset = load_dataset(FLIGHTS)
    assert dataset.events.name == "flights.csv.zip"
    assert sorted(dataset.references) == ["airlines", "airports", "planes"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("package: no_such_package\nevents: x.csv\n", ["package", "'no_such_package' is not installed"]),
        ("events: /etc/passwd\n", ["events", "'/etc/passwd' leaves its folder; write a path below it, without .."]),
        ("events: ../x.csv\n", ["events", "'../x.csv' leaves its folder"]),
        ("events: x.csv\nreferences: {a: b/../../c.csv}\n", ["references.a", "'b/../../c.csv' leaves its folder"]),
        ("events: x.csv\nreferences: {a: b.csv}\n", ["events: x.csv does not exist in", "references.a: b.csv"]),
    ],
)
def test_a_wrong_dataset_is_refused(tmp_path: Path, text: str, words: list[str]) -> None:
    (tmp_path / "dataset.yaml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_dataset(tmp_path)
    for word in words:
        assert word in str(caught.value)
