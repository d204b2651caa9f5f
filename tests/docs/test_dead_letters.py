"""The guide to dead letters shows a list as `weir letters list` prints it."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console
from tests.clients.letters.made import letter

from weir.cli.letters_shown import as_table, summary
from weir.cli.shared import WIDTH_OF_A_LOG
from weir.clients.letters.post import Post
from weir.config.repository import REPOSITORY

pytestmark = pytest.mark.unit

GUIDE = REPOSITORY / "docs" / "how-to" / "dead-letters.md"
EIGHT_MS = 1_772_352_000_000
SYMBOL = "incompatible-schema: field carrier: symbol ZZ is unknown"


def test_the_guide_shows_a_list_as_it_is_printed() -> None:
    post = Post([letter(6 + second, arrived_ms=EIGHT_MS + 1000 * second, reason=SYMBOL) for second in range(12)])
    post.add(letter(4, arrived_ms=EIGHT_MS + 2000, reason="bad-magic: the first byte is 27"))
    out = StringIO()
    Console(file=out, width=WIDTH_OF_A_LOG).print(as_table(post.letters))
    shown = f"{out.getvalue()}{summary('flights.dead-letters', post, post.letters, 0)}\n"
    assert f"```\n{shown}```\n" in GUIDE.read_text(encoding="utf-8"), shown
