"""The pack as Pulumi's engine runs it: its own process and environment, asked over the engine's protocol."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc
from tests.policy.rules_under_test import PACK, rules
from tests.policy.test_rules import resource

from weir.config.repository import REPOSITORY
from weir.toolchain import fetch
from weir.toolchain.installed import Toolchain

pytestmark = pytest.mark.contract


@pytest.fixture(scope="module")
def pack(
    tmp_path_factory: pytest.TempPathFactory, toolchain_for: Callable[..., Toolchain]
) -> Iterator[analyzer_pb2_grpc.AnalyzerStub]:
    environment = tmp_path_factory.mktemp("pack") / "environment"
    (uv,) = sorted(toolchain_for().cache.glob("uv-*/bin/uv"))[-1:]
    fetch.python_environment(uv, REPOSITORY, [PACK / "requirements.txt"], environment, lambda *_: None)
    with (
        serving(environment / "bin" / "python") as port,
        grpc.insecure_channel(f"127.0.0.1:{port}", [("grpc.enable_http_proxy", 0)]) as channel,
    ):
        yield analyzer_pb2_grpc.AnalyzerStub(channel)


@contextmanager
def serving(python: Path) -> Iterator[int]:
    """Runs the pack; it tells its port on its first line, as Pulumi's language host expects."""
    with subprocess.Popen([str(python), str(PACK)], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def analyse(pack: Any, wanted: Any) -> list[Any]:
    properties = struct_pb2.Struct()
    properties.update(wanted.props)
    request = analyzer_pb2.AnalyzeRequest(
        type=wanted.type,
        name=wanted.name,
        urn=f"urn:pulumi:prod::weir::{wanted.type}::{wanted.name}",
        properties=properties,
        options=analyzer_pb2.AnalyzerResourceOptions(
            protect=wanted.protect, customTimeouts=analyzer_pb2.AnalyzerResourceOptions.CustomTimeouts()
        ),
    )
    return list(pack.Analyze(request).diagnostics)


def test_the_engine_learns_of_every_rule(pack: Any) -> None:
    known = pack.GetAnalyzerInfo(empty_pb2.Empty())
    assert {policy.name for policy in known.policies} == {rule.name for rule in (*rules.RULES, *rules.STACK_RULES)}
    assert all(policy.enforcementLevel == analyzer_pb2.MANDATORY for policy in known.policies)


def test_a_sound_resource_passes_and_an_unprotected_one_stops_the_update(pack: Any) -> None:
    assert analyse(pack, resource("KafkaTopic")) == []
    (found,) = analyse(pack, resource("KafkaTopic", protect=False))
    assert (found.policyName, found.enforcementLevel) == ("protected", analyzer_pb2.MANDATORY)
    assert "holds data but is not protected" in found.message


def test_a_rule_of_the_whole_stack_names_what_suffers(pack: Any) -> None:
    properties = struct_pb2.Struct()
    properties.update(resource("Deployment").props)
    urn = "urn:pulumi:prod::weir::kubernetes:x:Deployment::one"
    options = analyzer_pb2.AnalyzerResourceOptions(customTimeouts=analyzer_pb2.AnalyzerResourceOptions.CustomTimeouts())
    pods = analyzer_pb2.AnalyzerResource(
        type="kubernetes:x:Deployment", name="one", urn=urn, properties=properties, options=options
    )
    (found,) = pack.AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(resources=[pods])).diagnostics
    assert (found.policyName, found.urn) == ("denied-by-default", urn)


def test_rules_see_into_nested_properties(pack: Any) -> None:
    exposed = resource("Deployment", "spec", "template", "spec", "containers", 0, "image", value="superset:latest")
    assert [found.policyName for found in analyse(pack, exposed)] == ["pinned"]
