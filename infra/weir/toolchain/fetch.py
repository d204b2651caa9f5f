"""How a tool's folder is filled: by Maven, by uv, from an archive, or put together from other folders."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

from weir.config.errors import WeirError

Progress = Callable[[str, float | None], None]

_NAMESPACE = {"m": "http://maven.apache.org/POM/4.0.0"}
_NETWORK_SIGNS = re.compile(
    r"unknown host|could not transfer|connection refused|network is unreachable|connect timed out|dns error|"
    r"no route to host|temporary failure in name resolution|error sending request|failed to fetch|offline",
    re.IGNORECASE,
)
_DISK_SIGNS = re.compile(r"no space left on device|os error 28|disk quota exceeded", re.IGNORECASE)
_MAVEN_PROGRESS = re.compile(r"Progress \(\d+\): (?:.*\| )?(.*)")


class Pom:
    """toolchain/pom.xml: which artifacts a tool is, and at which version."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._root = ElementTree.parse(path).getroot()  # noqa: S314 - our own file

    def version(self, tool: str) -> str:
        """The property `<tool>.version`, of the whole file or of the tool's profile; `flink-jars` has Flink's,
        `trino-jdbc` Trino's, and both `kafka-streams` and `kafka-connect` have Kafka's."""
        program = re.sub(r"-(jars|streams|connect|jdbc)$", "", tool)
        name = f"{program}.version"
        value = self._root.findtext(f".//m:properties/m:{name}", namespaces=_NAMESPACE)
        if value is None:
            raise WeirError(f"{self.path}: properties.{name} is missing; add it")
        return value

    def digest(self, tool: str) -> str:
        """Changes with the tool's profile and with the versions."""
        profile = tool.removesuffix("-jars")
        parts = [self._root.find("m:properties", _NAMESPACE)]
        parts += [
            entry
            for entry in self._root.findall("m:profiles/m:profile", _NAMESPACE)
            if entry.findtext("m:id", namespaces=_NAMESPACE) == profile
        ]
        text = b"".join(ElementTree.tostring(part) for part in parts if part is not None)
        return hashlib.sha256(text).hexdigest()[:10]


def modules_of(pom: Path) -> list[str]:
    """The folders of the modules that `pom` names."""
    root = ElementTree.parse(pom).getroot()  # noqa: S314 - our own file
    return [module.text or "" for module in root.findall("m:modules/m:module", _NAMESPACE)]


class Maven:
    """Maven, run with the JDK that weir found and the user's own settings."""

    def __init__(self, executable: Path, java_home: Path, pom: Pom) -> None:
        self._executable = executable
        self._environment = {**os.environ, "JAVA_HOME": str(java_home)}
        self._pom = pom

    def copy(self, profile: str, folder: Path, progress: Progress) -> None:
        """The profile's artifacts with everything they need at run time, as files in `folder`."""
        goals = ["dependency:copy-dependencies", f"-DoutputDirectory={folder}"]
        self._run(["-f", str(self._pom.path), "-P", profile, *goals], progress)

    def unpack(self, profile: str, folder: Path, progress: Progress) -> None:
        """The content of the profile's one archive, without a single top folder."""
        archives = folder / ".archives"
        self.copy(profile, archives, progress)
        (archive,) = archives.iterdir()
        unpack(archive, folder, progress)
        shutil.rmtree(archives)

    def build_jars(
        self, repository: Path, sources: list[Path], modules: Collection[str], folder: Path, progress: Progress
    ) -> None:
        """The jars of weir's `modules`, built from a copy of the sources, so that no other build is disturbed."""
        tree = folder / ".build"
        for source in sources:
            copy = tree / source.relative_to(repository)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copy)
        wanted = ["-pl", ",".join(modules), "-am"]
        self._run(["-f", str(tree / "pom.xml"), *wanted, "-Dmaven.test.skip=true", "package"], progress)
        for jar in [jar for module in modules for jar in (tree / module / "target").glob("*.jar")]:
            if not jar.name.startswith("original-"):
                jar.rename(folder / jar.name)
        shutil.rmtree(tree)

    def _run(self, arguments: list[str], progress: Progress) -> None:
        def show(line: str) -> None:
            if match := _MAVEN_PROGRESS.search(line):
                progress(f"downloading {match.group(1)}"[:60], None)

        progress("resolving", None)
        # No --batch-mode: it would hide Maven's progress lines. Without a terminal it asks nothing either.
        run_and_follow([str(self._executable), *arguments], self._environment, show)


def python_environment(
    uv: Path, repository: Path, lock_files: Sequence[Path], folder: Path, progress: Progress
) -> None:
    """A relocatable environment of exactly the packages of `lock_files`, hashes checked."""
    mirror = ["bash", "-c", '. toolchain/pip-mirror.sh && exec "$@"', "weir"]
    base = str(getattr(sys, "_base_executable", sys.executable))
    environment = {**os.environ, "PYTHON": base, "VIRTUAL_ENV": str(folder)}

    def show(line: str) -> None:
        progress(line.strip()[:60], None)

    progress("creating the environment", None)
    create = [str(uv), "venv", "--quiet", "--allow-existing", "--relocatable", "--python", base, str(folder)]
    sync = [str(uv), "pip", "sync", "--require-hashes", *map(str, lock_files)]
    for command in (create, sync):
        run_and_follow([*mirror, *command], environment, show, working_directory=repository)


def unpack(archive: Path, folder: Path, progress: Progress) -> None:
    """Extracts a tar.gz into `folder`, leaving out a single top folder that holds all of it (`trino-server-476/`)."""
    size = archive.stat().st_size
    inner = folder / ".unpacked"
    with archive.open("rb") as raw, tarfile.open(fileobj=raw, mode="r|gz") as tar:
        for number, member in enumerate(tar):
            tar.extract(member, inner, filter="data")
            if number % 50 == 0:
                progress("unpacking", raw.tell() / size)
    top = list(inner.iterdir())
    source = top[0] if len(top) == 1 and top[0].is_dir() else inner
    for entry in source.iterdir():
        entry.rename(folder / entry.name)
    shutil.rmtree(inner)


def compile_java(java_home: Path, sources: Path, jars: Path, folder: Path) -> None:
    """The classes of the files in `sources`, compiled against `jars`, as a class path's folder."""
    files = [str(file) for file in sorted(sources.glob("*.java"))]
    command = [str(java_home / "bin" / "javac"), "-cp", str(jars / "*"), "-d", str(folder), "--release", "17", *files]
    run_and_follow(command, dict(os.environ), lambda _: None)


def assemble_flink(environment: Path, jars: Path, connectors: Path, folder: Path) -> None:
    """A FLINK_HOME: PyFlink's files (hard links, for they are 300 MB) and in `lib/` the connectors."""
    (source,) = environment.glob("lib/python*/site-packages/pyflink")
    for part in ("bin", "conf", "lib", "opt", "plugins"):
        shutil.copytree(source / part, folder / part, copy_function=os.link)
    for jar in [*jars.glob("*.jar"), *connectors.glob("*.jar")]:
        os.link(jar, folder / "lib" / jar.name)
    for script in (folder / "bin").glob("*"):
        # A wheel does not keep the mode of its data files. A copy: the link's other name must stay as it is.
        content = script.read_bytes()
        script.unlink()
        script.write_bytes(content)
        script.chmod(0o755)


def locked_version(lock: Path, package: str) -> str:
    """The version of `package` in a lock file.

    Raises:
        WeirError: the lock file does not name it.
    """
    match = re.search(rf"^{re.escape(package)}==(\S+)", lock.read_text(encoding="utf-8"), re.MULTILINE)
    if match is None:
        raise WeirError(f"{lock}: {package} is missing; regenerate the lock files with `make lock`")
    return match.group(1)


class Running:
    """The commands that run now, so that an interruption can end them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._processes: set[subprocess.Popen[str]] = set()
        self._ended = False

    @contextmanager
    def registered(self, process: subprocess.Popen[str]) -> Iterator[None]:
        """Counts `process` as running; ends it at once when everything was ended already."""
        with self._lock:
            self._processes.add(process)
            if self._ended:
                process.terminate()
        try:
            yield
        finally:
            with self._lock:
                self._processes.discard(process)

    def end_all(self) -> None:
        """Ends what runs, and whatever starts from now on."""
        with self._lock:
            self._ended = True
            for process in self._processes:
                process.terminate()


RUNNING = Running()


def run_and_follow(
    command: list[str],
    environment: dict[str, str],
    show: Callable[[str], None],
    working_directory: Path | None = None,
) -> None:
    """Runs a command, hands each line (also one ended by a carriage return) to `show`.

    Raises:
        subprocess.CalledProcessError: with the last 40 lines as `output`.
    """
    lines: list[str] = []
    with subprocess.Popen(
        command,
        env=environment,
        cwd=working_directory,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,  # universal newlines: Maven's carriage returns end a line too
        errors="replace",
    ) as process:
        assert process.stdout is not None  # noqa: S101 - PIPE was asked for
        with RUNNING.registered(process):
            for line in process.stdout:
                show(line)
                if not line.startswith("Progress"):
                    lines = [*lines[-39:], line.rstrip()]
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, command, output="\n".join(lines))


@contextmanager
def clear_errors(tool: str, cache: Path) -> Iterator[None]:
    """Turns what can go wrong while fetching `tool` into a message that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _disk_full(tool, cache) from None
        raise WeirError(f"{tool}: {error}; correct it and run this again") from error
    except subprocess.CalledProcessError as error:
        output = str(error.output)
        if _DISK_SIGNS.search(output):
            raise _disk_full(tool, cache) from None
        if _NETWORK_SIGNS.search(output):
            raise WeirError(
                f"{tool} is not in the cache ({cache}) and cannot be downloaded: the network or the package mirror "
                "does not answer. Check the connection, the proxy, Maven's settings.xml and pip's configuration, "
                f"then run this again; what has been fetched is kept.\n{_tail(output)}"
            ) from None
        raise WeirError(f"{tool}: `{Path(error.cmd[0]).name}` failed:\n{_tail(output)}") from None


def _disk_full(tool: str, cache: Path) -> WeirError:
    return WeirError(
        f"{tool}: the disk of {cache} is full. weir needs about 6 GiB there; free some space, or set WEIR_CACHE to a "
        "folder on another disk, then run this again."
    )


def _tail(output: str) -> str:
    meaningful = [line for line in output.splitlines() if line.strip() and "[Help" not in line and "re-run" not in line]
    return "\n".join(meaningful[-4:])
