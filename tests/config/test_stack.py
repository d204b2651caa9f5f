from __future__ import annotations

from pathlib import Path

import pytest

from weir.config.errors import ConfigError
from weir.config.flink import StateBackend
from weir.config.stack import load_stack

pytestmark = pytest.mark.unit

REPOSITORY = Path(__file__).parents[2]
GOOD = "config:\n  weir:environment: local\n  weir:target: embedded\n  weir:pipelines: [flights]\n"


def stack(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "Pulumi.test.yaml"
    path.write_text(text)
    return path


def test_the_local_stack_loads_with_its_defaults() -> None:
    loaded = load_stack(REPOSITORY / "stacks" / "Pulumi.local.yaml")
    assert loaded.pipelines == ["flights"]
    assert loaded.flink.state_backend is StateBackend.HASHMAP
    assert loaded.embedded.ports.kafka == 9092


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD + "  weir:paralelism: 3\n", ["paralelism", "unknown field", "known here", "flink"]),
        (GOOD + "  weir:flink: {paralelism: 3}\n", ["flink.paralelism", "unknown field", "parallelism"]),
        (
            GOOD + "  weir:flink: {parallelism: 9}\n",
            ["flink", "parallelism 9", "4 task slots", "lower it, or add slots"],
        ),
        (GOOD + "  weir:flink: {checkpoint_interval_seconds: 400}\n", ["transaction_timeout_seconds 900", "raise it"]),
        (
            GOOD + "  weir:flink: {checkpoint_timeout_seconds: 440}\n",
            ["not above the 900 s", "dead letters", "lower the others"],
        ),
        (GOOD + "  weir:flink: {state_backend: redis}\n", ["flink.state_backend", "'hashmap' or 'rocksdb'", "'redis'"]),
        (GOOD + "  weir:embedded: {ports: {kafka: 80}}\n", ["embedded.ports.kafka", "1024", "80"]),
        (GOOD + "  other:thing: 1\n", ["config.other:thing", "unknown namespace", "weir:other:thing"]),
        (GOOD.replace("  weir:target: embedded\n", ""), ["target", "missing", "add it"]),
        (GOOD.replace("[flights]", "[]"), ["pipelines", "at least 1"]),
        (GOOD.replace("[flights]", "[Flights-2]"), ["pipelines.0", "Flights-2"]),
        ("weir:environment: local\n", ["config: missing", "below `config:`"]),
        ("config: [\n", ["not valid YAML", "line 2", "fix the syntax"]),
    ],
)
def test_a_wrong_stack_is_refused_with_field_value_and_remedy(tmp_path: Path, text: str, words: list[str]) -> None:
    path = stack(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_stack(path)
    message = str(caught.value)
    assert str(path) in message
    for word in words:
        assert word in message


def test_every_wrong_field_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_stack(stack(tmp_path, GOOD + "  weir:flink: {parallelism: 0, task_slots: 0}\n"))
    assert len(caught.value.problems) == 2


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"Pulumi\.none\.yaml.*\n.*does not exist"):
        load_stack(tmp_path / "Pulumi.none.yaml")
