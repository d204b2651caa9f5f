"""Sends letters back and marks them, exactly once.

A resent record and the marker of its letter are in one transaction of Kafka: both are there, or neither. What was
done is read from the markers alone, and the order of these steps makes that reading sound:

1. `Courier` registers the pipeline's only transactional id. Kafka then ends whatever an earlier process had begun
   under it (a transaction that was being committed is committed, any other is aborted), and refuses all that this
   process would still send.
2. `Mailbox.read_settled` reads markers up to the end that the topic has after that, so none of an earlier process is
   missing, and none can be added.
3. Letters without a marker are sent, each transaction with the markers of its records.
4. What only another letter's marker says of a letter of the same record gets a marker of its own (`Post.implied`).

So a process that dies between any two calls leaves transactions that are complete or that count for nothing, and two
that run at once cannot send the same letter: the later one ends the earlier one. Readers must read committed records
only, as both engines do. Source of the semantics: KIP-98, "Exactly Once Delivery and Transactional Messaging".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice

from confluent_kafka import KafkaError, KafkaException, Producer

from weir.catalog.engine_names import letters_transactional_id
from weir.catalog.pipeline import Pipeline
from weir.clients.kafka import TIMEOUT_SECONDS, client_settings
from weir.clients.kafka_admin import reason
from weir.clients.kafka_sending import produce
from weir.clients.letters.letter import Done, Letter
from weir.clients.letters.mailbox import Mailbox
from weir.clients.letters.resending import BATCH_LETTERS, Headers, Outgoing, marker
from weir.config.endpoints import Endpoints
from weir.config.errors import WeirError

TRANSACTION_SECONDS = 60
"""After so long the broker aborts the transaction of a process that died. Until then readers wait behind it."""
FENCED = (KafkaError._FENCED, KafkaError.INVALID_PRODUCER_EPOCH, KafkaError.PRODUCER_FENCED)


class Courier:
    """The one process that may change what is known of a pipeline's letters.

    Raises:
        WeirError: from every method, when Kafka refuses, does not answer, or another process took over.
    """

    def __init__(self, endpoints: Endpoints, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self.mailbox = Mailbox(endpoints, pipeline)
        self._producer = Producer(
            {
                **client_settings(endpoints),
                "transactional.id": letters_transactional_id(pipeline),
                "transaction.timeout.ms": TRANSACTION_SECONDS * 1000,
                "message.max.bytes": pipeline.written_bytes,
                "compression.type": "lz4",
                "log_level": 2,
            }
        )
        try:
            self._producer.init_transactions(TIMEOUT_SECONDS)
        except KafkaException as error:
            raise self._failed(error) from None

    def send(self, batch: Sequence[Outgoing]) -> None:
        """Sends the records of one transaction, and marks their letters."""
        self.begin(batch)
        self.commit()

    def begin(self, batch: Sequence[Outgoing]) -> None:
        """The transaction up to its commit: everything was sent, and nothing counts."""
        with self._or_abort():
            self._producer.begin_transaction()
            for record in batch:
                produce(
                    self._producer,
                    record.origin.topic,
                    record.value,
                    record.key,
                    partition=record.origin.partition,
                    timestamp=record.timestamp_ms,
                    headers=record.headers,
                )
                self._mark(record.letter, marker(record.letter, Done.RESENT))
            self._producer.flush(TIMEOUT_SECONDS)

    def mark(self, markers: Iterable[tuple[Letter, Headers]]) -> None:
        """Writes the markers of letters of which no record goes, in a transaction for every BATCH_LETTERS."""
        left = iter(markers)
        while batch := list(islice(left, BATCH_LETTERS)):
            with self._or_abort():
                self._producer.begin_transaction()
                for letter, about in batch:
                    self._mark(letter, about)
            self.commit()

    def commit(self) -> None:
        """Makes what was begun count."""
        with self._or_abort():
            self._producer.commit_transaction(TIMEOUT_SECONDS)

    def _mark(self, letter: Letter, headers: Headers) -> None:
        """In the partition of the letter and behind it, so that the marker never expires before the letter."""
        topic = self.mailbox.topic
        produce(self._producer, topic, None, None, partition=letter.position.partition, headers=headers)

    @contextmanager
    def _or_abort(self) -> Iterator[None]:
        """Takes back what was begun when the block fails, and says why it failed."""
        try:
            yield
        except KafkaException as error:
            self._abort()
            raise self._failed(error) from None
        except BaseException:
            self._abort()
            raise

    def _abort(self) -> None:
        # Where this fails, the broker does it after TRANSACTION_SECONDS.
        with suppress(KafkaException):
            self._producer.abort_transaction(TIMEOUT_SECONDS)

    def _failed(self, error: KafkaException) -> WeirError:
        kafka_error: KafkaError = error.args[0]
        if kafka_error.code() in FENCED:
            return WeirError(
                f"{self.pipeline.name}: another `weir letters` took over; what this one had not committed was not "
                "sent. Wait until the other one ends, then run this again"
            )
        return WeirError(
            f"{self.pipeline.name}: Kafka refused to send letters ({reason(error)}); what was committed before is "
            "marked, so running this again sends nothing twice"
        )
