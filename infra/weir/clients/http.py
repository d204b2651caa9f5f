"""HTTP to the platform's own services."""

from __future__ import annotations

from collections.abc import Mapping

import httpx


def platform_client(
    timeout_seconds: float, *, base_url: str = "", headers: Mapping[str, str] | None = None
) -> httpx.Client:
    """A client whose requests never go through a company proxy, whatever the environment says (`trust_env`)."""
    return httpx.Client(trust_env=False, timeout=timeout_seconds, base_url=base_url, headers=headers)
