"""What the guide to connect shows, made to run against a broker of the tests instead of the guide's."""

from __future__ import annotations

import base64
import re
import shlex
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.catalog.with_clients import flights_with
from tests.contract.plain_kafka import HOST, PASSWORD, SIGNER, WANTED, Ground

from weir.catalog.kafka_setup import KafkaSetup
from weir.catalog.pipeline import Pipeline
from weir.catalog.principals import principals
from weir.components.certificates import KEYSTORE_PASSWORD
from weir.components.own_certificates import Request, certificate_files
from weir.config.repository import REPOSITORY
from weir.config.yaml_text import parsed

GUIDE = REPOSITORY / "docs" / "how-to" / "connect.md"
ADDRESS = "kafka-kafka-bootstrap.weir-dev.svc:9093"
MOUNT = "/etc/kafka"
CONSOLE_PRODUCER = "org.apache.kafka.tools.ConsoleProducer"


def blocks(kind: str) -> list[str]:
    """The guide's blocks of a kind, in their order."""
    return re.findall(rf"^```{kind}\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def clients() -> dict[str, Any]:
    """The clients that the guide names."""
    return parsed(blocks("yaml")[0])["clients"]


def flights(folder: Path) -> Pipeline:
    """Flights with the guide's clients."""
    return flights_with(folder, clients())


def wanted(pipeline: Pipeline) -> KafkaSetup:
    """Its users, on the topics of the other tests."""
    assert {topic.name for topic in WANTED.topics} == {topic.name for topic in pipeline.topics}
    return replace(WANTED, users=principals([pipeline]), quotas={})


def secret(ground: Ground, folder: Path, user: str) -> None:
    """The files that the guide has copied into the folder: Strimzi's names of them."""
    own = certificate_files(SIGNER, Request(user, [HOST]), KEYSTORE_PASSWORD)
    (folder / "ca.crt").write_bytes((ground.certificate / "ca.crt").read_bytes())
    (folder / "password").write_text(PASSWORD)
    for name, made in (("user.crt", "tls.crt"), ("user.key", "tls.key")):
        (folder / name).write_bytes(base64.b64decode(own[made]))


def python(ground: Ground, folder: Path) -> str:
    """What the guide's program prints, run where its files are."""
    (program,) = blocks("python")
    command = [sys.executable, "-c", program.replace(ADDRESS, ground.clients)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, timeout=90).stdout


def java(ground: Ground, folder: Path, topic: str, value: str) -> str:
    """What Kafka's own producer says that publishes one record by the guide's properties."""
    (properties,) = blocks("properties")
    file = folder / "client.properties"
    file.write_text(properties.replace(ADDRESS, ground.clients).replace(MOUNT, str(folder)))
    tools = ground.ctx.toolchain
    command = [
        *(str(tools.java17 / "bin" / "java"), "-XX:TieredStopAtLevel=1", "-cp", tools.classpath("kafka")),
        *(CONSOLE_PRODUCER, "--bootstrap-server", ground.clients, "--topic", topic),
        *("--command-config", str(file), "--command-property", "delivery.timeout.ms=20000"),
        *("--command-property", "request.timeout.ms=10000"),
    ]
    result = subprocess.run(command, input=f"{value}\n", capture_output=True, text=True, check=False, timeout=90)
    return result.stdout + result.stderr


def kcat(folder: Path, which: int) -> dict[str, str]:
    """The properties that the guide's kcat commands set, which are librdkafka's: by password, by certificate."""
    command = [block for block in blocks("sh") if block.startswith("kcat")][which]
    words = shlex.split(command.replace('"$(cat password)"', PASSWORD))
    settings = dict(word.split("=", 1) for flag, word in pairwise(words) if flag == "-X")
    files = {name: str(folder / value) for name, value in settings.items() if name.endswith(".location")}
    return settings | files
