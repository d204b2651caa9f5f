"""`weir sample`: what becomes of the last records of a pipeline's topic, without writing anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from weir.catalog.pipeline import Pipeline
from weir.clients.events.decoder import Decoder
from weir.config.endpoints import Endpoints
from weir.sampling.joining import ReferenceRows, enriched, matching_references
from weir.sampling.outcomes import Judged, Outcome, judge
from weir.sampling.records import last_records

Row = dict[str, Any]


@dataclass(frozen=True)
class Sample:
    """The judged records, oldest first; `rows` has one for each whose outcome is a row, in the same order."""

    pipeline: Pipeline
    judged: Sequence[Judged]
    rows: Sequence[Row]
    misses: Sequence[int]
    """For each join of the pipeline file, the rows without a match."""
    limited: bool = False
    """Whether more of the wanted records would exceed what a sample may hold."""

    @property
    def counts(self) -> dict[Outcome, int]:
        """Records of each outcome."""
        counted = Counter(judged.outcome for judged in self.judged)
        return {outcome: counted[outcome] for outcome in Outcome}

    def with_rows(self) -> Iterator[tuple[Judged, Row | None]]:
        """Each record and its row, where it becomes one."""
        rows = iter(self.rows)
        for judged in self.judged:
            yield judged, next(rows) if judged.outcome is Outcome.ROW else None


def sample(endpoints: Endpoints, pipeline: Pipeline, records: int) -> Sample:
    """The last `records` records of the source topic.

    Raises:
        WeirError: a service does not answer, or the topic is missing or empty.
    """
    decoder = Decoder(endpoints.registry_url, pipeline)
    found = last_records(endpoints, pipeline.source_topic.name, records)
    judged = list(judge(found.records, decoder.read, pipeline.spec.deduplication.key))
    taken = sampled(pipeline, judged, matching_references(endpoints, pipeline, events_of(judged)))
    return replace(taken, limited=found.limited)


def events_of(judged: Sequence[Judged]) -> list[Row]:
    """The events that become rows."""
    return [each.event for each in judged if each.outcome is Outcome.ROW and each.event is not None]


def sampled(pipeline: Pipeline, judged: Sequence[Judged], references: ReferenceRows) -> Sample:
    """The sample of these records, joined with these reference rows. Pure."""
    rows, misses = enriched(pipeline, events_of(judged), references)
    return Sample(pipeline, judged, rows, misses)
