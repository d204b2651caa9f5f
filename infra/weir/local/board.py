"""Progress display: one bar for each task on a terminal, plain lines elsewhere."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from rich.console import Console

QUIET_SECONDS = 10.0


class Board:
    """Reports of many threads. A thing is done when its share is 1; the display stays until the board is closed."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lock = threading.Lock()
        self._begun = time.monotonic()
        self._tasks: dict[str, TaskID] = {}
        self._last: dict[str, tuple[str, float]] = {}
        self._progress = Progress(
            SpinnerColumn(finished_text="[green]:heavy_check_mark:"),
            TextColumn("{task.description:<22}"),
            BarColumn(bar_width=16),
            TimeElapsedColumn(),
            TextColumn("{task.fields[text]}"),
            console=console,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> Board:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def report(self, name: str, text: str, share: float | None) -> None:
        """`name` is at `text`; `share` of it is done (0..1), or the share is unknown (None)."""
        with self._lock:
            if self._console.is_terminal:
                self._draw(name, text, share)
            else:
                self._write(name, text, done=share == 1.0)

    def _draw(self, name: str, text: str, share: float | None) -> None:
        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task(name, total=None, text="")
        total = None if share is None else 1.0
        self._progress.update(self._tasks[name], total=total, completed=share or 0.0, text=escape(text[:90]))

    def _write(self, name: str, text: str, *, done: bool) -> None:
        """The first and the last word on each thing, and in between one line every ten seconds."""
        last_text, last_time = self._last.get(name, ("", float("-inf")))
        now = time.monotonic()
        if text != last_text and (done or now - last_time >= QUIET_SECONDS):
            self._last[name] = (text, now)
            self._console.print(f"{now - self._begun:6.1f} s  {name}: {text}", markup=False, highlight=False)
