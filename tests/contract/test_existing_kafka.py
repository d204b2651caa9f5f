"""The check and set-up job of a Kafka of somebody else's, with a login that may do little, over TLS and SCRAM."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.contract.plain_kafka import PASSWORD, WANTED, Ground, partitions, started
from tests.sizing.stacks import SMALL, merged

from weir.catalog.existing_topics import ExistingSetup
from weir.catalog.kafka_setup import KafkaSetup
from weir.catalog.principals import AccessRule, KafkaResource, Principal
from weir.catalog.topics import Topic
from weir.config.endpoints import Endpoints
from weir.config.stack import StackConfig
from weir.doctor import existing_kafka
from weir.doctor.findings import State
from weir.toolchain.installed import Toolchain

pytestmark = [pytest.mark.contract, pytest.mark.timeout(300)]

THEIRS = Topic("theirs", 2, {"retention.ms": "3600000"})
LETTERS = Topic("letters", 1, {"retention.ms": "3600000"})
READ = AccessRule(KafkaResource.TOPIC, THEIRS.name, ("Read", "Describe"))
WRITE = AccessRule(KafkaResource.TOPIC, LETTERS.name, ("Read", "Write", "Describe"))
GROUP = AccessRule(KafkaResource.GROUP, "weir-orders", ("Read", "Describe"))
SETUP = ExistingSetup(1, topics=(LETTERS,), rights=(READ, WRITE, GROUP))
CONFIGURE = ("Create", "DescribeConfigs", "AlterConfigs")


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory, toolchain_for: Callable[..., Toolchain]) -> Iterator[Ground]:
    with started(tmp_path_factory.mktemp("existing"), toolchain_for("kafka")) as made:
        yield made


def allow(ground: Ground, *rules: AccessRule) -> None:
    """The Kafka's owner gives weir's login these rights, and no others, and has a topic of its own."""
    ground.apply(KafkaSetup(1, 1, topics=(THEIRS,), users=(*WANTED.users, Principal("weir-login", rules))))


def run(ground: Ground, folder: Path, setup: ExistingSetup = SETUP) -> subprocess.CompletedProcess[str]:
    files = {
        "kafka.json": setup.to_json(),
        "endpoints.json": Endpoints.of_pod(kafka=ground.clients, registry="").model_dump_json(),
        "password": PASSWORD,
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    command = [
        *(sys.executable, "-m", "weir.incluster.kafka.existing", "--wait-seconds", "20"),
        *("--setup", str(folder / "kafka.json"), "--endpoints", str(folder / "endpoints.json")),
        *("--kafka-user", "weir-login", "--kafka-password-file", str(folder / "password")),
        *("--kafka-ca", str(ground.certificate / "ca.crt")),
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert PASSWORD not in result.stdout + result.stderr
    return result


def of_people(topics: dict[str, int]) -> dict[str, int]:
    """Without Kafka's own, such as the one that it makes for offsets when it is first asked about a group."""
    return {name: count for name, count in topics.items() if not name.startswith("__")}


def test_each_missing_right_is_named_and_nothing_is_made(ground: Ground, tmp_path: Path) -> None:
    describe_alone = AccessRule(KafkaResource.TOPIC, THEIRS.name, ("Describe",))
    allow(ground, describe_alone, AccessRule(KafkaResource.TOPIC, LETTERS.name, CONFIGURE))
    result = run(ground, tmp_path)
    assert result.returncode == 1, result.stdout + result.stderr
    assert "nothing was started or changed, because:" in result.stdout
    assert "kafka.existing: weir's login may not Read on topic theirs; ask Kafka's owner to allow Read" in result.stdout
    assert "weir's login may not Read and Describe on group weir-orders" in result.stdout
    assert LETTERS.name not in partitions(ground)


def test_with_its_rights_it_makes_weirs_own_topic_alone(ground: Ground, tmp_path: Path) -> None:
    may_make = AccessRule(KafkaResource.TOPIC, LETTERS.name, (*WRITE.operations, *CONFIGURE))
    allow(ground, READ, GROUP, may_make)
    before = of_people(partitions(ground))
    result = run(ground, tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "topic letters: created, partitions: 1" in result.stdout
    assert of_people(partitions(ground)) == {**before, "letters": 1}
    again = run(ground, tmp_path)
    assert again.returncode == 0
    assert "created" not in again.stdout


def test_a_topic_of_others_under_weirs_name_is_left_as_it_is(ground: Ground, tmp_path: Path) -> None:
    allow(ground, GROUP, AccessRule(KafkaResource.TOPIC, THEIRS.name, (*WRITE.operations, *CONFIGURE)))
    wanted = Topic(THEIRS.name, 3, {"retention.ms": "1"})
    result = run(ground, tmp_path, ExistingSetup(1, topics=(wanted,), fields={THEIRS.name: "x: dead_letters.topic"}))
    assert result.returncode == 1
    assert "x: dead_letters.topic: theirs is there already with 2 partitions, and weir would make 3" in result.stdout
    assert "nothing was started or changed, because:" in result.stdout
    assert partitions(ground)[THEIRS.name] == 2


@pytest.mark.parametrize(("password", "state"), [(PASSWORD, State.OK), ("canary-no", State.MISSING)])
def test_doctor_tells_a_refused_login_from_a_sound_one(
    ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, password: str, state: State
) -> None:
    monkeypatch.setattr(existing_kafka, "ASK_SECONDS", 5)
    allow(ground, READ, GROUP)
    file = tmp_path / "password"
    file.write_text(password)
    authority = (ground.certificate / "ca.crt").read_text()
    access = {"bootstrap_servers": [ground.clients], "username": "weir-login", "certificate_authority": authority}
    kafka = {"provider": "existing", "existing": access}
    stack = StackConfig.model_validate(merged(SMALL, {"kafka": kafka, "given_secrets": ["kafka_password"]}))
    (finding,) = existing_kafka.examine(stack, [], {existing_kafka.PASSWORD_FILE: str(file)})
    assert finding.state is state, finding
    assert password not in str(finding)


def test_a_topic_that_it_may_not_make_is_named(ground: Ground, tmp_path: Path) -> None:
    allow(ground, READ, GROUP)
    result = run(ground, tmp_path, ExistingSetup(1, topics=(Topic("forbidden", 1),)))
    assert result.returncode == 1
    assert "Kafka refused new topics" in result.stdout
    assert "forbidden" not in partitions(ground)
