"""All letters of a pipeline with what was done about each, and which of them a person means. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from weir.clients.letters.letter import Done, Letter, Marker, Origin, Position, Record
from weir.config.errors import WeirError


@dataclass
class Post:
    """The letters in the order of their positions, and the markers.

    A restarted job may write the letter of a record again. What was done about one holds for all of the same record,
    and a record that was sent again stays sent, whatever else is marked.
    """

    letters: list[Letter] = field(default_factory=list)
    _by_letter: dict[Position, Marker] = field(default_factory=dict)
    _by_record: dict[Record, Marker] = field(default_factory=dict)

    def add(self, entry: Letter | Marker) -> None:
        """Takes the next record of the topic."""
        if isinstance(entry, Letter):
            self.letters.append(entry)
            return
        self._by_letter[entry.letter] = entry
        if entry.record is not None:
            self._by_record[entry.record] = _stronger(entry, self._by_record.get(entry.record))

    def marker(self, letter: Letter) -> Marker | None:
        """What was done about a letter; None: it is open."""
        own, of_record = self._by_letter.get(letter.position), self._of_record(letter)
        return _stronger(own, of_record) if own else of_record

    def _of_record(self, letter: Letter) -> Marker | None:
        return self._by_record.get(letter.record) if letter.record else None

    def implied(self, selection: Selection) -> Iterator[tuple[Letter, Marker]]:
        """The letters of the selected records whose own marker does not say what was done, each with what was.

        The marker of another letter may expire before them.
        """
        chosen = {letter.record for letter in selection.of(self.letters)}
        for letter in self.letters:
            if letter.record is None or letter.record not in chosen or (known := self.marker(letter)) is None:
                continue
            own = self._by_letter.get(letter.position)
            if own is None or own.done is not known.done:
                yield letter, known

    def open(self) -> Iterator[Letter]:
        """The letters about which nothing was done."""
        return (letter for letter in self.letters if self.marker(letter) is None)

    def sendable(self, selection: Selection) -> list[Letter]:
        """The selected letters that may go back: the open ones, and of those that were dropped the ones named."""
        return [
            letter
            for letter in selection.of(self.letters)
            if (found := self.marker(letter)) is None or (found.done is Done.DROPPED and selection.positions)
        ]

    def find(self, wanted: Position | Origin) -> Letter:
        """The letter at a position, or the first one of a record.

        Raises:
            WeirError: there is none.
        """
        for letter in self.letters:
            if wanted in (letter.position, letter.origin):
                return letter
        raise WeirError(f"no dead letter {wanted}; it may have expired. `weir letters list` shows what is there")


def _stronger(one: Marker, other: Marker | None) -> Marker:
    """`one`, unless the other says that the record was sent."""
    return other if other and other.done is Done.RESENT else one


@dataclass(frozen=True)
class Selection:
    """Which letters are meant: those that pass every filter. An empty filter lets all pass.

    `since_ms` is inclusive and `until_ms` exclusive; both are compared with when the letter arrived.
    """

    positions: tuple[Position | Origin, ...] = ()
    codes: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    since_ms: int | None = None
    until_ms: int | None = None

    @property
    def is_everything(self) -> bool:
        """True without a filter."""
        return self == Selection()

    def of(self, letters: Iterable[Letter]) -> list[Letter]:
        """The selected ones."""
        return [letter for letter in letters if self._has(letter)]

    def _has(self, letter: Letter) -> bool:
        return (
            (not self.positions or letter.position in self.positions or letter.origin in self.positions)
            and (not self.codes or letter.code in self.codes)
            and (not self.fields or letter.field in self.fields)
            and (self.since_ms is None or letter.arrived_ms >= self.since_ms)
            and (self.until_ms is None or letter.arrived_ms < self.until_ms)
        )

    def require_all(self, letters: Iterable[Letter]) -> None:
        """Passes where each named position has a letter among `letters`.

        Raises:
            WeirError: names the positions that have none.
        """
        there: set[Position | Origin | None] = set()
        for letter in letters:
            there |= {letter.position, letter.origin}
        if missing := [str(position) for position in self.positions if position not in there]:
            raise WeirError(f"no dead letter {', '.join(missing)}; `weir letters list` shows what is there")


@dataclass(frozen=True)
class Group:
    """Letters with the same code and field."""

    code: str
    field: str
    count: int
    first_ms: int
    last_ms: int
    """When the first and the last of them arrived, in milliseconds since 1970."""
    example: Position
    """The newest."""
    reason: str
    """Of the example."""


def grouped(letters: Sequence[Letter]) -> list[Group]:
    """The groups, the largest first."""
    found: dict[tuple[str, str], list[Letter]] = {}
    for letter in letters:
        found.setdefault((letter.code, letter.field), []).append(letter)
    groups = [_group(code, name, members) for (code, name), members in found.items()]
    return sorted(groups, key=lambda group: (-group.count, group.code, group.field))


def _group(code: str, name: str, members: Sequence[Letter]) -> Group:
    times = [letter.arrived_ms for letter in members]
    newest = max(members, key=lambda letter: (letter.arrived_ms, letter.position))
    return Group(code, name, len(members), min(times), max(times), newest.position, newest.reason)
