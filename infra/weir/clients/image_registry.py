"""Container registries: whether an image can be pulled without a login, and its digest."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from weir.config.errors import WeirError

if TYPE_CHECKING:
    import httpx

TIMEOUT_SECONDS = 15
DOCKER_HUB = "registry-1.docker.io"
MANIFESTS = (
    "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json"
)
DIGEST_HEADER = "Docker-Content-Digest"
UNAUTHORIZED = 401
FORBIDDEN = 403


def parts(image: str) -> tuple[str, str, str]:
    """Registry, repository, and tag or digest of a reference: `docker.io/library/redis:8` is three of them."""
    name, _, digest = image.partition("@")
    head, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        head, tag = name, "latest"
    host, slash, path = head.partition("/")
    if not slash or not ("." in host or ":" in host or host == "localhost"):
        host, path = "docker.io", head if slash else f"library/{head}"
    return DOCKER_HUB if host == "docker.io" else host, path, digest or tag


def manifest_status(image: str, client: httpx.Client, scheme: str = "https") -> int:
    """The registry's answer to who asks for the image's manifest: 200, 404, or 401 and 403 where it wants a login.

    Raises:
        httpx.HTTPError: the registry does not answer.
    """
    return _ask("HEAD", image, client, scheme).status_code


def manifest_digest(image: str, client: httpx.Client, scheme: str = "https") -> str:
    """`sha256:...` of what the registry serves for the image: its index where it has one for several platforms.

    The digest is that of the bytes, which is how the distribution specification defines it; what the registry calls
    it must agree.

    Raises:
        WeirError: the registry has no such image, wants a login, or names another digest than that of its bytes.
        httpx.HTTPError: the registry does not answer.
    """
    answer = _ask("GET", image, client, scheme)
    if not answer.is_success:
        login = answer.status_code in (UNAUTHORIZED, FORBIDDEN)
        remedy = "it wants a login; set the digest by hand" if login else "check its name and tag"
        raise WeirError(f"{image}: the registry answers {answer.status_code}; {remedy}")
    digest = f"sha256:{hashlib.sha256(answer.content).hexdigest()}"
    named = answer.headers.get(DIGEST_HEADER, digest)
    if named != digest:
        raise WeirError(f"{image}: the registry calls it {named}, but its bytes are {digest}; ask its operator")
    return digest


def _ask(method: str, image: str, client: httpx.Client, scheme: str) -> httpx.Response:
    """Asks for a manifest, with an anonymous token where the registry wants one.

    Source: the OCI distribution specification; a registry names its token service in WWW-Authenticate.
    """
    host, path, reference = parts(image)
    url, headers = f"{scheme}://{host}/v2/{path}/manifests/{reference}", {"Accept": MANIFESTS}
    answer = client.request(method, url, headers=headers)
    if answer.status_code != UNAUTHORIZED:
        return answer
    challenge = dict(re.findall(r'(\w+)="([^"]*)"', answer.headers.get("WWW-Authenticate", "")))
    if "realm" not in challenge:
        return answer
    asked = client.get(challenge.pop("realm"), params={key: challenge[key] for key in challenge if key != "error"})
    if not asked.is_success:
        return asked
    token = asked.json().get("token") or asked.json().get("access_token")
    return client.request(method, url, headers=headers | {"Authorization": f"Bearer {token}"})
