"""What is said and refused before Kafka is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.catalog.with_clients import flights_of_others
from tests.clients.letters.made import envelope

from weir.catalog.pipeline import load_pipeline
from weir.clients.letters.post import Selection
from weir.clients.letters.work import Desk
from weir.config.endpoints import Endpoints
from weir.config.errors import WeirError
from weir.config.repository import REPOSITORY

pytestmark = pytest.mark.unit

NOBODY = Endpoints.of_pod(registry="http://127.0.0.1:1", kafka="127.0.0.1:1")
ORDERS = load_pipeline(REPOSITORY / "pipelines" / "orders")
CUT = "not decoded: only the first 4 bytes of the value are in the letter; send the event again from its source"


@pytest.mark.parametrize("dry_run", [True, False])
def test_nothing_goes_back_to_a_topic_of_others(tmp_path: Path, dry_run: bool) -> None:
    told: list[str] = []
    desk = Desk(NOBODY, flights_of_others(tmp_path))
    with pytest.raises(WeirError, match=r"source\.owned is false, so weir sends nothing to flights\.events; ask"):
        desk.resend(Selection(), told.append, dry_run=dry_run)


@pytest.mark.parametrize(
    ("value", "changes", "told"),
    [
        (b'{"or', {"truncated": "true"}, CUT),
        (b'{"or', {}, "still a dead letter, malformed-json"),
        (b'{"or', {"key_length": "70000"}, "still a dead letter, malformed-json"),
        (None, {}, "still a dead letter, null-value"),
    ],
)
def test_a_value_that_was_cut_is_not_judged(value: bytes | None, changes: dict[str, Any], told: str) -> None:
    assert Desk(NOBODY, ORDERS).verdict(envelope(5, value=value, **changes)).startswith(told)
