"""The orders of the repository, in JSON, on both engines: exact with duplicates, disorder and poison, letters told."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from tests.pipeline import shop
from tests.pipeline.own_name import named
from tests.pipeline.twins import Twins, twins
from tests.platforms import PIPELINE_SERVICES

from weir.catalog.spec import Engine
from weir.clients.events.letter_codes import LetterCode
from weir.config.embedded import ReplayConfig
from weir.local import engines, jobs
from weir.local.service import Context
from weir.verify.letters import REASON, read_letters
from weir.verify.manifest import load_manifests
from weir.verify.poison_json import json_kinds
from weir.verify.verify import Verification

pytestmark = [pytest.mark.pipeline, pytest.mark.timeout(900)]

NAME = "orders_in_json"
POISON_EVENTS = 32
REPLAY = ReplayConfig(
    events_per_second=0, duplicate_ratio=0.3, out_of_order_ratio=0.1, poison_events=POISON_EVENTS, seed=29
)
STOP_TIMEOUT_SECONDS = 120


@pytest.fixture(scope="module")
def orders(platform_of: Callable[..., Context], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twins]:
    ctx = platform_of(*PIPELINE_SERVICES)
    folder = tmp_path_factory.mktemp("json") / NAME
    shutil.copytree(shop.FOLDER, folder)
    file = folder / "pipeline.yaml"
    document = named(NAME, yaml.safe_load(file.read_text(encoding="utf-8")))
    file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    _with_a_great_amount(folder / "orders.csv")
    pair = twins(ctx, folder)
    pair.deploy()
    pair.send(REPLAY, shop.ORDERS)
    yield pair
    engines.stop(ctx, [pair.streams])
    jobs.stop_all(ctx, STOP_TIMEOUT_SECONDS)


def _with_a_great_amount(file: Path) -> None:
    """The first order has more cents than a double holds exactly, which is what JavaScript makes of numbers."""
    with file.open(newline="", encoding="utf-8") as lines:
        header, *rows = csv.reader(lines)
    rows[0][header.index("net_cents")] = str(2**53 + 1)
    with file.open("w", newline="", encoding="utf-8") as lines:
        csv.writer(lines).writerows([header, *rows])


@pytest.fixture(scope="module")
def verified(orders: Twins) -> dict[str, Verification]:
    """By pipeline, what became of the replay, once both engines are done with it."""
    return {pipeline.name: orders.verified(pipeline) for pipeline in orders.both}


@pytest.mark.parametrize("engine", list(Engine))
def test_every_row_and_total_is_as_the_file_says(
    engine: Engine, orders: Twins, verified: dict[str, Verification]
) -> None:
    result = verified[orders.on(engine).name]
    assert result.correct, result
    assert result.rows.stored == shop.ORDERS
    assert result.sent.duplicates == round(shop.ORDERS * REPLAY.duplicate_ratio)
    assert result.dead_letters.found == POISON_EVENTS


@pytest.mark.usefixtures("verified")
def test_both_engines_store_the_same_cells(orders: Twins) -> None:
    orders.require_same_cells()


@pytest.mark.usefixtures("verified")
@pytest.mark.parametrize("engine", list(Engine))
def test_a_letter_says_which_field_and_why(engine: Engine, orders: Twins) -> None:
    pipeline = orders.on(engine)
    (manifest,) = load_manifests(orders.manifests, pipeline.name)
    assert {record.kind for record in manifest.poison} == set(json_kinds(pipeline))
    letters = read_letters(orders.ctx.endpoints, pipeline, POISON_EVENTS)
    reasons: dict[str, list[str]] = {}
    for letter in letters:
        code, _, reason = letter.headers[REASON].partition(": ")
        reasons.setdefault(code, []).append(reason)
    assert set(reasons) >= {LetterCode.MALFORMED_JSON, LetterCode.TRAILING_BYTES, LetterCode.TOO_LARGE}
    # An envelope lacks the first required column, a member left out its own.
    missing = {reason.partition(":")[0] for reason in reasons[LetterCode.MISSING_VALUE]}
    assert missing == {"field order_id", "field placed_at"}
    bad = {reason.partition(":")[0] for reason in reasons[LetterCode.BAD_VALUE]}
    assert bad == {"field placed_at", "field order_id"}
    assert any("yesterday" in reason for reason in reasons[LetterCode.BAD_VALUE])
