"""How long data is kept in an environment. Pipeline files set it for their data; a stack may override it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from weir.config.base import Frozen, HorizonHours, Identifier, RetentionHours, TtlDays


class PipelineRetention(Frozen):
    """What differs here from a pipeline's file; a field that is not given is the file's."""

    source_retention_hours: RetentionHours | None = None
    dead_letters_retention_hours: RetentionHours | None = None
    deduplication_horizon_hours: HorizonHours | None = None
    rows_ttl_days: TtlDays | None = None
    aggregates_ttl_days: Annotated[dict[Identifier, TtlDays], Field(description="By table.")] = {}
    legal_hold: Annotated[
        bool,
        Field(description="Nothing of this pipeline expires: topics keep everything, and tables have no TTL."),
    ] = False


class TieredStorage(Frozen):
    """Kafka's remote log: closed segments go to object storage, brokers keep the newest hours on disk."""

    enabled: bool = False
    local_retention_hours: RetentionHours = 24


class BackupRetention(Frozen):
    """Cassandra's backups in object storage."""

    enabled: bool = False
    schedule: Annotated[str, Field(description="When to run it: cron, UTC.")] = "0 2 * * *"
    keep_days: Annotated[int, Field(ge=1, le=3650)] = 14


class RetentionConfig(Frozen):
    """How long data, backups and savepoints stay."""

    pipelines: Annotated[dict[Identifier, PipelineRetention], Field(description="By pipeline.")] = {}
    tiered_storage: TieredStorage = TieredStorage()
    backups: BackupRetention = BackupRetention()
    savepoints_keep: Annotated[int, Field(ge=1, le=100, description="Savepoints of each pipeline.")] = 5
    savepoints_max_age_hours: RetentionHours = 168
    health_ttl_days: Annotated[TtlDays, Field(description="The pipeline health table.")] = 30
    gc_grace_hours: Annotated[
        int,
        Field(
            ge=1,
            le=24 * 90,
            description="How long Cassandra remembers a deletion (gc_grace_seconds); every table must be repaired "
            "within it.",
        ),
    ] = 240
