"""The SQL of a job, by structure; that Flink runs it to the right result is the pipeline tests' matter."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from dedup_join.settings import Settings, Sinks, Stage
from dedup_join.statements import job_statements
from weir.catalog.pipeline import load_pipeline
from weir.config.errors import ConfigError

pytestmark = pytest.mark.unit

REPOSITORY = Path(__file__).parents[2]
FLIGHTS = load_pipeline(REPOSITORY / "pipelines" / "flights")


def settings(**changes):
    defaults = {
        "kafka_bootstrap_servers": "kafka:9092",
        "registry_url": "http://registry/",
        "cassandra_contact_points": ("cassandra-1:9042", "cassandra-2:9042"),
        "cassandra_datacenter": "dc1",
        "transaction_timeout_seconds": 900,
    }
    return Settings(**(defaults | changes))


def definition(statements, table):
    (found,) = [text for text in statements.definitions if re.match(rf"CREATE TEMPORARY \w+ `{table}`", text)]
    return found


def made(tmp_path, schema_fields, changes):
    """A small pipeline folder; `changes` are merged into the top level of its file."""
    folder = tmp_path / "readings"
    folder.mkdir()
    document = {
        "name": "readings",
        "description": "Readings.",
        "owner": "test",
        "source": {"topic": "readings", "schema_file": "r.avsc", "partitions": 1, "retention_hours": 1},
        "deduplication": {"key": ["id"], "horizon_hours": 2},
        "event_time": "at",
        "derived": {"day": {"from": "at", "truncate_to": "day"}},
        "rows": {"table": "readings_enriched", "partition_key": ["day"], "clustering_key": ["id"]},
        "dead_letters": {"topic": "readings.dead", "retention_hours": 1},
        "workload": {
            "mean_events_per_second": 1,
            "peak_events_per_second": 1,
            "event_bytes": 1,
            "duplicate_ratio": 0,
        },
    } | changes
    at = {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}}
    fields = [{"name": "id", "type": "string"}, at, *schema_fields]
    (folder / "r.avsc").write_text(json.dumps({"type": "record", "name": "Reading", "fields": fields}))
    (folder / "pipeline.yaml").write_text(yaml.safe_dump(document))
    return load_pipeline(folder)


def totals(measures, dimensions=("day",)):
    return {
        "aggregates": [
            {
                "table": "readings_by_day",
                "grain": "day",
                "partition_key": ["day"],
                "dimensions": list(dimensions),
                "measures": measures,
            }
        ]
    }


def test_source_columns_are_nullable_as_undecodable_records_have_none():
    source = definition(job_statements(FLIGHTS, settings()), "_events")
    columns = source.partition(") WITH (")[0]
    assert "NOT NULL" not in columns
    assert "`time_hour` TIMESTAMP_LTZ(3)" in columns
    assert "METADATA FROM 'value.decode-error'" in columns


def test_the_source_begins_at_the_oldest_committed_event():
    source = definition(job_statements(FLIGHTS, settings()), "_events")
    assert "'scan.startup.mode' = 'earliest-offset'" in source
    assert "'properties.isolation.level' = 'read_committed'" in source
    assert "'properties.group.id' = 'weir-flights'" in source


def test_deduplication_is_by_the_whole_key_in_order_of_arrival():
    distinct = definition(job_statements(FLIGHTS, settings()), "_distinct")
    assert "ROW_NUMBER() OVER (PARTITION BY `time_hour`, `carrier`, `flight` ORDER BY `_arrival` ASC)" in distinct
    assert distinct.endswith("WHERE `_rank` = 1")


def test_the_source_counts_other_events_under_a_recent_id():
    source = definition(job_statements(FLIGHTS, settings()), "_events")
    assert "'value.avro-registry.id-columns' = 'time_hour;carrier;flight'" in source


@pytest.mark.parametrize(
    ("bucket", "expression", "kind"),
    [
        (
            {"hash": 16},
            "MOD(1 * (POSITION(SUBSTRING(SHA256(`e`.`id`) FROM 8 FOR 1) IN '0123456789abcdef') - 1), 16)",
            "INT",
        ),
        ({"time": "hour"}, "FLOOR(`e`.`at` TO HOUR)", "TIMESTAMP_LTZ(3)"),
        ({"time": "day"}, "CAST(`e`.`at` AS DATE)", "DATE"),
    ],
)
def test_a_bucket_is_computed_by_functions_that_flink_has(tmp_path, bucket, expression, kind):
    rows = {"table": "readings_enriched", "partition_key": ["day"], "clustering_key": ["id"], "bucket": bucket}
    statements = job_statements(made(tmp_path, [], {"rows": rows}), settings(last_stage=Stage.READ))
    assert f"{expression} AS `bucket`" in definition(statements, "_enriched")
    sink = definition(statements, "readings_enriched")
    assert f"`bucket` {kind} NOT NULL" in sink
    assert "PRIMARY KEY (`day`, `bucket`, `id`) NOT ENFORCED" in sink


def test_every_join_is_a_left_lookup():
    enriched = definition(job_statements(FLIGHTS, settings()), "_enriched")
    joins = [line for line in enriched.splitlines() if "JOIN" in line]
    assert len(joins) == len(FLIGHTS.spec.joins)
    assert all(re.fullmatch(r"LEFT JOIN `\w+` FOR SYSTEM_TIME AS OF `e`.`_arrival` AS `r\d` ON .*", it) for it in joins)


def test_reference_tables_are_read_only_as_far_as_joins_use_them():
    airports = definition(job_statements(FLIGHTS, settings()), "airports")
    assert "`faa` STRING" in airports
    assert "`tzone`" not in airports
    assert "'lookup.full-cache.periodic-reload.interval' = '60 s'" in airports
    assert "'contact-points' = 'cassandra-1:9042,cassandra-2:9042'" in airports


def test_rows_are_dated_by_their_event_and_totals_by_grain_and_count():
    statements = job_statements(FLIGHTS, settings())
    assert "EXTRACT(EPOCH FROM `time_hour`) * 1000000 + EXTRACT(MICROSECOND FROM `time_hour`)\nFROM" in statements.core
    assert "EXTRACT(EPOCH FROM `flight_date`) * 1000000 + COUNT(*)\nFROM" in statements.totals["traffic_by_day"]


def test_dead_letters_are_written_exactly_once():
    letters = definition(job_statements(FLIGHTS, settings(transaction_timeout_seconds=600)), "_dead_letters")
    assert "'sink.delivery-guarantee' = 'exactly-once'" in letters
    assert "'sink.transactional-id-prefix' = 'weir-flights'" in letters
    assert "'properties.transaction.timeout.ms' = '600000'" in letters


def test_a_dead_letter_is_never_too_large_for_its_topic():
    statements = job_statements(FLIGHTS, settings())
    source, letters = definition(statements, "_events"), definition(statements, "_dead_letters")
    assert "'value.avro-registry.max-bytes' = '1048576'" in source
    assert "'properties.max.partition.fetch.bytes' = '1114112'" in source
    assert "'properties.max.request.size' = '2162688'" in letters
    assert "'properties.buffer.memory' = '33554432'" in letters
    assert FLIGHTS.dead_letter_topic.config["max.message.bytes"] == "2162688"
    assert "LEFT(DECODE(`_key`, 'ISO-8859-1'), 1048576)" in statements.core


def test_measures_count_null_and_condition_as_the_pipeline_file_says():
    insert = job_statements(FLIGHTS, settings()).totals["traffic_by_day"]
    assert "COUNT(`dep_delay`)" in insert
    assert "COUNT(*) FILTER (WHERE `dep_time` IS NULL)" in insert
    assert "COUNT(*) FILTER (WHERE `dep_delay` > 15)" in insert
    assert "SUM(CAST(`distance` AS BIGINT))" in insert
    assert "MAX(`dep_delay`)" in insert
    assert insert.endswith(
        "GROUP BY `flight_month`, `flight_date`, `origin`, `carrier`, COALESCE(`airline_name`, 'unknown')"
    )


def test_names_that_sql_reserves_and_texts_with_quotes_are_quoted(tmp_path):
    measure = {"count": "all", "where": {"column": "user", "equals": "o'neil"}}
    pipeline = made(tmp_path, [{"name": "user", "type": "string"}], totals({"value": measure}))
    statements = job_statements(pipeline, settings())
    assert "FILTER (WHERE `user` = 'o''neil')" in statements.totals["readings_by_day"]
    assert "`user` STRING" in definition(statements, "_events")


def insert_of(tmp_path, kind, measure):
    """The INSERT of a table with one measure of, or under a condition on, column `x` of the given Avro type."""
    pipeline = made(tmp_path, [{"name": "x", "type": ["null", kind]}], totals({"m": measure}))
    return job_statements(pipeline, settings()).totals["readings_by_day"]


def test_a_sum_of_longs_is_taken_wide_and_brought_within_64_bits(tmp_path):
    insert = insert_of(tmp_path, "long", {"sum": "x", "where": {"column": "id", "equals": "a"}})
    wide = "SUM(CAST(`x` AS DECIMAL(38, 0))) FILTER (WHERE `id` = 'a')"
    assert (
        f"CAST(CASE WHEN {wide} > 9223372036854775807 THEN 9223372036854775807 "
        f"WHEN {wide} < -9223372036854775808 THEN -9223372036854775808 ELSE {wide} END AS BIGINT)" in insert
    )


def test_the_state_of_sums_of_ints_is_what_it_was(tmp_path):
    assert "\n  SUM(CAST(`x` AS BIGINT)),\n" in insert_of(tmp_path, "int", {"sum": "x"})


@pytest.mark.parametrize("kind", ["float", "double"])
def test_nan_is_the_greatest_of_floats(tmp_path, kind):
    number, nan = "FILTER (WHERE ABS(`x`) = ABS(-`x`))", "FILTER (WHERE ABS(`x`) <> ABS(-`x`))"
    (tmp_path / "least").mkdir()
    assert f"COALESCE(MAX(`x`) {nan}, MAX(`x`) {number})" in insert_of(tmp_path, kind, {"max": "x"})
    assert f"COALESCE(MIN(`x`) {number}, MIN(`x`) {nan})" in insert_of(tmp_path / "least", kind, {"min": "x"})


def test_the_least_of_what_has_no_nan_is_what_it_was(tmp_path):
    assert "\n  MIN(`x`),\n" in insert_of(tmp_path, "long", {"min": "x"})


@pytest.mark.parametrize(
    ("kind", "condition", "expected"),
    [
        ("double", {"greater_than": 5}, "(CAST(`x` AS DOUBLE) > 5.0E0 OR ABS(`x`) <> ABS(-`x`))"),
        ("float", {"less_than": 0.1}, "CAST(`x` AS DOUBLE) < 0.1E0"),
        ("double", {"less_than": 1e-7}, "CAST(`x` AS DOUBLE) < 1E-07"),
        ("float", {"equals": 3}, "CAST(`x` AS DOUBLE) = 3.0E0"),
        ("long", {"greater_than": 5.5}, "`x` > 5"),
        ("long", {"greater_than": -5.5}, "`x` > -6"),
        ("int", {"less_than": 5.5}, "`x` < 6"),
        ("int", {"less_than": 6.0}, "`x` < 6"),
    ],
)
def test_numbers_are_compared_exactly(tmp_path, kind, condition, expected):
    insert = insert_of(tmp_path, kind, {"count": "all", "where": {"column": "x", **condition}})
    assert f"COUNT(*) FILTER (WHERE {expected})" in insert


@pytest.mark.parametrize("bound", [2**63, -1e19, float("nan"), float("inf")])
def test_a_bound_that_no_integer_has_is_refused(tmp_path, bound):
    with pytest.raises(ConfigError, match=r"measures\.m\.where"):
        insert_of(tmp_path, "long", {"count": "all", "where": {"column": "x", "greater_than": bound}})


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"equals": True}, "`flag` = TRUE"),
        ({"equals": False}, "`flag` = FALSE"),
        ({"is_null": False}, "`flag` IS NOT NULL"),
    ],
)
def test_conditions_on_booleans(tmp_path, condition, expected):
    measure = {"count": "all", "where": {"column": "flag", **condition}}
    pipeline = made(tmp_path, [{"name": "flag", "type": ["null", "boolean"]}], totals({"n": measure}))
    assert f"FILTER (WHERE {expected})" in job_statements(pipeline, settings()).totals["readings_by_day"]


@pytest.mark.parametrize(
    ("kind", "condition"),
    [
        ("int", {"equals": "ten"}),
        ("string", {"greater_than": 3}),
        ("boolean", {"equals": 1}),
        ("int", {"equals": True}),
    ],
)
def test_a_condition_with_a_value_of_another_type_is_refused(tmp_path, kind, condition):
    measure = {"count": "all", "where": {"column": "x", **condition}}
    with pytest.raises(ConfigError, match=r"aggregates\.readings_by_day\.measures\.n\.where"):
        made(tmp_path, [{"name": "x", "type": kind}], totals({"n": measure}))


@pytest.mark.parametrize("unit", ["day", "month", "year"])
def test_dates_are_truncated_as_dates(tmp_path, unit):
    pipeline = made(tmp_path, [], {"derived": {"day": {"from": "at", "truncate_to": unit}}})
    date = "CAST(`e`.`at` AS DATE)"
    expected = date if unit == "day" else f"FLOOR({date} TO {unit.upper()})"
    assert f"{expected} AS `day`" in definition(job_statements(pipeline, settings()), "_enriched")


def test_each_stage_adds_to_the_one_before():
    read, deduplicate, join, aggregate = (job_statements(FLIGHTS, settings(last_stage=stage)) for stage in Stage)
    assert "ROW_NUMBER" not in "".join(read.definitions)
    assert "ROW_NUMBER" in "".join(deduplicate.definitions)
    assert "LEFT JOIN" not in "".join(deduplicate.definitions)
    assert "`dest_name`" not in deduplicate.core
    assert "LEFT JOIN" in "".join(join.definitions)
    assert not join.totals
    assert set(aggregate.totals) == {table.table for table in FLIGHTS.spec.aggregates}


def test_without_sinks_everything_that_is_written_goes_nowhere():
    statements = job_statements(FLIGHTS, settings(sinks=Sinks.BLACKHOLE))
    for table in ("flights_enriched", "_dead_letters", *statements.totals):
        assert "'connector' = 'blackhole'" in definition(statements, table)


def test_the_statements_are_made_without_an_engine():
    script = "import sys, dedup_join.statements, dedup_join.plan; sys.exit('pyflink' in sys.modules)"
    paths = [str(REPOSITORY / "infra"), str(REPOSITORY / "flink-jobs" / "dedup_join")]
    command = [sys.executable, "-c", f"import sys; sys.path[:0] = {paths}; {script}"]
    assert subprocess.run(command, check=False).returncode == 0
