"""A synthetic pipeline for measuring throughput, and its events, made and published as fast as the machine can."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from confluent_kafka import Producer

from weir.catalog.dataset import Dataset
from weir.catalog.pipeline import Pipeline, load_pipeline
from weir.catalog.spec_source import SourceFormat
from weir.clients.events.wire_format import header
from weir.clients.kafka_sending import produce
from weir.clients.registry import schema_id_of
from weir.config.endpoints import Endpoints
from weir.config.errors import WeirError
from weir.verify.avro_batch import encode_records

NAME = "bench"
PARTITIONS = 4
PRODUCERS = 2
BATCH_EVENTS = 50_000
FLUSH_SECONDS = 300
DUPLICATE_RATIO = 0.1
DUPLICATE_DISTANCE = 1_000
ITEMS = 10_000
PAYLOADS = 1_000
PAYLOAD_BYTES = 170
EVENT_BYTES = {SourceFormat.AVRO: 200, SourceFormat.JSON: 260}
"""About; with the payload, the other fields, and the framing of Avro and Confluent or the names of JSON."""
FIRST_INSTANT_MILLISECONDS = 1_767_225_600_000
"""2026-01-01 in UTC."""
MILLISECONDS_PER_EVENT = 100

_SOURCES = {
    SourceFormat.AVRO: "schema_file: event.avsc",
    SourceFormat.JSON: """format: json
  columns:
    id: {type: bigint, required: true}
    at: {type: timestamp, required: true}
    item: {type: int, required: true}
    quantity: {type: int}
    payload: {type: text, required: true}""",
}
_PIPELINE = f"""
name: {NAME}
description: Synthetic events.
owner: weir
source:
  topic: {NAME}.events
  FORMAT
  partitions: {PARTITIONS}
  retention_hours: 24
  partitioned_by_id: true
deduplication: {{key: [id], horizon_hours: 24}}
event_time: at
derived:
  hour: {{from: at, truncate_to: hour}}
  day: {{from: at, truncate_to: day}}
references:
  items:
    columns: {{item: int, name: text, category: text}}
    primary_key: [item]
    reload_interval_seconds: 3600
joins:
  - {{reference: items, match: {{item: item}}, select: {{name: item_name, category: category}}}}
rows: {{table: events_enriched, partition_key: [hour, item], clustering_key: [at, id], ttl_days: 30}}
aggregates:
  - table: totals_by_day
    grain: day
    partition_key: [day]
    dimensions: [{{column: category, when_null: none}}]
    measures: {{events: {{count: all}}, quantity: {{sum: quantity}}}}
dead_letters: {{topic: {NAME}.dead-letters, retention_hours: 24}}
workload: {{mean_events_per_second: 1000, peak_events_per_second: 1000, event_bytes: 200, duplicate_ratio: 0.1}}
"""
_SCHEMA = {
    "type": "record",
    "name": "Event",
    "fields": [
        {"name": "id", "type": "long"},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "item", "type": "int"},
        {"name": "quantity", "type": ["null", "int"]},
        {"name": "payload", "type": "string"},
    ],
}


def write_pipeline(root: Path, source_format: SourceFormat = SourceFormat.AVRO) -> tuple[Pipeline, Dataset]:
    """Writes the pipeline below `root`, with its reference rows; it has no event file."""
    folder = root / NAME
    folder.mkdir(parents=True, exist_ok=True)
    text = _PIPELINE.replace("FORMAT", _SOURCES[source_format])
    (folder / "pipeline.yaml").write_text(text, encoding="utf-8")
    (folder / "event.avsc").write_text(json.dumps(_SCHEMA), encoding="utf-8")
    rows = [f"{item},Item {item},category-{item % 20}" for item in range(ITEMS)]
    (folder / "items.csv").write_text("\n".join(["item,name,category", *rows]) + "\n", encoding="utf-8")
    dataset = Dataset(null_text="", events=folder / "events.csv", references={"items": folder / "items.csv"})
    return load_pipeline(folder), dataset


def ids_of(first: int, count: int, seed: int) -> np.ndarray:
    """Ids `first` to `first + count`, of which about DUPLICATE_RATIO repeat one shortly before."""
    random = np.random.default_rng([seed, first])
    ids = np.arange(first, first + count, dtype=np.int64)
    repeats = random.random(count) < DUPLICATE_RATIO
    back = random.integers(1, DUPLICATE_DISTANCE + 1, count)
    return np.where(repeats, np.maximum(ids - back, first), ids)


def encoded(ids: np.ndarray, prefix: bytes | None) -> Iterator[tuple[int, bytes]]:
    """(id, value) of each event; an event follows from its id alone, so that a duplicate is equal.

    With a `prefix` in Avro, which stands behind it; else in JSON.
    """
    letters = np.random.default_rng(7).integers(97, 123, (PAYLOADS, PAYLOAD_BYTES), dtype=np.uint8)
    payloads = np.array([bytes(row).decode() for row in letters], dtype=object)
    columns = {
        "id": ids,
        "at": FIRST_INSTANT_MILLISECONDS + ids * MILLISECONDS_PER_EVENT,
        "item": (ids * 7919) % ITEMS,
        "quantity": np.ma.masked_array(ids % 100, ids % 50 == 0),
        "payload": payloads[ids % PAYLOADS],
    }
    if prefix is None:
        yield from zip(ids.tolist(), _json_texts(columns), strict=True)
        return
    records = encode_records(_SCHEMA, columns, prefix)
    yield from zip(ids.tolist(), (records[index] for index in range(len(records))), strict=True)


def _json_texts(columns: Mapping[str, np.ndarray]) -> Iterator[bytes]:
    times = np.datetime_as_string(columns["at"].astype("datetime64[ms]"), timezone="UTC").tolist()
    for number, at, item, quantity, payload in zip(
        columns["id"].tolist(),
        times,
        columns["item"].tolist(),
        columns["quantity"].tolist(),
        columns["payload"].tolist(),
        strict=True,
    ):
        count = "null" if quantity is None else quantity
        text = f'{{"id":{number},"at":"{at}","item":{item},"quantity":{count},"payload":"{payload}"}}'
        yield text.encode()


@dataclass(frozen=True)
class _Share:
    """What one producer process sends: ids `first` to `first + count`."""

    servers: str
    topic: str
    prefix: bytes | None
    """As `encoded` takes it."""
    first: int
    count: int
    seed: int


def publish(endpoints: Endpoints, pipeline: Pipeline, events: int, seed: int = 1) -> None:
    """Fills the pipeline's topic with `events` records, by PRODUCERS processes side by side.

    Raises:
        WeirError: records were not acknowledged.
    """
    is_avro = pipeline.spec.source.format is SourceFormat.AVRO
    prefix = header(schema_id_of(endpoints.registry_url, pipeline)) if is_avro else None
    servers, topic = endpoints.kafka_bootstrap_servers, pipeline.source_topic.name
    size = -(-events // PRODUCERS)
    shares = [
        _Share(servers, topic, prefix, first, min(size, events - first), seed) for first in range(0, events, size)
    ]
    # Spawned, not forked: the Kafka and Cassandra clients of this process have threads.
    with multiprocessing.get_context("spawn").Pool(PRODUCERS) as pool:
        sent = sum(pool.map(_publish_share, shares))
    if sent != events:
        raise WeirError(f"{topic}: {sent} of {events} records were acknowledged; check the broker's log")


def _publish_share(share: _Share) -> int:
    """Publishes a share and returns how many of its records were acknowledged."""
    failed: list[object] = []
    producer = Producer(
        {
            "bootstrap.servers": share.servers,
            "enable.idempotence": True,
            "acks": "all",
            "compression.type": "lz4",
            "linger.ms": 50,
            "batch.size": 512 * 1024,
            "queue.buffering.max.messages": 500_000,
            "delivery.report.only.error": True,
            "on_delivery": lambda error, _: failed.append(error),
            "log_level": 2,
        }
    )
    stop = share.first + share.count
    for start in range(share.first, stop, BATCH_EVENTS):
        for event_id, value in encoded(ids_of(start, min(BATCH_EVENTS, stop - start), share.seed), share.prefix):
            produce(producer, share.topic, value, b"[%d]" % event_id, partition=event_id % PARTITIONS)
        producer.poll(0)
    unsent = producer.flush(FLUSH_SECONDS)
    return share.count - unsent - len(failed)
