"""Mutants sent to both engines, and what became of every one of them."""

from __future__ import annotations

import random
import shutil
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from confluent_kafka import KafkaError, Message, Producer
from tests.pipeline.fuzz.expected import Expected, compared
from tests.pipeline.fuzz.mutants import Mutant, mutants, registered
from tests.pipeline.own_name import named
from tests.pipeline.records.case import FOLDER
from tests.pipeline.records.run import CLIENT_MAX_BYTES, SHOPS, load_shops
from tests.pipeline.twins import twins

from weir.catalog.application_state import ApplicationState
from weir.catalog.pipeline import Pipeline
from weir.catalog.spec import Engine
from weir.clients.applications import application_parts
from weir.clients.cassandra import session_of
from weir.clients.conflicts import conflicting_duplicates
from weir.clients.events.decoder import Decoder
from weir.clients.events.letter_codes import LetterCode
from weir.clients.kafka_sending import flush, produce
from weir.clients.registry import schema_id_of
from weir.clients.streams import StreamsClient
from weir.local import engines, provision
from weir.local.service import Context
from weir.verify.compare import TableResult
from weir.verify.drain import wait_until_drained
from weir.verify.letters import ExpectedLetter, LetterResult, check_letters, read_letters
from weir.verify.poison import fingerprint

NAME = "fuzz"
PATIENCE_SECONDS = 60.0
STALL_SECONDS = 120.0
LIMIT_BYTES = 2**20
"""Of an event; many records are larger."""


@dataclass
class Sent:
    """All records, as they lie in the topic, and what must come of them."""

    seed: int
    expected: Expected
    records: int = 0
    kinds: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(how a record was made, what must come of it) -> how many."""
    letters: list[ExpectedLetter] = field(default_factory=list)


@dataclass(frozen=True)
class Outcome:
    """What one engine made of them."""

    engine: Engine
    seconds: float
    """From the first record to the last one that is done."""
    letters: LetterResult
    tables: tuple[TableResult, ...]
    misdated: int
    """Rows and totals with another write timestamp than their events give."""
    conflicts: int | None
    """As the engine counts them."""
    failures: str
    """What it failed of, or of which records it read some twice; empty when it never did."""

    def faults(self, sent: Sent) -> list[str]:
        """Everything that is not as it must be."""
        rows = self.tables[0].stored
        found = [f"{part}: {part.differences[:3]}" for part in (self.letters, *self.tables) if not part.correct]
        if rows + sent.expected.duplicates + self.letters.found != sent.records:
            found.append(f"{sent.records} records became {rows} rows and {self.letters.found} letters")
        if self.misdated:
            found.append(f"{self.misdated} write timestamps are wrong")
        if self.failures:
            found.append(f"it was restarted: {self.failures}")
        exact = self.engine is Engine.KAFKA_STREAMS
        if exact and self.conflicts != sent.expected.conflicts:
            found.append(f"{self.conflicts} conflicting duplicates, not {sent.expected.conflicts}")
        return found


@contextmanager
def fuzzed(ctx: Context, folder: Path, seed: int, records: int) -> Iterator[tuple[Sent, list[Outcome]]]:
    """Both engines run until the end of the context."""
    pair = twins(ctx, _written(folder))
    try:
        for pipeline in pair.both:
            provision.provision(ctx.endpoints, [pipeline])
            load_shops(ctx, pipeline)
            engines.submit(ctx, pipeline)
        began = time.monotonic()
        sent = _sent(ctx, pair.flink, seed, records)
        yield sent, [_outcome(ctx, pipeline, sent, began) for pipeline in pair.both]
    finally:
        engines.stop(ctx, [pair.streams])


def _written(folder: Path) -> Path:
    """The pipeline of the records under a name of its own."""
    home = folder / NAME
    home.mkdir()
    shutil.copy(FOLDER / "event.avsc", home)
    document = yaml.safe_load((FOLDER / "pipeline.yaml").read_text(encoding="utf-8"))
    document = named(NAME, document)
    document["source"]["max_event_bytes"] = LIMIT_BYTES
    (home / "pipeline.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    return home


def _sent(ctx: Context, pipeline: Pipeline, seed: int, records: int) -> Sent:
    registry = ctx.endpoints.registry_url
    own = schema_id_of(registry, pipeline)
    sent = Sent(seed, Expected(Decoder(registry, pipeline)))
    chance = random.Random(seed)
    partitions = pipeline.source_topic.partitions
    with _sender(ctx, pipeline.source_topic.name) as send:
        for mutant in mutants(registered(registry, own, seed), seed, records, LIMIT_BYTES):
            id_, code = sent.expected.of(mutant.value)
            # As producers send them: all events of an id in one partition, for their order decides.
            partition = chance.randrange(partitions) if id_ is None else zlib.crc32(id_.encode()) % partitions
            sent.records += 1
            sent.kinds[mutant.kind, "row" if code is None else code.value] += 1
            send(mutant, partition, _noting(sent, mutant, code))
    return sent


def _noting(sent: Sent, mutant: Mutant, code: LetterCode | None) -> Callable[[KafkaError | None, Message], None]:
    value = fingerprint(mutant.value) if code is not None else ""

    def delivered(error: KafkaError | None, message: Message) -> None:
        assert error is None, f"seed {sent.seed}: Kafka takes no {mutant.kind}: {error}"
        if code is not None:
            place = message.partition(), message.offset()
            sent.letters.append(ExpectedLetter(*place, value, code, mutant.kind))

    return delivered


@contextmanager
def _sender(ctx: Context, topic: str) -> Iterator[Callable]:
    """Large records go compressed, all others as they are; in their order."""
    producers = {
        gzip: Producer(
            {
                "bootstrap.servers": ctx.endpoints.kafka_bootstrap_servers,
                "compression.type": "gzip" if gzip else "none",
                "message.max.bytes": CLIENT_MAX_BYTES,
                "enable.idempotence": True,
            }
        )
        for gzip in (False, True)
    }

    def send(mutant: Mutant, partition: int, delivered: Callable) -> None:
        if mutant.gzip:
            flush(producers[False], topic, PATIENCE_SECONDS)
        producer = producers[mutant.gzip]
        options = {"partition": partition, "timestamp": mutant.timestamp_milliseconds, "on_delivery": delivered}
        produce(producer, topic, mutant.value, mutant.key, **options)
        producer.poll(0)
        if mutant.gzip:
            flush(producer, topic, PATIENCE_SECONDS)

    yield send
    flush(producers[False], topic, PATIENCE_SECONDS)


def _outcome(ctx: Context, pipeline: Pipeline, sent: Sent, began: float) -> Outcome:
    wait_until_drained(ctx.endpoints, pipeline, stall_timeout_seconds=STALL_SECONDS)
    seconds = time.monotonic() - began
    letters = check_letters(pipeline, sent.letters, read_letters(ctx.endpoints, pipeline, len(sent.letters)))
    with session_of(ctx.endpoints) as session:
        shops = {"shops": [{"shop": shop, "city": city} for shop, city in SHOPS.items()]}
        tables, misdated = compared(session, pipeline, sent.expected.distinct, shops)
    return Outcome(
        engine=pipeline.spec.engine,
        seconds=round(seconds, 1),
        letters=letters,
        tables=tuple(tables),
        misdated=misdated,
        conflicts=conflicting_duplicates(ctx.endpoints, pipeline),
        failures=_failures(ctx, pipeline, sent.records),
    )


def _failures(ctx: Context, pipeline: Pipeline, records: int) -> str:
    found = [
        f"{name} is {part.state} after {part.restarts} restarts: {part.reason}"
        for name, part in application_parts(ctx.endpoints, pipeline).items()
        if part.restarts or part.state is not ApplicationState.RUNNING
    ]
    if pipeline.spec.engine is Engine.KAFKA_STREAMS:
        # Who begins again reads again what was not committed.
        received = StreamsClient(ctx.endpoints.streams_url).pipeline(pipeline.name)["counters"]["received"]
        found += [f"{received} records were read of {records}"] if received != records else []
    return "; ".join(found)
