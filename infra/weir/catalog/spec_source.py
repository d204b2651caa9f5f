"""The `source` of a pipeline file: the topic of events, and how its records are read."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from weir.catalog.json_path import Step, parse_path
from weir.catalog.spec_ownership import SourceOwnership
from weir.catalog.spec_values import OWN_TOPIC_LENGTH, SourceTopicName, is_own_topic
from weir.catalog.types import ColumnType
from weir.config.base import Frozen, Identifier, RetentionHours


class Compatibility(StrEnum):
    """How the registry lets a subject's schema change."""

    BACKWARD = "BACKWARD"
    BACKWARD_TRANSITIVE = "BACKWARD_TRANSITIVE"
    FULL = "FULL"
    FULL_TRANSITIVE = "FULL_TRANSITIVE"


class SourceFormat(StrEnum):
    """What a record's value is: `avro` with a schema in the registry, or a `json` object as text, without one."""

    AVRO = "avro"
    JSON = "json"


class Encoding(StrEnum):
    """How JSON, which has neither times nor bytes, holds a column's value."""

    PLAIN = "plain"
    ISO_8601 = "iso-8601"
    EPOCH_SECONDS = "epoch-seconds"
    EPOCH_MILLIS = "epoch-millis"
    EPOCH_MICROS = "epoch-micros"
    EPOCH_DAYS = "epoch-days"
    BASE64 = "base64"


ENCODINGS: dict[ColumnType, tuple[Encoding, ...]] = {
    **dict.fromkeys(ColumnType, (Encoding.PLAIN,)),
    ColumnType.TIMESTAMP: (
        Encoding.ISO_8601,
        Encoding.EPOCH_SECONDS,
        Encoding.EPOCH_MILLIS,
        Encoding.EPOCH_MICROS,
    ),
    ColumnType.DATE: (Encoding.ISO_8601, Encoding.EPOCH_DAYS),
    ColumnType.BLOB: (Encoding.BASE64,),
}
"""The encodings of each type; the first is the default."""


def _path(text: str) -> str:
    parse_path(text)
    return text


class JsonColumn(Frozen):
    """A column that is read from a JSON object."""

    path: Annotated[
        str,
        Field(
            max_length=1000,
            description="Where the value stands: member names with dots and [n], such as `customer.id` or "
            "`lines[0].sku`. A name with other characters than letters, digits, _ and - stands in quotes, such as "
            '`"total.net"`. '
            "By default the column's name.",
        ),
        AfterValidator(_path),
    ] = ""
    type: ColumnType
    required: Annotated[
        bool, Field(description="A record without a value here is a dead letter; else the column is null.")
    ] = False
    encoding: Annotated[
        Encoding | None,
        Field(
            description="Of a timestamp iso-8601 with an offset (the default), epoch-seconds, epoch-millis or "
            "epoch-micros; of a date iso-8601 (the default) or epoch-days; of a blob base64; of any other type plain."
        ),
    ] = None

    @model_validator(mode="after")
    def _encoding_of_its_type(self) -> JsonColumn:
        allowed = ENCODINGS[self.type]
        if self.encoding is not None and self.encoding not in allowed:
            raise ValueError(
                f"encoding: {self.encoding} is not one of a {self.type}'s; write {' or '.join(allowed)}, or remove it"
            )
        return self

    @property
    def read_as(self) -> Encoding:
        """The encoding, the default's where none is given."""
        return self.encoding or ENCODINGS[self.type][0]

    def steps(self, name: str) -> tuple[Step, ...]:
        """The path of the column `name`."""
        return parse_path(self.path) if self.path else (name,)


class Source(SourceOwnership):
    """Dataset A: the topic of events."""

    topic: SourceTopicName
    format: Annotated[
        SourceFormat,
        Field(description="`avro` needs schema_file; `json` needs columns, and its columns are what they say."),
    ] = SourceFormat.AVRO
    schema_file: Annotated[
        Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$")] | None,
        Field(description="Avro record schema, next to the pipeline file; only for `avro`, which needs it."),
    ] = None
    compatibility: Annotated[
        Compatibility, Field(description="Only for `avro`: JSON has no subject in the registry.")
    ] = Compatibility.BACKWARD
    columns: Annotated[
        dict[Identifier, JsonColumn],
        Field(description="The columns of an event, in their order; only for `json`, which needs them."),
    ] = {}
    partitions: Annotated[int, Field(ge=1, le=1000)]
    retention_hours: RetentionHours
    max_event_bytes: Annotated[
        int,
        Field(
            ge=1024,
            le=8 * 2**20,
            description="Maximum size of an event's value, decompressed. A larger record becomes a dead letter, cut "
            "to this size. All size limits of topics and clients follow from it (`weir.catalog.sizes`).",
        ),
    ] = 2**20
    partitioned_by_id: Annotated[
        bool,
        Field(
            description="Set it if the producers guarantee that all records of an id are in one partition, by using "
            "the deduplication key as the record key with one partitioner. Kafka Streams then need not repartition "
            "events, which would cost an extra commit. If the guarantee is broken, totals count such an event twice."
        ),
    ] = False

    @model_validator(mode="after")
    def _as_weir_names_it(self) -> Source:
        if self.owned and not is_own_topic(self.topic):
            raise ValueError(
                f"topic: {self.topic!r} is no name that weir gives to a topic; use lower-case letters, digits, dots "
                f"and dashes, at most {OWN_TOPIC_LENGTH}, or, where it is another team's, set owned to false"
            )
        return self

    @model_validator(mode="after")
    def _as_its_format_needs(self) -> Source:
        if self.format is SourceFormat.AVRO:
            needed, foreign = "schema_file", ["columns"] if self.columns else []
            why = "the columns of Avro are those of its schema"
        else:
            needed, why = "columns", "JSON has no schema in the registry"
            foreign = [name for name in ("schema_file", "compatibility") if name in self.model_fields_set]
            foreign += ["subject"] if self.subject is not None else []
        if foreign:
            raise ValueError(f"{' and '.join(foreign)}: not for format {self.format}, since {why}; remove it")
        if not getattr(self, needed):
            raise ValueError(f"{needed}: missing; add it, for format {self.format} needs it")
        return self
