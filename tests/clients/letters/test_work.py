"""What is refused before Kafka is asked."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.catalog.with_clients import flights_of_others

from weir.clients.letters.post import Selection
from weir.clients.letters.work import Desk
from weir.config.endpoints import Endpoints
from weir.config.errors import WeirError

pytestmark = pytest.mark.unit

NOBODY = Endpoints.of_pod(registry="http://127.0.0.1:1", kafka="127.0.0.1:1")


@pytest.mark.parametrize("dry_run", [True, False])
def test_nothing_goes_back_to_a_topic_of_others(tmp_path: Path, dry_run: bool) -> None:
    told: list[str] = []
    desk = Desk(NOBODY, flights_of_others(tmp_path))
    with pytest.raises(WeirError, match=r"source\.owned is false, so weir sends nothing to flights\.events; ask"):
        desk.resend(Selection(), told.append, dry_run=dry_run)
