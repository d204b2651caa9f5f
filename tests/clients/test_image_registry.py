"""An image's digest is that of the bytes that its registry serves."""

from __future__ import annotations

import hashlib

import httpx
import pytest
from tests.doctor import http_server

from weir.clients.image_registry import manifest_digest
from weir.config.errors import WeirError

pytestmark = pytest.mark.unit

DIGEST = f"sha256:{hashlib.sha256(b'{}').hexdigest()}"


def digest(answer: http_server.Answer) -> str:
    with http_server.running(lambda *_: answer) as server, httpx.Client() as client:
        return manifest_digest(f"{server.host}/weir/jobs:1", client, "http")


@pytest.mark.parametrize("headers", [{}, {"Docker-Content-Digest": DIGEST}])
def test_the_digest_is_that_of_the_bytes(headers: dict[str, str]) -> None:
    assert digest(http_server.Answer(200, {}, headers)) == DIGEST


def test_a_registry_that_names_another_digest_is_not_believed() -> None:
    other = "sha256:" + "0" * 64
    with pytest.raises(WeirError, match=f"the registry calls it {other}, but its bytes are {DIGEST}"):
        digest(http_server.Answer(200, {}, {"Docker-Content-Digest": other}))


@pytest.mark.parametrize(("status", "said"), [(404, "check its name and tag"), (401, "login"), (403, "login")])
def test_an_image_that_cannot_be_had_is_named_with_the_answer(status: int, said: str) -> None:
    with pytest.raises(WeirError, match=rf"weir/jobs:1: the registry answers {status}; .*{said}"):
        digest(http_server.Answer(status))
