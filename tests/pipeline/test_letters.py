"""Letters of the real job: after a fix and a resend, each record is a row and counts in its totals once."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.contract.letters_bench import HOSTILE, NEW_COUNTRY, LettersBench, orders_named
from tests.pipeline.orders import COUNTRIES
from tests.pipeline.stored import cells
from tests.platforms import PIPELINE_SERVICES
from tests.waiting import wait_until

from weir.catalog.dataset import load_dataset
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
COMMIT_SECONDS = 60
STOP_TIMEOUT_SECONDS = 120


def test_a_resent_record_becomes_its_row_once(platform_of: Callable[..., Context], tmp_path: Path) -> None:
    ctx, name = platform_of(*PIPELINE_SERVICES), f"letters{uuid.uuid4().hex[:8]}"
    endpoints, before = ctx.endpoints, orders_named(tmp_path / "before", name)
    after = orders_named(tmp_path / "after", name, (*COUNTRIES, NEW_COUNTRY))
    provision(endpoints, [before])
    load_references(endpoints, before, load_dataset(before.folder))
    schema_id = add_version(endpoints.registry_url, after.subject, after.schema.text)
    bench = LettersBench(endpoints, before, after, schema_id)
    try:
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
    finally:
        jobs.stop_all(ctx, STOP_TIMEOUT_SECONDS)
