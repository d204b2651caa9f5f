"""A small client of the Kubernetes API: server-side apply, and what the server says about it, warnings included."""

from __future__ import annotations

import base64
import json
import ssl
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import yaml

from weir.config.errors import WeirError

Manifest = Mapping[str, Any]
FIELD_MANAGER = "weir"
APPLY = "application/apply-patch+yaml"
DISCOVERY_SECONDS = 30
NOT_FOUND, CONFLICT = 404, 409


class RefusedError(Exception):
    """An answer of the API server that is no success; `str()` names the object, the fields and the reasons."""

    def __init__(self, subject: str, status: Mapping[str, Any]) -> None:
        self.code = int(status.get("code") or 0)
        self.reason = str(status.get("reason") or "")
        self.causes = [
            (str(cause.get("field") or ""), str(cause.get("message") or ""))
            for cause in (status.get("details") or {}).get("causes") or ()
        ]
        lines = [f"{name}: {message}" if name else message for name, message in self.causes]
        super().__init__("\n  ".join([f"{subject}: {status.get('message')}", *lines]))


@dataclass(frozen=True)
class Applied:
    """The object as the server has it now, and the warnings that came with the answer."""

    live: dict[str, Any]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Kind:
    """How the server calls a kind in its paths."""

    plural: str
    namespaced: bool


@dataclass
class Api:
    """A connection to one API server."""

    http: httpx.Client
    _kinds: dict[tuple[str, str], Kind] = field(default_factory=dict)

    @classmethod
    def from_kubeconfig(cls, text: str) -> Api:
        """The server and the user of the current context.

        Raises:
            WeirError: the user logs in with something else than a certificate or a token.
        """
        document = yaml.safe_load(text)
        context = _named(document, "contexts", document["current-context"])["context"]
        cluster = _named(document, "clusters", context["cluster"])["cluster"]
        user = _named(document, "users", context["user"])["user"]
        trust = ssl.create_default_context(cadata=_content(cluster, "certificate-authority"))
        if certificate := _content(user, "client-certificate"):
            with tempfile.NamedTemporaryFile("w") as file:
                file.write(f"{certificate}\n{_content(user, 'client-key')}")
                file.flush()
                trust.load_cert_chain(file.name)
        elif "token" not in user:
            raise WeirError("the kubeconfig has neither a client certificate nor a token; give one that has")
        headers = {"Authorization": f"Bearer {user['token']}"} if "token" in user else {}
        # Handshakes of many threads at once fail now and then, by an error of TLS that means nothing; nothing was sent.
        transport = httpx.HTTPTransport(verify=trust, limits=httpx.Limits(max_connections=64), retries=3)
        return cls(httpx.Client(base_url=cluster["server"], transport=transport, headers=headers, timeout=60))

    def ready(self) -> bool:
        """True once the server takes requests."""
        try:
            return self.http.get("/readyz").is_success
        except httpx.TransportError:
            return False

    def apply(self, manifest: Manifest, *, dry_run: bool = False) -> Applied:
        """Server-side apply, as the owner of all fields of `manifest`; unknown fields are errors.

        Raises:
            RefusedError: by validation, by a rule of the kind, or by admission.
        """
        answer = self._patch(self.path(manifest), manifest, {"dryRun": "All"} if dry_run else {})
        live = _checked(answer, describe(manifest))
        return Applied(live, tuple(_warning(text) for text in answer.headers.get_list("Warning")))

    def apply_status(self, manifest: Manifest) -> None:
        """Server-side apply of the status alone, as a controller does it.

        Raises:
            RefusedError: the server refuses.
        """
        _checked(self._patch(f"{self.path(manifest)}/status", manifest, {}), describe(manifest))

    def _patch(self, path: str, manifest: Manifest, query: Mapping[str, str]) -> httpx.Response:
        return self.http.patch(
            path,
            params={"fieldManager": FIELD_MANAGER, "force": "true", "fieldValidation": "Strict", **query},
            content=json.dumps(manifest),
            headers={"Content-Type": APPLY},
        )

    def read(self, manifest: Manifest) -> dict[str, Any] | None:
        """The object as it is; None where it does not exist."""
        try:
            return self.get(self.path(manifest))
        except RefusedError as refused:
            if refused.code == NOT_FOUND:
                return None
            raise

    def delete(self, manifest: Manifest, *, timeout_seconds: float = 300, propagation: str = "Foreground") -> None:
        """Deletes the object, by default its dependents first, and waits until it is gone.

        Raises:
            RefusedError: the server refuses.
            TimeoutError: something (a finalizer) keeps it; the message says what.
        """
        try:
            answer = self.http.request("DELETE", self.path(manifest), params={"propagationPolicy": propagation})
        except UnknownKindError:
            return  # with its definition, everything of a kind is gone
        if answer.status_code != NOT_FOUND:
            _checked(answer, describe(manifest))
        self._await_gone(manifest, timeout_seconds)

    def _await_gone(self, manifest: Manifest, timeout_seconds: float) -> None:
        deadline = time.monotonic() + timeout_seconds
        while (left := self.read(manifest)) is not None:
            if time.monotonic() > deadline:
                keeps = left["metadata"].get("finalizers") or left.get("status", {}).get("conditions")
                raise TimeoutError(f"{describe(manifest)} is still there after {timeout_seconds:.0f} s: {keeps}")
            time.sleep(0.5)

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """The document at `path`.

        Raises:
            RefusedError: there is none, or it may not be read.
        """
        return _checked(self.http.get(path, params=query), path)

    def path(self, manifest: Manifest) -> str:
        """Where the object is."""
        kind = self.kind(manifest["apiVersion"], manifest["kind"])
        metadata = manifest["metadata"]
        namespace = f"/namespaces/{metadata.get('namespace') or 'default'}" if kind.namespaced else ""
        return f"{_base(manifest['apiVersion'])}{namespace}/{kind.plural}/{metadata['name']}"

    def kind(self, api_version: str, kind: str) -> Kind:
        """What discovery says of a kind.

        Raises:
            UnknownKindError: the server does not serve it.
        """
        if (api_version, kind) not in self._kinds:
            answer = self.http.get(_base(api_version))
            resources = answer.json()["resources"] if answer.is_success else ()
            for entry in resources:
                if "/" not in entry["name"]:
                    self._kinds[api_version, entry["kind"]] = Kind(entry["name"], entry["namespaced"])
        try:
            return self._kinds[api_version, kind]
        except KeyError:
            raise UnknownKindError(f"the API server serves no {kind} of {api_version}") from None


class UnknownKindError(WeirError):
    """A kind that the server does not (yet) serve."""


def describe(manifest: Manifest) -> str:
    """`Deployment weir-dev/trino`."""
    metadata = manifest["metadata"]
    return f"{manifest['kind']} {'/'.join(filter(None, (metadata.get('namespace'), metadata['name'])))}"


def _base(api_version: str) -> str:
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"


def _checked(answer: httpx.Response, subject: str) -> dict[str, Any]:
    if answer.is_success:
        return answer.json()
    try:
        status = answer.json()
    except json.JSONDecodeError:
        status = {"code": answer.status_code, "message": answer.text}
    raise RefusedError(subject, status)


def _warning(header: str) -> str:
    """The text of `299 - "would violate PodSecurity ..."`."""
    _, _, text = header.partition('"')
    return text.removesuffix('"').replace('\\"', '"')


def _named(document: Mapping[str, Any], group: str, name: str) -> dict[str, Any]:
    return next(entry for entry in document[group] if entry["name"] == name)


def _content(entry: Mapping[str, Any], name: str) -> str | None:
    """What `<name>-data` holds, or the file `<name>`."""
    if data := entry.get(f"{name}-data"):
        return base64.b64decode(data).decode()
    return Path(entry[name]).read_text(encoding="utf-8") if name in entry else None
