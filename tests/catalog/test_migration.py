"""From the schema that is there to the one that is wanted: what is done, what is kept, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weir.catalog.database import Database, database_of
from weir.catalog.migration import Existing, ExistingTable, migration
from weir.catalog.pipeline import load_pipeline
from weir.catalog.retention import SECONDS_PER_DAY
from weir.catalog.tables import Table
from weir.catalog.types import ColumnType
from weir.config.errors import ConfigError, WeirError
from weir.config.repository import REPOSITORY

pytestmark = pytest.mark.unit

TABLE = Table(
    keyspace="flights",
    name="planes",
    columns={"tailnum": ColumnType.TEXT, "year": ColumnType.INT, "seats": ColumnType.INT},
    partition_key=("tailnum",),
    clustering_key=("year",),
    ttl_seconds=30 * SECONDS_PER_DAY,
)
WANTED = Database({"dc1": 3}, (TABLE,))
NOTHING = Existing({}, {})


def applied(database: Database) -> Existing:
    """What Cassandra says after `database` was applied: classes in full, and defaults that nobody asked for."""

    def options(table: Table) -> dict[str, object]:
        return {
            name: value
            if isinstance(value, int | str)
            else {**value, "class": f"org.apache.cassandra.db.compaction.{value['class']}", "max_threshold": "32"}
            for name, value in table.options.items()
        }

    tables = {
        table.qualified_name: ExistingTable(
            {name: kind.value for name, kind in table.columns.items()},
            table.partition_key,
            table.clustering_key,
            options(table),
        )
        for table in database.tables
    }
    return Existing(dict.fromkeys(database.keyspaces, database.replication), tables)


def with_table(table: Table, **changes: object) -> Database:
    return replace(WANTED, tables=(replace(table, **changes),))  # type: ignore[arg-type]


def statements(wanted: Database, existing: Existing) -> list[str]:
    return [change.statement for change in migration(wanted, existing).changes]


def test_an_empty_cluster_gets_keyspaces_before_their_tables() -> None:
    made = statements(WANTED, NOTHING)
    assert [statement.split(" ")[1] for statement in made] == ["KEYSPACE", "TABLE"]
    assert "'dc1': 3" in made[0]


def test_what_is_there_already_changes_nothing() -> None:
    flights = database_of([load_pipeline(REPOSITORY / "pipelines" / "flights")], {"dc1": 3}, with_roles=True)
    assert migration(flights, applied(flights)).changes == ()


def test_a_new_column_is_added_and_nothing_else_is_touched() -> None:
    wider = with_table(TABLE, columns={**TABLE.columns, "model": ColumnType.TEXT})
    assert statements(wider, applied(WANTED)) == ['ALTER TABLE "flights"."planes" ADD "model" text']


def test_another_ttl_is_set_with_the_time_windows_that_suit_it() -> None:
    (statement,) = statements(with_table(TABLE, ttl_seconds=300 * SECONDS_PER_DAY), applied(WANTED))
    assert statement.startswith('ALTER TABLE "flights"."planes" WITH default_time_to_live = 25920000 AND compaction = ')
    assert "'compaction_window_size': '10'" in statement


def test_a_ttl_that_is_taken_away_takes_its_time_windows_along() -> None:
    (statement,) = statements(with_table(TABLE, ttl_seconds=0), applied(WANTED))
    assert "default_time_to_live = 0" in statement
    assert "SizeTieredCompactionStrategy" in statement


def test_more_copies_alter_the_keyspace() -> None:
    (statement,) = statements(replace(WANTED, replication={"dc1": 5}), applied(WANTED))
    assert statement.startswith('ALTER KEYSPACE "flights" WITH replication')
    assert "'dc1': 5" in statement


def test_fewer_copies_are_refused_until_they_are_named() -> None:
    fewer = replace(WANTED, replication={"dc1": 1})
    with pytest.raises(ConfigError, match=r"flights: 3 copies in dc1 would become 1, .*list flights/replication"):
        migration(fewer, applied(WANTED))
    (statement,) = statements(replace(fewer, drops=("flights/replication",)), applied(WANTED))
    assert "'dc1': 1" in statement


def test_without_an_operator_accounts_get_as_many_copies_as_the_data() -> None:
    plain = replace(WANTED, replicate_system_keyspaces=True)
    existing = applied(WANTED)
    existing = replace(existing, keyspaces={**existing.keyspaces, "system_auth": {}, "system_traces": {"dc1": 3}})
    changed = [change.subject for change in migration(plain, existing).changes]
    assert changed == ["system_auth", "system_distributed"]


def test_a_table_or_column_that_no_file_names_is_kept_and_told() -> None:
    existing = applied(with_table(TABLE, columns={**TABLE.columns, "engine": ColumnType.TEXT}))
    existing = replace(existing, tables={**existing.tables, "flights.old": existing.tables["flights.planes"]})
    plan = migration(WANTED, existing)
    assert plan.changes == ()
    assert plan.kept == ("flights.old", "flights.planes.engine")


def test_a_named_table_or_column_is_dropped_after_everything_else() -> None:
    existing = applied(with_table(TABLE, columns={**TABLE.columns, "engine": ColumnType.TEXT}))
    wanted = replace(
        with_table(TABLE, columns={**TABLE.columns, "model": ColumnType.TEXT}), drops=("flights.planes.engine",)
    )
    assert statements(wanted, existing) == [
        'ALTER TABLE "flights"."planes" ADD "model" text',
        'ALTER TABLE "flights"."planes" DROP "engine"',
    ]


def test_other_peoples_keyspaces_are_none_of_its_business() -> None:
    existing = applied(WANTED)
    foreign = replace(existing, tables={**existing.tables, "billing.invoices": existing.tables["flights.planes"]})
    assert migration(replace(WANTED, drops=("billing.invoices",)), foreign).changes == ()


def test_a_drop_of_what_is_still_wanted_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"drops: flights\.planes is still in a pipeline file; remove it there first"):
        migration(replace(WANTED, drops=("flights.planes",)), applied(WANTED))


def test_another_key_and_another_type_are_refused_together() -> None:
    changed = with_table(TABLE, clustering_key=(), columns={**TABLE.columns, "seats": ColumnType.TEXT})
    with pytest.raises(ConfigError) as refused:
        migration(changed, applied(WANTED))
    assert len(refused.value.problems) == 2
    assert "its key is ((tailnum), year) but the pipeline file says ((tailnum))" in refused.value.problems[0]
    assert "flights.planes.seats: its type is int but the pipeline file says text" in refused.value.problems[1]


def test_a_column_moved_from_partition_to_clustering_key_is_another_key() -> None:
    moved = with_table(TABLE, partition_key=("tailnum", "year"), clustering_key=())
    with pytest.raises(ConfigError, match="a primary key cannot change"):
        migration(moved, applied(WANTED))


@pytest.mark.parametrize("found", ["bucket: hash 8", "bucket: time day", "", None])
def test_stored_rows_cannot_change_their_bucket(found: str | None) -> None:
    bucketed = with_table(TABLE, bucket="hash 16")
    existing = applied(bucketed)
    assert migration(bucketed, existing).changes == ()
    (name,) = existing.tables
    options = {**existing.tables[name].options, "comment": found}
    other = replace(existing, tables={name: replace(existing.tables[name], options=options)})
    with pytest.raises(ConfigError, match=r"for 'bucket: hash 16'; stored rows cannot change their bucket") as refused:
        migration(bucketed, other)
    assert f"its comment is {found or ''!r}" in refused.value.problems[0]


def test_a_bucket_that_is_added_is_another_key() -> None:
    columns = {**TABLE.columns, "bucket": ColumnType.INT}
    bucketed = with_table(TABLE, columns=columns, partition_key=("tailnum", "bucket"), bucket="hash 16")
    with pytest.raises(ConfigError, match="a primary key cannot change: use a new table name") as refused:
        migration(bucketed, applied(WANTED))
    assert len(refused.value.problems) == 1
    assert "WITH comment = 'bucket: hash 16' AND " in statements(bucketed, NOTHING)[1]


names = st.sampled_from(["a", "b", "c", "d", "e"])
tables = st.builds(
    lambda name, columns, ttl: Table("k", name, {"id": ColumnType.TEXT, **columns}, ("id",), (), ttl),
    names,
    st.dictionaries(names, st.sampled_from(ColumnType), max_size=4),
    st.sampled_from([0, 86_400, 8_640_000]),
)
databases = st.lists(tables, min_size=1, max_size=4, unique_by=lambda table: table.name).map(
    lambda found: Database({"dc1": 3}, tuple(found))
)


@given(databases, databases)
def test_no_migration_loses_anything_that_was_not_named(before: Database, after: Database) -> None:
    try:
        plan = migration(after, applied(before))
    except ConfigError:
        return  # a type differs, which is a refusal
    assert not [change for change in plan.changes if " DROP " in f" {change.statement} "]
    gone = {table.qualified_name for table in before.tables} - {table.qualified_name for table in after.tables}
    assert gone <= set(plan.kept)


@given(databases)
def test_a_migration_that_was_made_is_not_made_again(database: Database) -> None:
    assert migration(database, applied(database)).changes == ()


def test_the_description_survives_the_way_to_the_job() -> None:
    flights = database_of(
        [load_pipeline(REPOSITORY / "pipelines" / "flights")], {"dc1": 3}, with_roles=True, drops=["flights.old"]
    )
    assert Database.from_json(flights.to_json()) == flights
    with pytest.raises(WeirError, match="not a valid database description"):
        Database.from_json("{}")
