"""What `weir letters` prints. All that a stranger wrote is escaped: a value must not command the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.table import Table
from rich.text import Text

from weir.clients.letters.letter import Done, Letter, Marker
from weir.clients.letters.mailbox import Envelope
from weir.clients.letters.post import Post, grouped
from weir.clients.letters.shown import SHOWN_BYTES, as_text, hex_lines, printable

LONGEST_REASON = 80


def time_text(milliseconds: int) -> str:
    """Milliseconds since 1970 as ISO 8601, in UTC to the second."""
    try:
        time = datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return f"{milliseconds} ms"
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def as_table(letters: Sequence[Letter]) -> Table:
    """A line for each code and field."""
    table = Table("code", "field", "letters", "first", "last", "example", "its reason")
    table.columns[2].justify = "right"
    for group in grouped(letters):
        reason = printable(group.reason)
        short = reason if len(reason) <= LONGEST_REASON else f"{reason[: LONGEST_REASON - 1]}…"
        cells = (
            *(printable(group.code), printable(group.field), f"{group.count:,}"),
            *(time_text(group.first_ms), time_text(group.last_ms), str(group.example), short),
        )
        table.add_row(*map(Text, cells))
    return table


def summary(topic: str, post: Post, chosen: Sequence[Letter], hidden: int) -> str:
    """How many letters are listed, and how many the topic has."""
    counts = _counts(post)
    text = (
        f"{topic}: {len(chosen):,} letters listed; {counts['open']:,} open, {counts[Done.RESENT]:,} resent, "
        f"{counts[Done.DROPPED]:,} dropped"
    )
    return f"{text}; {hidden:,} more are in a transaction that is still open" if hidden else text


def as_document(topic: str, post: Post, chosen: Sequence[Letter], hidden: int) -> dict[str, Any]:
    """The same for a program. Times are ISO 8601 in UTC."""
    counts = _counts(post)
    return {
        "topic": topic,
        "listed": len(chosen),
        "open": counts["open"],
        "resent": counts[Done.RESENT],
        "dropped": counts[Done.DROPPED],
        "uncommitted": hidden,
        "groups": [
            {
                "code": group.code,
                "field": group.field,
                "letters": group.count,
                "first": time_text(group.first_ms),
                "last": time_text(group.last_ms),
                "example": str(group.example),
                "reason": group.reason,
            }
            for group in grouped(chosen)
        ],
    }


def _counts(post: Post) -> Counter[str]:
    found = (post.marker(letter) for letter in post.letters)
    return Counter("open" if marker is None else marker.done for marker in found)


def letter_lines(envelope: Envelope, marker: Marker | None, verdict: str, *, full: bool) -> Iterator[str]:
    """One letter for a person."""
    letter = envelope.letter
    yield f"letter    {letter.position}, arrived {time_text(letter.arrived_ms)}"
    yield f"state     {_state(marker)}"
    if verdict:
        yield f"now       {printable(verdict)}"
    yield "headers"
    for name, text in envelope.headers.items():
        yield f"  {printable(name)}: {printable(text)}"
    yield from _bytes("key", envelope.key, full)
    yield from _bytes("value", envelope.value, full)


def _bytes(name: str, value: bytes | None, full: bool) -> Iterator[str]:
    if value is None:
        yield f"{name}     null"
        return
    yield f"{name}     {len(value):,} bytes"
    text = as_text(value)
    if text is not None:
        yield f"  as text: {text if full else text[:SHOWN_BYTES]}"
    for line in hex_lines(value, None if full else SHOWN_BYTES):
        yield f"  {line}"


def letter_document(envelope: Envelope, marker: Marker | None, verdict: str) -> dict[str, Any]:
    """One letter for a program; key and value are hex, or null."""
    letter = envelope.letter
    return {
        "letter": str(letter.position),
        "arrived": time_text(letter.arrived_ms),
        "state": _state(marker),
        "now": verdict,
        "headers": envelope.headers,
        "key": None if envelope.key is None else envelope.key.hex(),
        "value": None if envelope.value is None else envelope.value.hex(),
    }


def _state(marker: Marker | None) -> str:
    if marker is None:
        return "open"
    note = f": {printable(marker.note)}" if marker.note else ""
    return f"{marker.done} {time_text(marker.at_ms)}{note}"
