"""The schema registry's client: its Confluent-compatible interface, below `registry_url`.

A registry of somebody else's may ask for a login, or have a certificate of a company's authority: the environment's
variables in `LOGIN` say so, to programs in pods and to `weir doctor`.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from weir.catalog.pipeline import Pipeline
from weir.clients.http import platform_client
from weir.config.endpoints import Login
from weir.config.errors import WeirError
from weir.config.existing import REGISTRY_CA_FILE, REGISTRY_PASSWORD_FILE, REGISTRY_USER
from weir.config.jobs import mounted_secret

CONTENT_TYPE = {"Content-Type": "application/vnd.schemaregistry.v1+json"}
LOGIN = (REGISTRY_USER, REGISTRY_PASSWORD_FILE, REGISTRY_CA_FILE)
TIMEOUT_SECONDS = 60
RETRY_SECONDS = 3


class NoAnswerError(WeirError):
    """The registry does not answer."""


def schema_id_of(registry_url: str, pipeline: Pipeline) -> int:
    """The registry's id of the pipeline's schema; the schema is registered when its subject lacks it.

    Raises:
        WeirError: the registry does not answer, or refuses the schema (with its own words).
    """
    return register_schema(registry_url, pipeline.subject, pipeline.schema.text)


def register_schema(registry_url: str, subject: str, schema: str) -> int:
    """The registry's id of a schema (JSON text); it is registered when `subject` lacks it.

    Raises:
        WeirError: the registry does not answer, or refuses the schema (with its own words).
    """
    answer = _ask("POST", f"{registry_url}/subjects/{subject}", {"schema": schema})
    if answer.status_code == httpx.codes.NOT_FOUND:
        return add_version(registry_url, subject, schema)
    return int(_accepted(answer, f"the schema of subject {subject}")["id"])


def add_version(registry_url: str, subject: str, schema: str) -> int:
    """Registers a schema (JSON text) under the rule that holds for `subject`; its id.

    Raises:
        WeirError: the registry does not answer, or refuses the schema, for instance as incompatible with the last one.
    """
    answer = _ask("POST", f"{registry_url}/subjects/{subject}/versions", {"schema": schema})
    return int(_accepted(answer, f"the schema of subject {subject}")["id"])


def set_compatibility(registry_url: str, subject: str, rule: str) -> None:
    """Makes `rule` that of the subject's next version.

    Raises:
        WeirError: the registry does not answer, or refuses.
    """
    answer = _ask("PUT", f"{registry_url}/config/{subject}", {"compatibility": rule})
    _accepted(answer, f"the compatibility rule of subject {subject}")


def schema_text(registry_url: str, schema_id: int) -> str | None:
    """The schema `schema_id`; None where the registry has none.

    Raises:
        WeirError: the registry does not answer, or refuses.
    """
    found = _found(f"{registry_url}/schemas/ids/{schema_id}", f"schema {schema_id}")
    return None if found is None else found["schema"]


def versions_of(registry_url: str, subject: str) -> list[tuple[int, str]]:
    """All versions of `subject` with their schemas, oldest first; none where the registry does not know it.

    Raises:
        WeirError: the registry does not answer, or refuses.
    """
    url = f"{registry_url}/subjects/{subject}/versions"
    numbers = _found(url, f"the versions of subject {subject}") or []
    found = [_found(f"{url}/{number}", f"version {number} of subject {subject}") for number in sorted(numbers)]
    return [(entry["version"], entry["schema"]) for entry in found if entry]


def wait_for(registry_url: str, seconds: float) -> None:
    """Until the registry answers.

    Raises:
        WeirError: it did not in time.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            with _client(registry_url) as client:
                client.get(f"{registry_url}/subjects").raise_for_status()
        except httpx.HTTPError as error:
            if time.monotonic() >= deadline:
                raise NoAnswerError(f"the registry at {registry_url} does not answer: {type(error).__name__}") from None
            time.sleep(RETRY_SECONDS)
        else:
            return


def _client(url: str) -> httpx.Client:
    """A client for requests to `url`.

    Raises:
        WeirError: there is a login, and it would be sent unencrypted.
    """
    user, password, authority = (os.environ.get(name) for name in LOGIN)
    login = Login(ca_file=Path(authority)) if authority else None
    basic = (user, mounted_secret(Path(password))) if user and password else None
    if basic and urlsplit(url).scheme != "https":
        raise WeirError(
            f"{REGISTRY_USER}: its password would be sent to {url} unencrypted; use an https address, or unset it"
        )
    return platform_client(TIMEOUT_SECONDS, headers=CONTENT_TYPE, login=login, basic=basic)


def _ask(method: str, url: str, body: dict[str, str] | None = None) -> httpx.Response:
    try:
        with _client(url) as client:
            return client.request(method, url, json=body)
    except httpx.HTTPError as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            raise WeirError(
                f"the registry at {url} shows a certificate of an authority that is not trusted; give the right one"
            ) from None
        raise NoAnswerError(
            f"the registry does not answer {url} ({type(error).__name__}); check that it is running"
        ) from None


def _found(url: str, what: str) -> Any:
    answer = _ask("GET", url)
    return None if answer.status_code == httpx.codes.NOT_FOUND else _accepted(answer, what)


def _accepted(answer: httpx.Response, what: str) -> Any:
    """What the registry answered, when it is not a refusal."""
    if answer.is_success:
        return answer.json()
    try:
        reason = answer.json().get("message", answer.text)
    except json.JSONDecodeError:
        reason = answer.text
    raise WeirError(f"the registry refused {what}: {reason}")
