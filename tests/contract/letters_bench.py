"""Letters of orders from a country that the schema of the pipeline does not know, before and after its fix."""

from __future__ import annotations

import io
import json
import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fastavro
import yaml
from confluent_kafka import Producer
from tests.pipeline.orders import COUNTRIES, SCHEMA, write_orders_pipeline
from tests.pipeline.own_name import named

from weir.catalog.pipeline import Pipeline, load_pipeline
from weir.clients.events.decoder import Decoder
from weir.clients.events.letter_codes import UnreadableError
from weir.clients.events.wire_format import header
from weir.clients.kafka import TopicReader
from weir.clients.letters import headers
from weir.clients.registry import add_version
from weir.config.endpoints import Endpoints
from weir.incluster.subjects import register_subjects
from weir.local.provision import create_topics

if TYPE_CHECKING:
    from confluent_kafka import Message

JANUARY_MS = 1_767_225_600_000
NEW_COUNTRY = "es"
HOSTILE = b"\x1b]0;owned\x07 this is no event"


def orders_named(
    folder: Path, name: str, countries: tuple[str, ...] = COUNTRIES, limit: dict[str, float] | None = None
) -> Pipeline:
    """The pipeline of orders under `name`, whose schema knows `countries`, perhaps with a `limit` of letters."""
    home = write_orders_pipeline(folder, orders=1)
    document = named(name, yaml.safe_load((home / "pipeline.yaml").read_text(encoding="utf-8")))
    if limit:
        document["dead_letters"]["limit"] = limit
    (home / "pipeline.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    (home / "order.avsc").write_text(json.dumps(schema_of(countries)), encoding="utf-8")
    return load_pipeline(home.rename(home.with_name(name)))


def schema_of(countries: tuple[str, ...]) -> dict[str, Any]:
    """The schema of orders from `countries`."""
    first, *rest = SCHEMA["fields"]
    return {**SCHEMA, "fields": [{**first, "type": {**first["type"], "symbols": list(countries)}}, *rest]}


def order(schema: dict[str, Any], schema_id: int, number: int, country: str) -> bytes:
    """An order in the registry's wire format."""
    event = {
        **{field["name"]: None for field in SCHEMA["fields"]},
        **{"country": country, "order_number": number, "placed_at": JANUARY_MS + number, "sku": f"sku-{number}"},
        **{"quantity": 1, "price_cents": 100 + number, "express": False},
    }
    body = io.BytesIO()
    fastavro.schemaless_writer(body, fastavro.parse_schema(schema), event)
    return header(schema_id) + body.getvalue()


@dataclass(frozen=True)
class LettersBench:
    """Topics of its own, and the pipeline before and after its schema learned of NEW_COUNTRY."""

    endpoints: Endpoints
    before: Pipeline
    after: Pipeline
    schema_id: int

    @classmethod
    def made(cls, endpoints: Endpoints, folder: Path, source_config: dict[str, str]) -> LettersBench:
        """`source_config` changes settings of the source topic."""
        name = f"letters{uuid.uuid4().hex[:8]}"
        before = orders_named(folder / "before", name)
        after = orders_named(folder / "after", name, (*COUNTRIES, NEW_COUNTRY))
        source = replace(before.source_topic, config={**before.source_topic.config, **source_config})
        create_topics(endpoints.kafka_bootstrap_servers, [source, before.dead_letter_topic])
        register_subjects(endpoints.registry_url, [before])
        schema_id = add_version(endpoints.registry_url, after.subject, after.schema.text)
        return cls(endpoints, before, after, schema_id)

    def value(self, number: int, country: str = NEW_COUNTRY) -> bytes:
        """An order that was written with the later schema."""
        return order(schema_of((*COUNTRIES, NEW_COUNTRY)), self.schema_id, number, country)

    def publish(self, values: list[bytes]) -> None:
        """Values with keys, over all partitions, one of them without a key."""
        producer = Producer({"bootstrap.servers": self.endpoints.kafka_bootstrap_servers})
        for number, value in enumerate(values):
            key = f"key-{number}".encode() if number else None
            partition = number % self.before.source_topic.partitions
            producer.produce(self.before.source_topic.name, value, key, partition=partition)
        assert producer.flush(30) == 0

    def source(self) -> list[Message]:
        """The committed records of the source topic."""
        with TopicReader(self.endpoints, self.before.source_topic.name) as reader:
            return list(reader.records(reader.offsets()))

    def resent(self) -> dict[tuple[int, int], list[Message]]:
        """The records that were sent again, by the place of the original."""
        found: dict[tuple[int, int], list[Message]] = {}
        for message in self.source():
            about = headers.texts(message)
            if headers.RESENT_FROM in about:
                place = int(about[headers.PARTITION]), int(about[headers.OFFSET])
                found.setdefault(place, []).append(message)
        return found

    def play_the_job(self) -> None:
        """Writes a letter for each record that the pipeline cannot read before its fix, as the engines do."""
        producer = self.begin_letters()
        producer.commit_transaction(30)

    def begin_letters(self) -> Producer:
        """The same up to the commit of its transaction."""
        producer = Producer({
            "bootstrap.servers": self.endpoints.kafka_bootstrap_servers, "transactional.id": self.before.name,
        })  # fmt: skip
        producer.init_transactions(30)
        producer.begin_transaction()
        decoder = Decoder(self.endpoints.registry_url, self.before)
        for message in self.source():
            if headers.RESENT_FROM in headers.texts(message):
                continue  # The job with the fix reads it.
            try:
                decoder.read(message.value())
            except UnreadableError as error:
                about = {
                    headers.TOPIC: message.topic(),
                    headers.PARTITION: message.partition(),
                    headers.OFFSET: message.offset(),
                    headers.TIMESTAMP: message.timestamp()[1],
                    headers.REASON: str(error).replace(": symbol", ": field country: symbol"),
                }
                written: list[tuple[str, str | bytes | None]] = [(name, str(text)) for name, text in about.items()]
                topic = self.before.dead_letter_topic.name
                producer.produce(topic, message.value(), message.key(), headers=written)
        assert producer.flush(30) == 0
        return producer
