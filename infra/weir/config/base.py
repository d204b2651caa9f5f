"""What all configuration models share."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Frozen(BaseModel):
    """An immutable model that refuses fields it does not know: a misspelt setting is an error, not a default."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


Identifier = Annotated[
    str,
    Field(
        pattern=r"^[a-z][a-z0-9_]{0,47}$",
        description="Lower-case letters, digits and underscores, at most 48: Kafka, Cassandra and SQL all take it.",
    ),
]
Port = Annotated[int, Field(ge=1024, le=65535)]
