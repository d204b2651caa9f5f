"""Kafka's client: offsets of topics and groups, and records between two offsets."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from weir.config.endpoints import Endpoints
from weir.config.errors import WeirError

TIMEOUT_SECONDS = 30
LEADER_PAUSE_SECONDS = 0.5
NO_LEADER_YET = (KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE)
BATCH_RECORDS = 10_000
BATCH_SECONDS = 0.1
NOT_COMMITTED = 0


def client_settings(endpoints: Endpoints) -> dict[str, str]:
    """Where Kafka is, and how to log in, as the client library takes it."""
    settings = {"bootstrap.servers": endpoints.kafka_bootstrap_servers}
    login = endpoints.kafka_login
    if login is None:
        return settings
    if login.ca_file is not None:
        settings["ssl.ca.location"] = str(login.ca_file)
    if login.certificate_file and login.key_file:
        own = {
            "ssl.certificate.location": str(login.certificate_file),
            "ssl.key.location": str(login.key_file),
        }
        return {**settings, "security.protocol": "SSL", **own}
    if not login.username:
        return {**settings, "security.protocol": "SSL"}
    return {
        **settings,
        "security.protocol": "SASL_SSL" if login.encrypted else "SASL_PLAINTEXT",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": login.username,
        "sasl.password": login.password.get_secret_value(),
    }


class TopicReader:
    """A consumer outside every group: it commits nothing and sees only committed records, unless told otherwise.

    Raises:
        WeirError: from every method, when the broker does not answer or the topic does not exist.
    """

    def __init__(self, endpoints: Endpoints, topic: str, *, group: str = "weir-proof", committed: bool = True) -> None:
        self._servers = endpoints.kafka_bootstrap_servers
        self.topic = topic
        self._consumer = Consumer(
            {
                **client_settings(endpoints),
                "group.id": group,
                "enable.auto.commit": False,
                "isolation.level": "read_committed" if committed else "read_uncommitted",
                "enable.partition.eof": True,
                "auto.offset.reset": "error",
                "log_level": 2,
            }
        )

    def __enter__(self) -> TopicReader:
        return self

    def __exit__(self, *_: object) -> None:
        self._consumer.close()

    def partitions(self) -> list[int]:
        """The topic's partitions."""
        try:
            topic = self._consumer.list_topics(self.topic, TIMEOUT_SECONDS).topics[self.topic]
        except KafkaException as error:
            raise self._unreachable(error) from None
        if topic.error is not None:
            raise WeirError(
                f"the topic {self.topic} cannot be read ({topic.error.str()}); check that the platform is provisioned"
            )
        return sorted(topic.partitions)

    def offsets(self) -> dict[int, tuple[int, int]]:
        """(oldest offset, end offset) of every partition; the end is that of the records that this reader sees.

        A partition whose leader moves is asked again for `TIMEOUT_SECONDS`: the broker is there, and about to lead.
        """
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while True:
            try:
                return {
                    partition: self._consumer.get_watermark_offsets(
                        TopicPartition(self.topic, partition), TIMEOUT_SECONDS
                    )
                    for partition in self.partitions()
                }
            except KafkaException as error:
                if error.args[0].code() not in NO_LEADER_YET or time.monotonic() > deadline:
                    raise self._unreachable(error) from None
                time.sleep(LEADER_PAUSE_SECONDS)

    def committed(self) -> dict[int, int]:
        """The group's next offset in every partition; NOT_COMMITTED where it has none."""
        asked = [TopicPartition(self.topic, partition) for partition in self.partitions()]
        try:
            found = self._consumer.committed(asked, TIMEOUT_SECONDS)
        except KafkaException as error:
            raise self._unreachable(error) from None
        return {entry.partition: max(entry.offset, NOT_COMMITTED) for entry in found}

    def records(self, ranges: Mapping[int, tuple[int, int]]) -> Iterator[Message]:
        """The records from the first offset to the second (exclusive) of each partition, in order within each."""
        stops = {partition: stop for partition, (first, stop) in ranges.items() if first < stop}
        self._consumer.assign([TopicPartition(self.topic, partition, ranges[partition][0]) for partition in stops])
        heard = time.monotonic()
        while stops:
            # The client waits for a full batch as long as it may: not long, or a short topic takes the whole timeout.
            batch = self._consumer.consume(BATCH_RECORDS, BATCH_SECONDS)
            heard = time.monotonic() if batch else heard
            if time.monotonic() - heard > TIMEOUT_SECONDS:
                raise WeirError(
                    f"{self.topic}: no record for {TIMEOUT_SECONDS} s before reaching offsets {stops}; "
                    "check that Kafka is running"
                )
            for message in batch:
                yield from self._wanted(message, stops)
        self._consumer.unassign()

    def _wanted(self, message: Message, stops: dict[int, int]) -> Iterator[Message]:
        """The message, while its partition is still wanted. The end of a partition may be a transaction's marker."""
        partition, offset, error = message.partition(), message.offset(), message.error()
        if error is not None and error.code() != KafkaError._PARTITION_EOF:
            raise self._unreachable(error)
        if partition is None or offset is None or partition not in stops:
            return
        if error is None and offset < stops[partition]:
            yield message
        if error is not None or offset + 1 >= stops[partition]:
            del stops[partition]
            self._consumer.incremental_unassign([TopicPartition(self.topic, partition)])

    def _unreachable(self, error: object) -> WeirError:
        return WeirError(
            f"Kafka at {self._servers}: {self.topic} cannot be read ({error}); check that Kafka is running"
        )
