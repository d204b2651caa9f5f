"""What is asked beside the cluster: buckets and registries over HTTP, Pulumi by its command; and how it is judged."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest
from tests.doctor import http_server

from weir.clients.image_registry import manifest_status, parts
from weir.config.storage import ObjectStorage
from weir.doctor import outside
from weir.doctor.findings import Finding, State, findings
from weir.doctor.outside import Answer, Outside, Pulumi, ask_bucket, ask_images, ask_pulumi, bucket_url

pytestmark = pytest.mark.unit

STORE = ObjectStorage(bucket="weir-prod", region="eu-west-1")
LOGGED_IN = Pulumi(True, "https://api.pulumi.com/ada")
IMAGE = "ghcr.io/weir/flink-job:0.1.0"


def judged(
    bucket: Answer | None = None,
    images: dict[str, Answer] | None = None,
    pulumi: Pulumi = LOGGED_IN,
    on_nodes: frozenset[str] = frozenset(),
    pull_secrets: tuple[str, ...] = (),
) -> dict[str, Finding]:
    store = STORE if bucket else None
    found = findings(outside.CHECKS, Outside(store, bucket, images or {}, pulumi, on_nodes, pull_secrets))
    return {finding.about: finding for finding in found}


@pytest.mark.parametrize(
    ("answer", "state", "found"),
    [
        (Answer(200), State.OK, "exists"),
        (Answer(403), State.OK, "exists"),
        (Answer(404), State.MISSING, "does not exist"),
        (Answer(301, "us-east-1"), State.MISSING, "weir-prod is in us-east-1"),
        (Answer(301, "eu-west-1"), State.WARNING, "answers 301"),
        (Answer(500), State.WARNING, "answers 500"),
        (Answer(None, "timed out"), State.WARNING, "does not answer this machine: timed out"),
    ],
)
def test_a_bucket_is_judged_by_its_answer(answer: Answer, state: State, found: str) -> None:
    finding = judged(answer)["bucket"]
    assert finding.state is state
    assert found in finding.found


@pytest.mark.parametrize(
    ("answer", "state", "remedy"),
    [
        (Answer(200), State.OK, ""),
        (Answer(404), State.MISSING, "build and push it (docs/how-to/deploy.md), or correct images"),
        (Answer(401), State.WARNING, "name a pull secret in images.pull_secrets, unless the nodes themselves may pull"),
        (Answer(None, "no such host"), State.WARNING, "see that nodes reach it"),
    ],
)
def test_an_image_is_judged_by_its_registrys_answer(answer: Answer, state: State, remedy: str) -> None:
    finding = judged(images={IMAGE: answer})["images"]
    assert (finding.state, finding.remedy) == (state, remedy)


def test_an_image_that_a_node_has_needs_no_registry() -> None:
    finding = judged(images={IMAGE: Answer(None, "no such host")}, on_nodes=frozenset({IMAGE}))["images"]
    assert (finding.state, finding.found) == (State.OK, "1 of 1 can be pulled, or are on a node")


def test_a_pull_secret_is_named_where_a_registry_wants_a_login() -> None:
    assert judged(images={IMAGE: Answer(403)}, pull_secrets=("own",))["images"].remedy == "see that own has it"


@pytest.mark.parametrize(
    ("pulumi", "state", "remedy"),
    [
        (Pulumi(False), State.MISSING, "install it: https://www.pulumi.com/docs/install/"),
        (Pulumi(True), State.MISSING, "pulumi login"),
        (LOGGED_IN, State.OK, ""),
        (
            Pulumi(True, "s3://state"),
            State.WARNING,
            "set PULUMI_CONFIG_PASSPHRASE_FILE, or make the stack with --secrets-provider",
        ),
        (Pulumi(True, "file://~", has_passphrase=True), State.OK, ""),
    ],
)
def test_pulumi_is_judged_by_its_login(pulumi: Pulumi, state: State, remedy: str) -> None:
    finding = judged(pulumi=pulumi)["Pulumi"]
    assert (finding.state, finding.remedy) == (state, remedy)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("echo 'User: ada'; echo 'Backend URL: file:///srv/state'", Pulumi(True, "file:///srv/state", True)),
        ("echo 'error: not logged in' >&2; exit 255", Pulumi(True, None, True)),
    ],
)
def test_pulumi_is_asked_by_its_command(script: str, expected: Pulumi, tmp_path: Path) -> None:
    program = tmp_path / "pulumi"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "PULUMI_CONFIG_PASSPHRASE": ""}
    assert ask_pulumi(environment) == expected
    assert ask_pulumi({"PATH": str(tmp_path / "nothing")}) == Pulumi(False)


@pytest.mark.parametrize(
    ("store", "url"),
    [
        (STORE, "https://s3.eu-west-1.amazonaws.com/weir-prod"),
        (ObjectStorage(bucket="weir.prod"), "https://s3.amazonaws.com/weir.prod"),
        (
            ObjectStorage(bucket="weir-prod", endpoint_url="http://minio.storage.svc:9000/"),
            "http://minio.storage.svc:9000/weir-prod",
        ),
    ],
)
def test_a_bucket_is_asked_for_by_its_path(store: ObjectStorage, url: str) -> None:
    assert bucket_url(store) == url


def test_the_bucket_tells_its_region() -> None:
    elsewhere = http_server.Answer(301, headers={"x-amz-bucket-region": "us-east-1"})
    with http_server.running(lambda *_: elsewhere) as server, httpx.Client() as client:
        assert ask_bucket(ObjectStorage(bucket="weir-prod", endpoint_url=server.address), client) == Answer(
            301, "us-east-1"
        )
    assert server.requests == ["HEAD /weir-prod"]


def test_a_registry_that_does_not_answer_is_asked_once() -> None:
    with http_server.running(lambda *_: http_server.Answer(200)) as server:
        images = [f"{server.host}/{name}:1" for name in "abc"]
    with httpx.Client() as client:
        found = ask_images(images, client)
    assert {answer.status for answer in found.values()} == {None}
    assert list(found) == images
    assert len(set(found.values())) == 1


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("redis", ("registry-1.docker.io", "library/redis", "latest")),
        ("docker.io/library/redis:8", ("registry-1.docker.io", "library/redis", "8")),
        ("weir/jobs:1", ("registry-1.docker.io", "weir/jobs", "1")),
        ("localhost:5000/weir/jobs", ("localhost:5000", "weir/jobs", "latest")),
        ("ghcr.io/weir/jobs:1@sha256:aa", ("ghcr.io", "weir/jobs", "sha256:aa")),
        ("ghcr.io/weir/jobs@sha256:aa", ("ghcr.io", "weir/jobs", "sha256:aa")),
    ],
)
def test_a_reference_has_three_parts(image: str, expected: tuple[str, str, str]) -> None:
    assert parts(image) == expected


def test_an_anonymous_token_is_fetched_where_the_registry_says() -> None:
    def respond(path: str, headers: Mapping[str, str]) -> http_server.Answer:
        if path.startswith("/token"):
            return http_server.Answer(200, {"token": "anonymous"})
        if headers.get("Authorization") == "Bearer anonymous":
            return http_server.Answer(200)
        scope = "repository:weir/jobs:pull"
        challenge = f'Bearer realm="http://{headers["Host"]}/token",service="reg",scope="{scope}",error="none"'
        return http_server.Answer(401, headers={"WWW-Authenticate": challenge})

    with http_server.running(respond) as server, httpx.Client() as client:
        assert manifest_status(f"{server.host}/weir/jobs:1", client, "http") == 200
    assert server.requests == [
        "HEAD /v2/weir/jobs/manifests/1",
        "GET /token?service=reg&scope=repository%3Aweir%2Fjobs%3Apull",
        "HEAD /v2/weir/jobs/manifests/1",
    ]


@pytest.mark.parametrize("status", [401, 404])
def test_a_registry_without_a_token_service_has_the_last_word(status: int) -> None:
    with http_server.running(lambda *_: http_server.Answer(status)) as server, httpx.Client() as client:
        assert manifest_status(f"{server.host}/weir/jobs:1", client, "http") == status
    assert len(server.requests) == 1
