"""HTTP to the platform's own services."""

from __future__ import annotations

import ssl
from collections.abc import Mapping

import httpx

from weir.config.endpoints import Login


def platform_client(
    timeout_seconds: float,
    *,
    base_url: str = "",
    headers: Mapping[str, str] | None = None,
    login: Login | None = None,
    basic: tuple[str, str] | None = None,
) -> httpx.Client:
    """A client whose requests never go through a company proxy, whatever the environment says (`trust_env`).

    With `login` it shows that certificate, and trusts its `ca_file` alone. `basic` is a name and its password.
    """
    verify = True if login is None else _mutual(login)
    return httpx.Client(
        trust_env=False, timeout=timeout_seconds, base_url=base_url, headers=headers, verify=verify, auth=basic
    )


def _mutual(login: Login) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=login.ca_file)
    if login.certificate_file:
        context.load_cert_chain(login.certificate_file, login.key_file)
    return context
