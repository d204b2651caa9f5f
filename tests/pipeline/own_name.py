"""Pipelines under another name, for tests that share services: tables, topics and groups follow from it."""

from __future__ import annotations

from typing import Any


def named(name: str, document: dict[str, Any]) -> dict[str, Any]:
    """A pipeline file's `document` with this name, and with topics for its events and dead letters of that name."""
    prefix = name.replace("_", "-")
    return {
        **document,
        "name": name,
        "source": {**document["source"], "topic": f"{prefix}.events"},
        "dead_letters": {**document["dead_letters"], "topic": f"{prefix}.dead-letters"},
    }
