"""Dead letters: each poison record must be in the dead-letter topic once, whole, with where it came from and why."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from weir.catalog.pipeline import Pipeline
from weir.clients.events.letter_codes import LetterCode
from weir.clients.kafka import TopicReader
from weir.clients.letters.headers import DIGEST, MARKER, ORIGIN, REASON, texts
from weir.clients.letters.letter import Origin, origin_of
from weir.config.endpoints import Endpoints
from weir.verify.compare import REPORTED_DIFFERENCES, Difference
from weir.verify.manifest import PoisonRecord
from weir.verify.poison import fingerprint

if TYPE_CHECKING:
    from confluent_kafka import Message

HEADERS = (*ORIGIN, REASON)
COMMIT_TIMEOUT_SECONDS = 20.0
"""A transaction becomes visible a moment after the offsets of its checkpoint."""
LOOK_INTERVAL_SECONDS = 0.5


@dataclass(frozen=True)
class Letter:
    """A record of the dead-letter topic."""

    fingerprint: str
    headers: dict[str, str]

    @property
    def origin(self) -> Origin | None:
        """Where the original record lies, as the headers say."""
        return origin_of(self.headers)


@dataclass(frozen=True)
class ExpectedLetter:
    """A record of the source topic that must become a letter; `kind` says how it was made."""

    partition: int | None
    offset: int | None
    fingerprint: str
    code: LetterCode
    kind: str


def letters_of(poison: Iterable[PoisonRecord]) -> list[ExpectedLetter]:
    """What must come of poison."""
    return [
        ExpectedLetter(record.partition, record.offset, record.fingerprint, record.kind.code, record.kind)
        for record in poison
    ]


@dataclass(frozen=True)
class LetterResult:
    """The comparison of the dead-letter topic with the poison that was sent."""

    topic: str
    expected: int
    found: int
    missing: int
    extra: int
    wrong: int
    differences: tuple[Difference, ...] = ()

    @property
    def correct(self) -> bool:
        """True where every poison record is there once and right."""
        return self.missing == self.extra == self.wrong == 0


def read_letters(endpoints: Endpoints, pipeline: Pipeline, at_least: int) -> list[Letter]:
    """All committed dead letters; waits a little while there are fewer than `at_least`."""
    deadline = time.monotonic() + COMMIT_TIMEOUT_SECONDS
    with TopicReader(endpoints, pipeline.dead_letter_topic.name) as reader:
        while True:
            found = ((message, texts(message)) for message in reader.records(reader.offsets()))
            letters = [_letter(message, headers) for message, headers in found if MARKER not in headers]
            if len(letters) >= at_least or time.monotonic() > deadline:
                return letters
            # A commit is announced to nobody: the topic has to be read again.
            time.sleep(LOOK_INTERVAL_SECONDS)


def _letter(message: Message, headers: dict[str, str]) -> Letter:
    """Of a value that was cut the headers have the digest."""
    return Letter(headers.get(DIGEST) or fingerprint(message.value()), headers)


def check_letters(pipeline: Pipeline, wanted: Iterable[ExpectedLetter], letters: Iterable[Letter]) -> LetterResult:
    """Matches letters with records by origin, then compares bytes and headers. Pure."""
    source = pipeline.source_topic.name
    expected = {(source, record.partition, record.offset): record for record in wanted}
    found: dict[Origin | None, list[Letter]] = defaultdict(list)
    for letter in letters:
        found[letter.origin].append(letter)
    missing = [Difference("missing", _key(place)) for place in expected if place not in found]
    extra = [
        Difference("extra", _key(origin))
        for origin, group in found.items()
        for _ in group[1 if origin in expected else 0 :]
    ]
    wrong = []
    for origin, group in found.items():
        cells = _wrong_cells(expected[origin], group[0]) if origin in expected else {}
        if cells:
            wrong.append(Difference("wrong", _key(origin), cells))
    return LetterResult(
        topic=pipeline.dead_letter_topic.name,
        expected=len(expected),
        found=sum(len(group) for group in found.values()),
        missing=len(missing),
        extra=len(extra),
        wrong=len(wrong),
        differences=tuple(part for sort in (missing, extra, wrong) for part in sort[:REPORTED_DIFFERENCES]),
    )


def _wrong_cells(record: ExpectedLetter, letter: Letter) -> dict[str, tuple[object, object]]:
    cells: dict[str, tuple[object, object]] = {}
    if record.fingerprint != letter.fingerprint:
        cells["value"] = (f"{record.kind} {record.fingerprint}", letter.fingerprint)
    for header in HEADERS[:-1]:
        if not letter.headers.get(header):
            cells[header] = ("some text", letter.headers.get(header))
    reason = letter.headers.get(REASON, "")
    if reason.partition(":")[0] != record.code:
        cells[REASON] = (record.code.value, reason)
    return cells


def _key(place: tuple[str, int | None, int | None] | None) -> dict[str, object]:
    return dict(zip(("topic", "partition", "offset"), place or ("(no origin in its headers)", None, None), strict=True))
