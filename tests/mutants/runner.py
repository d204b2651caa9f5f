"""Small random changes to the pure rooms, each of which the unit tests should notice (`make mutants`).

    python -m tests.mutants.runner --seeds 1 2 --count 40

A mutant is one change to a copy of the repository: a comparison turned, a number one larger, a branch swapped. It
survives when the unit tests of its room still pass: then none of them pins that value. The outcome goes to
docs/mutants.md. These are not the hand-written bugs of tests/faults/mutations.py, which `weir prove` must find.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.provider import OperatorProvider
from tests.repository_files import copy_repository
from tests.schemas import crd_folder

REPOSITORY = Path(__file__).parents[2]
PAGE = REPOSITORY / "docs" / "mutants.md"
HEAD = (
    "# Which values the unit tests pin",
    "<!-- Written by `make mutants`; do not edit. -->",
    "",
    "A mutant is one random change to `sizing`, `catalog`, `config` or `programs`: a comparison turned, a number one",
    "larger or smaller, a branch swapped. It survives when the unit tests of its room still pass. At most one",
    "in ten may. The bugs that `weir prove` must find are another list: [mutations.md](mutations.md).",
    "",
)
ROOMS = ("sizing", "catalog", "config", "programs")
TESTS = {
    "sizing": ("tests/sizing/test_pinned_plans.py", "tests/sizing"),
    "catalog": ("tests/catalog/test_schemas.py", "tests/catalog"),
    # The JSON Schema that the catalog's tests compare has every default and bound of a stack.
    "config": ("tests/config", "tests/catalog/test_schemas.py", "tests/catalog", "tests/sizing"),
    "programs": ("tests/programs",),
}
"""By room: the unit tests that must pin its values; first the file that most often does."""
TIMEOUT_SECONDS = 1800
MOST_SURVIVORS = 0.1

# Left out: what only types see (`X | Y`), and what is the same in effect (`==` of two small numbers as `is`).
COMPARISONS = (
    "Lt_LtE",
    "Lt_Gt",
    "LtE_Lt",
    "LtE_Gt",
    "Gt_GtE",
    "Gt_Lt",
    "GtE_Gt",
    "GtE_Lt",
    "Eq_NotEq",
    "NotEq_Eq",
    "Is_IsNot",
    "IsNot_Is",
)
ARITHMETIC = (
    "Add_Sub",
    "Sub_Add",
    "Mul_Div",
    "Mul_Add",
    "Div_Mul",
    "FloorDiv_Mul",
    "FloorDiv_Sub",
    "Mod_Mul",
)
OPERATORS = (
    *(f"ReplaceComparisonOperator_{name}" for name in COMPARISONS),
    *(f"ReplaceBinaryOperator_{name}" for name in ARITHMETIC),
    *("AddNot", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "ReplaceAndWithOr", "ReplaceOrWithAnd"),
    *("NumberReplacer", "ReplaceUnaryOperator_USub_UAdd", "ReplaceUnaryOperator_Delete_Not"),
    *("ZeroIterationForLoop", "ReplaceBreakWithContinue", "ReplaceContinueWithBreak"),
)


@dataclass(frozen=True)
class Mutant:
    """The change that `operator` makes at its `occurrence` in `file`; `line` is where."""

    file: str
    line: int
    operator: str
    occurrence: int

    def text(self, source: str) -> str:
        """The file with the change."""
        changed = mutate_code(source, _operator(self.operator), self.occurrence)
        assert changed is not None, f"{self}: the file has changed"
        return changed


@dataclass(frozen=True)
class Outcome:
    """What one seed gave: how many mutants, and what each that survived had changed."""

    seed: int
    mutants: int
    survivors: Sequence[str]

    @property
    def is_good(self) -> bool:
        """At most one in ten survived."""
        return len(self.survivors) <= MOST_SURVIVORS * self.mutants


def possible(repository: Path, rooms: Sequence[str] = ROOMS) -> list[list[Mutant]]:
    """Every mutant of `rooms`, those of the same place together."""
    return [
        mutants
        for room in rooms
        for path in sorted((repository / "infra" / "weir" / room).rglob("*.py"))
        for mutants in _of_source(path.relative_to(repository).as_posix(), path.read_text(encoding="utf-8"))
    ]


def drawn(places: Sequence[list[Mutant]], repository: Path, seed: int, count: int) -> list[Mutant]:
    """A mutant at each of `count` places; the same ones for the same seed and the same code."""
    generator = random.Random(seed)
    order = (generator.choice(mutants) for mutants in generator.sample(places, len(places)))
    return list(islice((mutant for mutant in order if _compiles(mutant, repository)), count))


def _compiles(mutant: Mutant, repository: Path) -> bool:
    try:
        compile(mutant.text((repository / mutant.file).read_text(encoding="utf-8")), mutant.file, "exec")
    except SyntaxError:  # `not` before a walrus
        return False
    return True


def _of_source(file: str, source: str) -> Iterator[list[Mutant]]:
    nodes = list(ast_nodes(get_ast(source)))
    places: dict[tuple[int, int], list[Mutant]] = defaultdict(list)
    for name in OPERATORS:
        operator = _operator(name)
        found = [(start, node) for node in nodes for start, _ in operator.mutation_positions(node)]
        for occurrence, (start, node) in enumerate(found):
            if _counts(node):
                places[start].append(Mutant(file, start[0], name, occurrence))
    yield from (places[start] for start in sorted(places))


def _operator(name: str) -> Any:
    provider: Any = OperatorProvider()  # its operators' types ask for arguments that none of these has
    return provider[name]()


def _counts(node: Any) -> bool:
    """Whether a change there says something of the tests: `frozen=True` of a class does not, nor a path's `/`."""
    after = node.get_next_leaf()
    if getattr(node, "value", "") == "/" and after.type in {"string", "fstring_start"}:
        return False
    while node is not None and node.type != "decorator":
        node = node.parent
    return node is None


def room_of(mutant: Mutant) -> str:
    """The room whose file it changes."""
    return mutant.file.split("/")[2]


def namesakes(mutant: Mutant, repository: Path) -> list[str]:
    """The test files that are called as the changed one: asked first, they save most of the time."""
    found = (repository / "tests" / room_of(mutant)).glob(f"test_{Path(mutant.file).stem}*.py")
    return [path.relative_to(repository).as_posix() for path in sorted(found)]


class Copy:
    """A copy of what git knows, in which one file at a time is changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._age = 0
        copy_repository(folder, untracked=True)
        # Some tests ask git which files there are.
        for command in (("init", "--quiet"), ("add", "--all")):
            subprocess.run(["git", "-C", str(folder), *command], check=True)

    def survives(self, mutant: Mutant) -> bool:
        """Whether the unit tests of its room pass with the change."""
        path = self.folder / mutant.file
        source = path.read_text(encoding="utf-8")
        self._write(path, mutant.text(source))
        try:
            return self.ran(*namesakes(mutant, self.folder), *TESTS[room_of(mutant)]) is None
        finally:
            self._write(path, source)

    def ran(self, *arguments: str) -> str | None:
        """What the first unit test there that fails says. Tests that take too long fail."""
        command = [sys.executable, "-m", "pytest", "-m", "unit", "-x", "-q", "--no-header", "--hypothesis-seed=0"]
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(str(self.folder / part) for part in ("infra", "infra/policy")),
            "CRD_DIR": str(crd_folder()),
        }
        try:
            done = subprocess.run(
                [*command, *arguments],
                cwd=self.folder,
                env=environment,
                capture_output=True,
                text=True,
                timeout=TIMEOUT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"no end within {TIMEOUT_SECONDS} s"
        return f"{done.stdout[-2000:]}{done.stderr[-500:]}" if done.returncode else None

    def _write(self, path: Path, text: str) -> None:
        """With a date of its own: bytecode is found by date and size, and a changed digit leaves both in one second."""
        path.write_text(text, encoding="utf-8")
        self._age += 1
        os.utime(path, (self._age, self._age))


def tried(seed: int, count: int) -> Outcome:
    """Tries the mutants of one seed and says how each fared."""
    survivors = []
    with tempfile.TemporaryDirectory(prefix="weir-mutants-") as scratch:
        copy = Copy(Path(scratch))
        failure = copy.ran(*(f"tests/{room}" for room in ROOMS))
        assert failure is None, f"the unit tests fail without any change:\n{failure}"
        mutants = drawn(possible(copy.folder), copy.folder, seed, count)
        for mutant in mutants:
            change = described(mutant, (copy.folder / mutant.file).read_text(encoding="utf-8"))
            survived = copy.survives(mutant)
            survivors += [change] * survived
            _say(f"{'SURVIVED' if survived else 'killed'}: {change}")
    return Outcome(seed, len(mutants), survivors)


def described(mutant: Mutant, source: str) -> str:
    """The file, the line, and what it said before and after."""
    before, after = source.splitlines(), mutant.text(source).splitlines()
    changed = next(number for number, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1])
    return f"`{mutant.file}:{changed + 1}`: `{before[changed].strip()}` became `{after[changed].strip()}`"


def page(outcomes: Sequence[Outcome], day: str, places: int) -> str:
    """docs/mutants.md: the outcomes of a run on `day`, with `places` that could have been changed."""
    rows = [f"| {each.seed} | {each.mutants} | {len(each.survivors)} |" for each in outcomes]
    survivors = [f"- {change}" for each in outcomes for change in each.survivors]
    head = [
        *HEAD,
        f"Last run: {day}, out of {places:,} places.",
        "",
        "| seed | mutants | survived |",
        "| --- | --- | --- |",
    ]
    tail = ["Survivors:", "", *survivors] if survivors else ["None survived."]
    return "\n".join([*head, *rows, "", *tail]) + "\n"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(words: Sequence[str]) -> int:
    """Tries each seed and writes the page; 1 when more than one in ten survived."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--count", type=int, default=40)
    arguments = parser.parse_args(words)
    outcomes = [tried(seed, arguments.count) for seed in arguments.seeds]
    text = page(outcomes, datetime.now(UTC).date().isoformat(), len(possible(REPOSITORY)))
    PAGE.write_text(text, encoding="utf-8")
    return 0 if all(outcome.is_good for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
