"""Container registries: whether an image can be pulled without a login."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

TIMEOUT_SECONDS = 15
DOCKER_HUB = "registry-1.docker.io"
MANIFESTS = (
    "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json"
)
UNAUTHORIZED = 401


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

    Source: the OCI distribution specification; a registry names its token service in WWW-Authenticate.

    Raises:
        httpx.HTTPError: the registry does not answer.
    """
    host, path, reference = parts(image)
    url, headers = f"{scheme}://{host}/v2/{path}/manifests/{reference}", {"Accept": MANIFESTS}
    answer = client.head(url, headers=headers)
    if answer.status_code != UNAUTHORIZED:
        return answer.status_code
    challenge = dict(re.findall(r'(\w+)="([^"]*)"', answer.headers.get("WWW-Authenticate", "")))
    if "realm" not in challenge:
        return answer.status_code
    asked = client.get(challenge.pop("realm"), params={key: challenge[key] for key in challenge if key != "error"})
    if not asked.is_success:
        return asked.status_code
    token = asked.json().get("token") or asked.json().get("access_token")
    return client.head(url, headers=headers | {"Authorization": f"Bearer {token}"}).status_code
