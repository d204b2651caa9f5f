"""One machine beside a Kafka of somebody else's: where its clients go, and what is not done to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
from tests.catalog.with_clients import flights_of_others
from tests.platforms import STACK_FILE

from weir.config.embedded import Ports
from weir.config.errors import WeirError
from weir.config.repository import REPOSITORY
from weir.config.stack import StackConfig, load_stack
from weir.local import own_platform, verification
from weir.local.board import Board
from weir.local.service import Context, Paths
from weir.toolchain.installed import Toolchain

pytestmark = pytest.mark.unit

KAFKA = {
    "bootstrap_servers": ["one.example.com:19092", "two.example.com:19092"],
    "tls": False,
    "authentication": "none",
}
EXISTING: dict[str, Any] = {
    "kafka": {"provider": "existing", "existing": KAFKA},
    "registry": {"provider": "existing", "existing": {"url": "http://registry.example.com:18081"}},
}


def context(folder: Path, **changes: Any) -> Context:
    settings = load_stack(STACK_FILE).model_dump(by_alias=True, exclude_unset=True)
    nothing = cast("Toolchain", None)
    return Context(REPOSITORY, Paths(folder), Ports(), StackConfig.model_validate(settings | changes), nothing)


def test_clients_go_to_the_given_addresses(tmp_path: Path) -> None:
    own, beside = context(tmp_path).endpoints, context(tmp_path, **EXISTING).endpoints
    assert own.kafka_bootstrap_servers == f"127.0.0.1:{Ports().kafka}"
    assert beside.kafka_bootstrap_servers == "one.example.com:19092,two.example.com:19092"
    assert beside.registry_url == "http://registry.example.com:18081"
    assert beside.cassandra_contact_points == own.cassandra_contact_points


def test_nothing_is_sent_to_a_topic_of_others(tmp_path: Path) -> None:
    ctx, pipeline = context(tmp_path, **EXISTING), flights_of_others(tmp_path / "pipelines")
    with pytest.raises(WeirError, match=r"source\.owned is false, so weir sends nothing to flights\.events"):
        verification.replay_shown(ctx, pipeline, ctx.stack.embedded.replay, cast("Board", None))
    with pytest.raises(WeirError, match="cannot know what its rows should be"):
        verification.verify_shown(ctx, pipeline, cast("Board", None))


def test_measurements_and_faults_need_a_kafka_of_their_own(tmp_path: Path) -> None:
    def existing(settings: dict[str, Any]) -> None:
        settings |= {f"weir:{name}": value for name, value in EXISTING.items()}

    opened = own_platform.own_platform(tmp_path, STACK_FILE, ["kafka"], existing, cast("Board", None))
    with pytest.raises(WeirError, match="measurements and faults need a Kafka of their own"), opened:
        pass
    assert not (tmp_path / "weir").exists()
