"""`weir doctor --stack` with its real client against an API server: prints, exit code, refusals."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from tests.doctor.api_server import Documents, complete, serving
from typer.testing import CliRunner

from weir.cli.main import commands
from weir.clients.kubernetes import KubernetesClient, KubernetesRefusedError
from weir.config.errors import WeirError, read_yaml
from weir.config.repository import stack_file
from weir.config.yaml_text import written
from weir.doctor.examination import examine
from weir.doctor.findings import Finding, State

pytestmark = pytest.mark.unit

SIGN_IN = {"issuer_url": "https://login.example.org", "client_id": "weir", "groups": {"administrators": ["data"]}}


@pytest.fixture(autouse=True)
def _cloud(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A Pulumi that is logged in, an AWS CLI that is not, and a proxy that refuses: nobody outside is asked."""
    programs = tmp_path / "bin"
    programs.mkdir()
    answers = {"pulumi": "echo 'Backend URL: https://api.pulumi.com/ada'", "aws": "echo 'no login' >&2; exit 1"}
    for name, answer in answers.items():
        (programs / name).write_text(f"#!/bin/sh\n{answer}\n", encoding="utf-8")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def examined(documents: Documents, folder: Path, stack: Path | None = None) -> list[Finding]:
    with serving(documents, folder) as kubeconfig:

        def connect(_path: Path | None, context: str | None) -> KubernetesClient:
            return KubernetesClient.connect(kubeconfig, context)

        return examine(stack or stack_file("prod"), connect, os.environ)


def changed(folder: Path, **changes: Any) -> Path:
    """A copy of production's file with other settings."""
    document = read_yaml(stack_file("prod"))
    for name, value in changes.items():
        key = name if ":" in name else f"weir:{name}"
        document["config"][key] = {**document["config"].get(key, {}), **value} if isinstance(value, dict) else value
    path = folder / "Pulumi.prod.yaml"
    path.write_text(written(document), encoding="utf-8")
    return path


def missing(found: list[Finding]) -> list[str]:
    return [finding.found for finding in found if finding.state is State.MISSING]


def test_a_complete_cluster_is_found_ready_over_http(tmp_path: Path) -> None:
    found = examined(complete(), tmp_path)
    assert missing(found) == []
    assert [finding.about for finding in found[:4]] == ["plan", "secrets", "Pulumi", "bucket"]


def test_each_missing_secret_is_named_and_the_rest_is_examined(tmp_path: Path) -> None:
    file = changed(tmp_path, superset={"host": "weir.example.org", "sign_in": SIGN_IN})
    found = examined(complete(), tmp_path, file)
    (secret,) = [finding for finding in found if finding.about == "secrets"]
    assert secret.found == "missing; superset.sign_in needs it"
    assert secret.remedy == "pulumi config set --secret weir:superset_sign_in_client_secret"
    assert {"nodes", "DNS"} <= {finding.about for finding in found}


def test_a_stack_that_weir_refuses_is_all_that_is_said(tmp_path: Path) -> None:
    found = examined(complete(), tmp_path, changed(tmp_path, operators={"install": False}))
    assert [finding.about for finding in found] == ["stack file"]
    assert found[0].found.startswith("operators.namespace: missing")


def test_a_cluster_that_does_not_answer_leaves_the_rest(tmp_path: Path) -> None:
    with serving(complete(), tmp_path) as kubeconfig:
        pass
    found = examine(stack_file("prod"), lambda *_: KubernetesClient.connect(kubeconfig), os.environ)
    (cluster,) = [finding for finding in found if finding.about == "cluster"]
    assert cluster.state is State.MISSING
    assert "does not answer" in cluster.found
    assert {finding.about for finding in found} == {"plan", "secrets", "cluster", "Pulumi", "bucket", "images"}


def test_what_may_not_be_read_is_a_warning_with_the_right_to_ask_for(tmp_path: Path) -> None:
    found = examined(complete() | {"/api/v1/nodes": 403}, tmp_path)
    refused = {finding.about: finding for finding in found if "cannot be checked" in finding.found}
    assert set(refused) == {"zones", "nodes"}
    assert refused["zones"].state is State.WARNING
    assert refused["zones"].found.endswith("403 Forbidden; ask for the right to read /api/v1/nodes")
    assert missing(found) == []


def test_the_context_of_the_stack_file_is_asked(tmp_path: Path) -> None:
    asked: list[tuple[Path | None, str | None]] = []

    def connect(path: Path | None, context: str | None) -> KubernetesClient:
        asked.append((path, context))
        raise WeirError("no cluster")

    file = changed(tmp_path, **{"kubernetes:context": "eu", "kubernetes:kubeconfig": "../kubeconfig"})
    examine(file, connect, os.environ)
    assert asked == [(tmp_path / "../kubeconfig", "eu")]


def test_an_unknown_context_is_told_with_its_remedy(tmp_path: Path) -> None:
    with serving(complete(), tmp_path) as kubeconfig, pytest.raises(WeirError, match="kubectl config get-contexts"):
        KubernetesClient.connect(kubeconfig, "elsewhere")


def test_the_client_tells_nothing_there_from_not_allowed(tmp_path: Path) -> None:
    with serving({"/version": {"major": "1"}, "/api/v1/nodes": 403}, tmp_path) as kubeconfig:
        client = KubernetesClient.connect(kubeconfig)
        assert client.get("/version") == {"major": "1"}
        assert client.get("/nothing") is None
        with pytest.raises(KubernetesRefusedError, match="403"):
            client.get("/api/v1/nodes")


def test_the_command_prints_json_and_ends_with_1_when_something_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    classes = "/apis/storage.k8s.io/v1/storageclasses"
    for documents, code in ((complete(), 0), (complete() | {classes: {"items": []}}, 1)):
        with serving(documents, tmp_path) as kubeconfig:
            monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
            as_json = CliRunner().invoke(commands, ["doctor", "--stack", "prod", "--json"])
            as_table = CliRunner().invoke(commands, ["doctor", "--stack", "prod"])
        assert (as_json.exit_code, as_table.exit_code) == (code, code), as_json.output
        found = json.loads(as_json.output)
        assert set(found[0]) == {"about", "state", "found", "remedy", "maker"}
        assert ("missing" in {entry["state"] for entry in found}) is bool(code)
        assert ("gp3-encrypted does not exist" in " ".join(as_table.output.split())) is bool(code)
