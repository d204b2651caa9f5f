"""Digests of secrets: what must be renewed with a secret is, and the digest says nothing of the secret."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace

import pulumi
import pulumi_kubernetes as k8s
import pytest
from tests.components.serving import DEV, IMAGE

from weir.components.job import JobArgs, RunToCompletion
from weir.components.secret import keyed_digest
from weir.programs.recording import record
from weir.sizing.plan import PodSize

pytestmark = pytest.mark.unit

ROLE, OTHER = {"password": "b25l"}, {"password": "dHdv"}


def test_another_value_or_key_is_another_digest() -> None:
    digest = keyed_digest("key", [ROLE, OTHER])
    assert digest == keyed_digest("key", [dict(ROLE), dict(OTHER)])
    assert len(digest) == 16
    others = [
        keyed_digest("key", [OTHER, OTHER]),
        keyed_digest("key", [OTHER, ROLE]),
        keyed_digest("other", [ROLE, OTHER]),
    ]
    assert len({digest, *others}) == 4


def test_who_guesses_a_password_cannot_tell_from_the_digest() -> None:
    hashes = [hashlib.sha256(text).hexdigest()[:16] for text in (b"b25l", b"one", b'[{"password": "b25l"}]')]
    assert keyed_digest("key", [ROLE]) not in hashes


def test_a_rendering_knows_no_secret_and_has_no_digest() -> None:
    assert keyed_digest("key", [None, None]) == ""


def job_name(password: str, key: str = "key") -> str:
    """The name of a job that reads a Secret with this password."""

    def program() -> None:
        site = replace(DEV, digest_key=pulumi.Output.secret(key))
        data = {"password": base64.b64encode(password.encode()).decode()}
        secret = k8s.core.v1.Secret("role", data=data)
        args = JobArgs("cassandra", IMAGE, ["run"], {"file": "content"}, "/etc/weir", PodSize(1, 256), secrets=[secret])
        RunToCompletion("schema", site, args)

    (job,) = [entry for entry in record(program, "dev") if entry.custom and entry.inputs["kind"] == "Job"]
    return job.inputs["metadata"]["name"]


def test_a_job_runs_again_when_a_secret_that_it_reads_changes() -> None:
    assert job_name("one") == job_name("one")
    assert len({job_name("one"), job_name("two"), job_name("one", key="other")}) == 3
    assert job_name("one").startswith("schema-")
