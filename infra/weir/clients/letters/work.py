"""What is done about letters: a selection goes back to the source topic, or is marked as dealt with."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from weir.catalog.engine_names import letters_group
from weir.catalog.ownership import require_own_source
from weir.catalog.pipeline import Pipeline
from weir.clients.events.decoder import Decoder
from weir.clients.events.letter_codes import UnreadableError
from weir.clients.kafka import TopicReader
from weir.clients.letters import headers
from weir.clients.letters.courier import Courier
from weir.clients.letters.letter import Done, Letter, Marker
from weir.clients.letters.mailbox import Envelope, Mailbox, Tell
from weir.clients.letters.post import Post, Selection
from weir.clients.letters.resending import Outgoing, Resend, batches, distinct, marker, obstacle, outgoing, refusal
from weir.config.endpoints import Endpoints

INSTEAD = "ask its owner to send the events again, then mark their letters with `weir letters drop`"


@dataclass(frozen=True)
class Desk:
    """Where the letters of a pipeline are worked on.

    Raises:
        WeirError: from every method, when Kafka or the registry does not answer.
    """

    endpoints: Endpoints
    pipeline: Pipeline

    @property
    def mailbox(self) -> Mailbox:
        """The letters."""
        return Mailbox(self.endpoints, self.pipeline)

    def resend(self, selection: Selection, tell: Tell, *, dry_run: bool = False) -> Resend:
        """Sends the selected letters back that can become rows; `dry_run` only says what would be sent.

        Raises:
            WeirError: also when the source topic is another team's, or a position that was named has no letter.
        """
        require_own_source(self.pipeline, INSTEAD)
        courier, post = self._opened(selection, tell, dry_run=dry_run)
        held: Counter[str] = Counter()
        letters, repeated = distinct(self._possible(post.sendable(selection), held))
        sent = 0
        for batch in batches(self._readable(letters, held)):
            if courier:
                courier.send(batch)
                _note(post, (record.letter for record in batch), Done.RESENT)
            sent += len(batch)
        if courier:
            _settle(courier, post, selection)
        return Resend(sent, len(repeated), dict(held))

    def drop(self, selection: Selection, note: str, tell: Tell, *, dry_run: bool = False) -> int:
        """Marks the selected open letters as dealt with; how many they are.

        Raises:
            WeirError: also when a position that was named has no letter.
        """
        courier, post = self._opened(selection, tell, dry_run=dry_run)
        letters = selection.of(post.open())
        if courier:
            courier.mark((letter, marker(letter, Done.DROPPED, note)) for letter in letters)
            _note(post, letters, Done.DROPPED, note)
            _settle(courier, post, selection)
        return len(letters)

    def envelope(self, letter: Letter) -> Envelope | None:
        """A letter with its key and value; None where it has just expired."""
        return next(self.mailbox.envelopes([letter]), None)

    def verdict(self, envelope: Envelope) -> str:
        """What the decoder makes of a letter's value today: the event, or why it is still none."""
        if headers.TRUNCATED in envelope.headers:
            size_bytes = len(envelope.value or b"")
            return (
                f"not decoded: only the first {size_bytes:,} bytes of the value are in the letter; send the event "
                "again from its source"
            )
        try:
            event = Decoder(self.endpoints.registry_url, self.pipeline).read(envelope.value)
        except UnreadableError as error:
            return f"still a dead letter, {error}"
        return f"decodes: {json.dumps(event, default=str, ensure_ascii=False)}"

    def _opened(self, selection: Selection, tell: Tell, *, dry_run: bool) -> tuple[Courier | None, Post]:
        """All letters, with the one process that may change what is known of them; a dry run has none."""
        # Before anything is read: see `courier`.
        courier = None if dry_run else Courier(self.endpoints, self.pipeline)
        post = courier.mailbox.read_settled(tell) if courier else self.mailbox.read()[0]
        selection.require_all(post.letters)
        return courier, post

    def _possible(self, letters: list[Letter], held: Counter[str]) -> Iterator[Letter]:
        with TopicReader(self.endpoints, self.pipeline.source_topic.name, group=letters_group(self.pipeline)) as reader:
            partitions = len(reader.partitions())
        for letter in letters:
            why = obstacle(self.pipeline, partitions, letter)
            if why is None:
                yield letter
            else:
                held[why] += 1

    def _readable(self, letters: list[Letter], held: Counter[str]) -> Iterator[Outgoing]:
        decoder, topic, left = Decoder(self.endpoints.registry_url, self.pipeline), self.mailbox.topic, len(letters)
        for envelope in self.mailbox.envelopes(letters):
            left -= 1
            why = refusal(decoder, envelope)
            if why is None:
                yield outgoing(topic, envelope)
            else:
                held[why] += 1
        if left:
            held["expired meanwhile"] += left


def _note(post: Post, letters: Iterable[Letter], done: Done, words: str = "") -> None:
    """Adds what was just done to what was read of the topic."""
    now_ms = int(time.time() * 1000)
    for letter in letters:
        post.add(Marker(letter.position, letter.record, done, now_ms, words))


def _settle(courier: Courier, post: Post, selection: Selection) -> None:
    """Marks what only another letter's marker says."""
    courier.mark((letter, marker(letter, known.done, known.note)) for letter, known in post.implied(selection))
