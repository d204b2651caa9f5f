"""This machine, before `make up`: what the one-machine platform runs on and is built with."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from weir.config.errors import WeirError
from weir.config.repository import REPOSITORY
from weir.config.stack import StackConfig
from weir.doctor.findings import Check, Finding, Maker, State
from weir.local import context, installation, services, state
from weir.local.ports import allocate, moved
from weir.toolchain import toolchain
from weir.toolchain.java import DEBIAN_PACKAGES, find_jdk17

GIB = 1024**3
MEMORY_GIB = 4.0
"""`make up` of flights takes 3.9 GiB."""
CACHE_GIB = 8.0
"""What all programs take in the cache, with what is unpacked on the way."""
DATA_GIB = 2.0
"""Logs and data of the flights."""
PYTHONS = ((3, 11), (3, 12))


@dataclass(frozen=True)
class Machine:
    """What was found. Sizes in GiB."""

    python: tuple[int, int]
    uv: str | None
    java: str | None
    """The JDK 17; None where there is none, and then `java_problem` says what there is instead."""
    java_problem: str
    has_maven: bool
    missing_programs: tuple[str, ...]
    memory_gib: float
    free_memory_gib: float
    free_disk_gib: float
    cache: Path
    taken_ports: Mapping[str, int]
    is_running: bool = False
    """Whether the platform runs already: its memory and ports are its own."""


def ask(stack: StackConfig, environment: Mapping[str, str]) -> Machine:
    """Looks at this machine; starts and installs nothing."""
    cache = toolchain.cache_folder(environment)
    java, problem = _java(environment)
    memory = psutil.virtual_memory()
    wanted = stack.embedded.ports
    return Machine(
        python=(sys.version_info.major, sys.version_info.minor),
        uv=_uv(cache),
        java=str(java) if java else None,
        java_problem=problem,
        has_maven=shutil.which("mvn", path=environment.get("PATH")) is not None,
        missing_programs=tuple(installation.missing(REPOSITORY, _tools(), java)) if java else (),
        memory_gib=memory.total / GIB,
        free_memory_gib=memory.available / GIB,
        free_disk_gib=shutil.disk_usage(_existing(cache)).free / GIB,
        cache=cache,
        taken_ports={name: pair[0] for name, pair in moved(wanted, allocate(wanted, {})).items()},
        is_running=state.supervisor_pid(context.paths_from(environment)) is not None,
    )


def _tools() -> Collection[str]:
    return [tool for tools in services.TOOLS.values() for tool in tools]


def _java(environment: Mapping[str, str]) -> tuple[Path | None, str]:
    try:
        return find_jdk17(environment), ""
    except WeirError as error:
        return None, str(error)


def _uv(cache: Path) -> str | None:
    try:
        return str(toolchain.uv_program(cache))
    except WeirError:
        return None


def _existing(folder: Path) -> Path:
    return next(each for each in (folder, *folder.parents) if each.exists())


def _python(machine: Machine) -> Iterator[Finding]:
    text = ".".join(map(str, machine.python))
    if machine.python in PYTHONS:
        yield Finding("Python", State.OK, text)
    else:
        yield Finding("Python", State.MISSING, f"{text} is not 3.11 or 3.12", "install python3.11", Maker.YOU)


def _builders(machine: Machine) -> Iterator[Finding]:
    if machine.uv is None:
        yield Finding("uv", State.MISSING, "not in the cache, nor on the PATH", "make python", Maker.YOU)
    else:
        yield Finding("uv", State.OK, machine.uv)
    packages = f"apt-get install {' '.join(DEBIAN_PACKAGES)}"
    if machine.java is None:
        yield Finding("Java", State.MISSING, machine.java_problem, packages, Maker.YOU)
        return
    yield Finding("Java", State.OK, machine.java)
    if not machine.missing_programs:
        yield Finding("programs", State.OK, f"all are in {machine.cache}")
    elif machine.has_maven:
        told = f"{len(machine.missing_programs)} will be fetched: {', '.join(machine.missing_programs)}"
        yield Finding("programs", State.OK, told)
    else:
        told = f"{', '.join(machine.missing_programs)} must be fetched, and there is no Maven"
        yield Finding("programs", State.MISSING, told, packages, Maker.YOU)


def _memory(machine: Machine) -> Iterator[Finding]:
    told = f"{machine.free_memory_gib:.1f} of {machine.memory_gib:.1f} GiB are free"
    if machine.is_running:
        yield Finding("memory", State.OK, f"{told}; the platform runs")
    elif machine.memory_gib < MEMORY_GIB:
        yield Finding("memory", State.MISSING, f"{told}; {MEMORY_GIB:g} are needed", "use a larger machine", Maker.YOU)
    elif machine.free_memory_gib < MEMORY_GIB:
        yield Finding("memory", State.WARNING, f"{told}; {MEMORY_GIB:g} are needed", "close other programs", Maker.YOU)
    else:
        yield Finding("memory", State.OK, told)


def _disk(machine: Machine) -> Iterator[Finding]:
    needed = DATA_GIB + (CACHE_GIB if machine.missing_programs else 0)
    told = f"{machine.free_disk_gib:.1f} GiB are free below {machine.cache}"
    if machine.free_disk_gib < needed:
        remedy = "free some, or set WEIR_CACHE to a folder on a larger disk"
        yield Finding("disk", State.MISSING, f"{told}; {needed:g} are needed", remedy, Maker.YOU)
    else:
        yield Finding("disk", State.OK, told)


def _ports(machine: Machine) -> Iterator[Finding]:
    if machine.is_running:
        yield Finding("ports", State.OK, "the platform runs (weir status)")
    elif machine.taken_ports:
        taken = ", ".join(f"{name} {port}" for name, port in machine.taken_ports.items())
        yield Finding("ports", State.WARNING, f"in use: {taken}; others will be taken", "nothing; see weir status")
    else:
        yield Finding("ports", State.OK, "all are free")


CHECKS: tuple[Check[Machine], ...] = (
    Check("Python", _python),
    Check("programs", _builders),
    Check("memory", _memory),
    Check("disk", _disk),
    Check("ports", _ports),
)
