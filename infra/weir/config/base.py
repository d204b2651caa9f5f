"""What all configuration models share."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, model_validator

_NUMBERS = ({int}, {float}, {int, NoneType}, {float, NoneType})


class Frozen(BaseModel):
    """An immutable model that refuses fields it does not know: a misspelt setting is an error, not a default."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _no_truth_for_numbers(cls, data: Any) -> Any:
        """Pydantic takes true for 1: `partitions: yes` would be one partition."""
        for name, field in cls.model_fields.items() if isinstance(data, dict) else ():
            value = data.get(field.alias or name, data.get(name))
            if isinstance(value, bool) and _kinds(field.annotation) in _NUMBERS:
                raise ValueError(f"{name} is {str(value).lower()}, which is not a number; write a number")
        return data


def _kinds(annotation: Any) -> set[Any]:
    """The types of a union, each without its bounds."""
    if get_origin(annotation) is Annotated:
        return _kinds(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return {kind for part in get_args(annotation) for kind in _kinds(part)}
    return {annotation}


Identifier = Annotated[
    str,
    Field(
        pattern=r"^[a-z][a-z0-9_]{0,47}$",
        description="Lower-case letters, digits and underscores, at most 48; valid in Kafka, Cassandra and SQL.",
    ),
]
DnsLabel = Annotated[
    str,
    Field(
        pattern=r"^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$",
        description="Lower-case letters, digits and dashes, at most 40; part of the names of Kubernetes resources.",
    ),
]
Port = Annotated[int, Field(ge=1024, le=65535)]
RetentionHours = Annotated[int, Field(ge=1, le=24 * 366 * 10)]
HorizonHours = Annotated[int, Field(ge=1, le=24 * 366)]
TtlDays = Annotated[int, Field(ge=1, le=7300, description="Cassandra's TTL, at most 20 years.")]
EventsPerSecond = Annotated[FiniteFloat, Field(gt=0, le=1e9)]
EventBytes = Annotated[int, Field(ge=1, le=2**30, description="Bytes of one serialized event.")]
DuplicateRatio = Annotated[float, Field(ge=0, le=1000, description="Re-sends per distinct event.")]
GrowthPercent = Annotated[float, Field(ge=0, le=1000)]
ExtraConsumerGroups = Annotated[
    int,
    Field(
        ge=0,
        le=100,
        description="For how many other consumer groups Kafka is sized (fan-out). The groups of the pipeline's clients "
        "count by themselves; set it to have room for more.",
    ),
]
ExpectedValues = Annotated[
    dict[Identifier, Annotated[FiniteFloat, Field(ge=1, le=1e12)]],
    Field(
        description="For the width of Cassandra's partitions: by how much a column of a partition key divides the "
        "rows, 1 where it is not given. With uneven values that is 1 / the share of the most frequent one."
    ),
]
CpuCores = Annotated[float, Field(gt=0, le=128, description="Cores of one pod; 0.5 is 500 millicores.")]
MemoryMib = Annotated[int, Field(ge=64, le=2**20, description="Memory of one pod.")]
DiskGib = Annotated[int, Field(ge=1, le=65536, description="Volume of one pod.")]
Replicas = Annotated[int, Field(ge=1, le=1000)]
