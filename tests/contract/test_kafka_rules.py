"""The plain Kafka's set-up takes away rules that nobody asks for any more: by Kafka's own tool, on the real Kafka."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._acl import AclBinding, AclBindingFilter, AclOperation, AclPermissionType
from confluent_kafka.admin._resource import ResourcePatternType, ResourceType
from tests.platforms import free_ports_stack

from weir.catalog.principals import AccessRule, KafkaResource, Principal
from weir.components.kafka_plain import KAFKA_HOME
from weir.components.kafka_plain_setup import PREAMBLE, PRUNE, RULES_FILE, SETUP_FOLDER, wanted_rules
from weir.config.properties_text import properties
from weir.config.stack import load_stack
from weir.embedded import kafka
from weir.embedded.context import REPOSITORY
from weir.embedded.service import LOOPBACK, Context, NotReady, Paths, Toolchain

pytestmark = [pytest.mark.contract, pytest.mark.timeout(600)]

TOOL = 'exec "{java}" -Xmx128m -XX:TieredStopAtLevel=1 -cp "{classpath}" org.apache.kafka.tools.AclCommand "$@"\n'
WANTED = Principal(
    "weir-flights",
    (
        AccessRule(KafkaResource.TOPIC, "flights.events", ("Read", "DescribeConfigs")),
        AccessRule(KafkaResource.TRANSACTIONAL_ID, "weir-flights", ("Write",), prefix=True),
    ),
)
Rule = tuple[str, str, str, str, str]
KEPT: set[Rule] = {
    ("User:weir-flights", "READ", "TOPIC", "LITERAL", "flights.events"),
    ("User:weir-flights", "DESCRIBE_CONFIGS", "TOPIC", "LITERAL", "flights.events"),
    ("User:weir-flights", "WRITE", "TRANSACTIONAL_ID", "PREFIXED", "weir-flights"),
    # A team's own user.
    ("User:analysts", "READ", "TOPIC", "LITERAL", "flights.events"),
}
STALE: set[Rule] = {
    ("User:weir-flights", "WRITE", "TOPIC", "LITERAL", "flights.events"),
    ("User:weir-flights", "READ", "TOPIC", "LITERAL", "a-former-topic"),
    ("User:weir-former", "READ", "GROUP", "PREFIXED", "weir-former"),
}


@pytest.fixture(scope="module")
def ctx(tmp_path_factory: pytest.TempPathFactory, toolchain_for: Callable[..., Toolchain]) -> Iterator[Context]:
    """A broker that asks for rules, and to which this test is an administrator."""
    folder = tmp_path_factory.mktemp("rules")
    stack = load_stack(free_ports_stack(folder))
    found = Context(REPOSITORY, Paths(folder / "weir"), stack.embedded.ports, stack, toolchain_for("kafka"))
    service = kafka.service(found)
    service.prepare()
    settings = kafka.settings(found) | {
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
    }
    (found.paths.config("kafka") / "server.properties").write_text(properties(settings), encoding="utf-8")
    with (
        found.paths.log("kafka").open("wb") as log,
        subprocess.Popen(list(service.command), stdout=log, stderr=log) as process,
    ):
        try:
            _wait(service.ready)
            yield found
        finally:
            process.terminate()


def _wait(ready: Callable[[], None], seconds: float = 90) -> None:
    import time  # noqa: PLC0415

    deadline = time.monotonic() + seconds
    while True:
        try:
            return ready()
        except NotReady:
            assert time.monotonic() < deadline, "the broker does not answer"
            time.sleep(0.3)


def test_rules_that_nobody_wants_go_and_all_others_stay(ctx: Context, tmp_path: Path) -> None:
    admin = AdminClient({"bootstrap.servers": f"{LOOPBACK}:{ctx.ports.kafka}"})
    for future in admin.create_acls([_binding(rule) for rule in KEPT | STALE]).values():
        future.result(30)
    told = _run(ctx, tmp_path)
    assert _rules(admin) == KEPT
    assert told.count("removing a rule") == len(STALE)
    assert "removing a rule" not in _run(ctx, tmp_path)


def _run(ctx: Context, folder: Path) -> str:
    """The part of the set-up that removes, as its Job runs it: the folders and the address are this machine's."""
    tool = folder / "kafka-acls.sh"
    java = ctx.toolchain.java17 / "bin" / "java"
    tool.write_text("#!/bin/sh\n" + TOOL.format(java=java, classpath=ctx.toolchain.classpath("kafka")))
    tool.chmod(0o755)
    (folder / RULES_FILE).write_text("".join(f"{line}\n" for line in wanted_rules([WANTED])))
    (folder / "admin.properties").touch()
    script = "\n".join([*PREAMBLE.splitlines()[:6], PRUNE])
    for place in ("/tmp", f"{KAFKA_HOME}/bin", SETUP_FOLDER):  # noqa: S108
        script = script.replace(place, "$HOME")
    told = {"HOME": str(folder), "SERVERS": f"{LOOPBACK}:{ctx.ports.kafka}", "BROKERS": "1"}
    result = subprocess.run(
        ["sh", "-c", script], env={**os.environ, **told}, capture_output=True, text=True, check=False, timeout=200
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def _binding(rule: Rule) -> AclBinding:
    principal, operation, kind, pattern, name = rule
    return AclBinding(
        ResourceType[kind],
        name,
        ResourcePatternType[pattern],
        principal,
        "*",
        AclOperation[operation],
        AclPermissionType.ALLOW,
    )


def _rules(admin: AdminClient) -> set[Rule]:
    anything: Any = None
    everything = AclBindingFilter(
        ResourceType.ANY,
        anything,
        ResourcePatternType.ANY,
        anything,
        anything,
        AclOperation.ANY,
        AclPermissionType.ANY,
    )
    found = admin.describe_acls(everything).result(30)
    return {
        (acl.principal, acl.operation.name, acl.restype.name, acl.resource_pattern_type.name, acl.name) for acl in found
    }
