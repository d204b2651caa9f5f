"""A Dockerfile, read strictly enough to be checked."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from weir.config.repository import REPOSITORY

DOCKERFILES = sorted(
    path.relative_to(REPOSITORY).as_posix()
    for pattern in ("images/*/Dockerfile", "flink-jobs/**/Dockerfile", "kafka-streams/**/Dockerfile")
    for path in REPOSITORY.glob(pattern)
)
EMPTY = "scratch"
"""The reserved name of no base at all."""
SECRET = re.compile(r"(?i)(password|passwd|secret|token|api_?key|credential)\w*\s*=\s*[^\s$]")


@dataclass(frozen=True)
class Instruction:
    """One instruction, its lines joined; `line` is where it begins."""

    name: str
    text: str
    line: int


def read(text: str) -> list[Instruction]:
    """The instructions; comments and blank lines are gone."""
    found, pending, begun = [], "", 0
    for number, raw in enumerate(text.splitlines(), start=1):
        stripped = raw.strip()
        if not stripped or stripped.startswith("#"):
            continue
        begun = begun or number
        pending += stripped.removesuffix("\\") + (" " if stripped.endswith("\\") else "")
        if not stripped.endswith("\\"):
            name, _, rest = pending.partition(" ")
            found.append(Instruction(name.upper(), rest.strip(), begun))
            pending, begun = "", 0
    return found


def problems(text: str, root: Path = REPOSITORY) -> list[str]:
    """Every rule that the Dockerfile breaks, with its line."""
    instructions = read(text)
    return [
        f"line {line}: {problem}"
        for line, problem in (
            *_bases(instructions),
            *_user(instructions),
            *_copies(instructions, root),
            *_commands(instructions),
            *_secrets(instructions),
        )
    ]


def _bases(instructions: list[Instruction]) -> Iterator[tuple[int, str]]:
    arguments = {}
    for instruction in instructions:
        if instruction.name == "FROM":
            break
        name, _, value = instruction.text.partition("=")
        arguments[name] = value
        if not re.search(r"(:[^/]+|@sha256:[0-9a-f]{64})$", value):
            yield instruction.line, f"{name}: {value!r} has no version; give it a tag or a digest"
        elif value.endswith(":latest"):
            yield instruction.line, f"{name}: latest is a floating tag; pin a version"
        if "/" not in value or "." not in value.split("/")[0]:
            yield instruction.line, f"{name}: {value!r} names no registry; a mirror would have to guess it"
    stages = set[str]()
    for instruction in (each for each in instructions if each.name == "FROM"):
        base, _, stage = instruction.text.partition(" AS ")
        if match := re.fullmatch(r"\$\{(\w+)\}", base):
            if match[1] not in arguments:
                yield instruction.line, f"FROM {base}: no ARG before the first FROM gives it a default"
        elif base not in stages | {EMPTY} and not re.search(r"@sha256:[0-9a-f]{64}$", base):
            yield instruction.line, f"FROM {base}: neither an argument, a stage nor a digest; CI could not pin it"
        stages.add(stage)


def _user(instructions: list[Instruction]) -> Iterator[tuple[int, str]]:
    last = max((index for index, each in enumerate(instructions) if each.name == "FROM"), default=0)
    users = [each for each in instructions[last:] if each.name == "USER"]
    if not users:
        yield instructions[last].line, "the last stage has no USER; it would run as root"
    elif not re.fullmatch(r"[1-9]\d*(:[1-9]\d*)?", users[-1].text):
        yield users[-1].line, f"USER {users[-1].text}: not a number above 0; Kubernetes cannot see that it is not root"


def sources(text: str) -> list[str]:
    """What the Dockerfile copies from its context."""
    return [source.rstrip("/") for instruction in read(text) for source in _sources(instruction)]


def _sources(instruction: Instruction) -> list[str]:
    if instruction.name != "COPY" or "--from=" in instruction.text:
        return []
    *found, _ = [part for part in shlex.split(instruction.text) if not part.startswith("--")]
    return found


def _copies(instructions: list[Instruction], root: Path) -> Iterator[tuple[int, str]]:
    for instruction in instructions:
        if instruction.name == "ADD":
            yield instruction.line, "ADD fetches and unpacks unchecked; use COPY"
        for source in _sources(instruction):
            if source in {".", "./"}:
                yield instruction.line, "COPY . takes everything along; name what is needed"
            elif not (root / source).exists():
                yield instruction.line, f"COPY {source}: it is not in the repository"


def _commands(instructions: list[Instruction]) -> Iterator[tuple[int, str]]:
    for instruction in instructions:
        text = instruction.text
        if instruction.name in {"CMD", "ENTRYPOINT"} and not text.startswith("["):
            yield instruction.line, f"{instruction.name} through a shell; signals would not arrive: write it as a list"
        if instruction.name != "RUN":
            continue
        if re.search(r"(curl|wget)\b.*\|\s*(ba)?sh\b", text):
            yield instruction.line, "what is fetched is run unchecked"
        installs = re.search(r"\bpip( --python \S+)? install\b", text)
        if installs and "--require-hashes" not in text:
            yield instruction.line, "pip install without --require-hashes; install from a lock file"
        if installs and not re.search(r"--no-cache(-dir)?\b", text):
            yield instruction.line, "pip install keeps its cache in the image; add --no-cache-dir"
        if "apt-get install" in text:
            if "--no-install-recommends" not in text:
                yield instruction.line, "apt-get install without --no-install-recommends"
            if "rm -rf /var/lib/apt/lists" not in text:
                yield instruction.line, "apt-get's lists stay in the image; remove them in the same RUN"
        if re.search(r"\bsudo\b|chmod (-R )?777", text):
            yield instruction.line, "gives rights to everybody"


def _secrets(instructions: list[Instruction]) -> Iterator[tuple[int, str]]:
    for instruction in instructions:
        if instruction.name in {"ENV", "ARG", "RUN"} and (match := SECRET.search(instruction.text)):
            yield instruction.line, f"{match[0].strip()!r}: a secret would stay in the image; use a mounted one"
