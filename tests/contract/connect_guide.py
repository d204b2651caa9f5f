"""What the guide to connect shows."""

from __future__ import annotations

import re
from typing import Any

from weir.config.repository import REPOSITORY
from weir.config.yaml_text import parsed

GUIDE = REPOSITORY / "docs" / "how-to" / "connect.md"
ADDRESS = "kafka-kafka-bootstrap.weir-dev.svc:9093"


def blocks(kind: str) -> list[str]:
    """The guide's blocks of a kind, in their order."""
    return re.findall(rf"^```{kind}\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def clients() -> dict[str, Any]:
    """The clients that the guide names."""
    return parsed(blocks("yaml")[0])["clients"]
