"""Java properties files: what the JVM's services are configured by, on every target."""

from __future__ import annotations

from collections.abc import Mapping


def properties(settings: Mapping[str, object]) -> str:
    """The text of `settings`, in their order; true and false as Java writes them."""
    return "".join(
        f"{key}={str(value).lower() if isinstance(value, bool) else value}\n" for key, value in settings.items()
    )
