"""Letters of the real job: after a fix and a resend each record is a row, once; and too many letters stop the job."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.contract.letters_bench import HOSTILE, NEW_COUNTRY, LettersBench, orders_named
from tests.pipeline.orders import COUNTRIES
from tests.pipeline.stored import cells
from tests.platforms import PIPELINE_SERVICES
from tests.waiting import wait_until

from weir.catalog.dataset import load_dataset
from weir.clients.flink_rest import FlinkRest
from weir.clients.letters.mailbox import Mailbox
from weir.clients.letters.post import Selection
from weir.clients.letters.work import Desk
from weir.clients.registry import add_version
from weir.local import jobs
from weir.local.provision import provision
from weir.local.service import Context
from weir.verify.drain import wait_until_drained
from weir.verify.seeding import load_references

pytestmark = [pytest.mark.pipeline, pytest.mark.timeout(600)]

ORDERS = 12
BROKEN = 300
COMMIT_SECONDS = 60
STOP_TIMEOUT_SECONDS = 120


@pytest.fixture
def ctx(platform_of: Callable[..., Context]) -> Iterator[Context]:
    """A platform, and no job of these tests on it afterwards."""
    context = platform_of(*PIPELINE_SERVICES)
    yield context
    jobs.stop_all(context, STOP_TIMEOUT_SECONDS)


@pytest.fixture
def name() -> str:
    return f"letters{uuid.uuid4().hex[:8]}"


def test_a_topic_of_broken_records_stops_the_job_that_has_a_limit(ctx: Context, name: str, tmp_path: Path) -> None:
    limited = orders_named(tmp_path, name, limit={"max_ratio": 0.1, "window_events": 100})
    provision(ctx.endpoints, [limited])
    load_references(ctx.endpoints, limited, load_dataset(limited.folder))
    job, rest = jobs.submit(ctx, limited), FlinkRest.of(ctx.endpoints)
    LettersBench(ctx.endpoints, limited, limited, schema_id=0).publish([HOSTILE] * BROKEN)
    wait_until("the job fails", lambda: bool(rest.failures(job, at_most=1)), COMMIT_SECONDS, 1)
    told = rest.failure(job)
    assert f"Pipeline {name}: 11 of the last 100 records of this task became dead letters" in told
    assert "The last one: bad-magic" in told
    assert len(Mailbox(ctx.endpoints, limited).read()[0].letters) < BROKEN // 2


def test_a_resent_record_becomes_its_row_once(ctx: Context, name: str, tmp_path: Path) -> None:
    endpoints, before = ctx.endpoints, orders_named(tmp_path / "before", name)
    after = orders_named(tmp_path / "after", name, (*COUNTRIES, NEW_COUNTRY))
    provision(endpoints, [before])
    load_references(endpoints, before, load_dataset(before.folder))
    schema_id = add_version(endpoints.registry_url, after.subject, after.schema.text)
    bench = LettersBench(endpoints, before, after, schema_id)
    jobs.submit(ctx, before)
    bench.publish([*(bench.value(number) for number in range(ORDERS)), bench.value(99, "de"), HOSTILE])
    wait_until_drained(endpoints, before)
    desk = Desk(endpoints, after)
    wait_until("letters", lambda: len(desk.mailbox.read()[0].letters) == ORDERS + 1, COMMIT_SECONDS, 1)
    codes = {letter.code: letter.field for letter in desk.mailbox.read()[0].letters}
    assert codes == {"incompatible-schema": "country", "bad-magic": ""}
    assert len(cells(ctx, before.row_table)) == 1

    provision(endpoints, [after])
    jobs.submit(ctx, after)
    done = desk.resend(Selection(), print)
    assert (done.sent, done.held) == (ORDERS, {"still bad-magic": 1})
    wait_until_drained(endpoints, after)
    rows = cells(ctx, after.row_table)
    assert sorted(row["order_number"] for row in rows) == [*range(ORDERS), 99]
    totals = cells(ctx, after.aggregate_tables["sales_by_hour"])
    assert sum(row["orders"] for row in totals) == ORDERS + 1

    assert desk.resend(Selection(), print).sent == 0
    wait_until_drained(endpoints, after)
    assert (cells(ctx, after.row_table), cells(ctx, after.aggregate_tables["sales_by_hour"])) == (rows, totals)
    assert [letter.code for letter in desk.mailbox.read()[0].open()] == ["bad-magic"]
