"""What every JVM service shares: its command line and its log set-up."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from weir.config.flink import GarbageCollector
from weir.local.service import Context

COMMON_FLAGS = (
    # A JVM with an exhausted heap is half dead; the supervisor restarts one that exits.
    "-XX:+ExitOnOutOfMemoryError",
    "-Dfile.encoding=UTF-8",
    "-Djava.net.preferIPv4Stack=true",
    "-Djava.awt.headless=true",
    # Ten times HotSpot's thresholds of its optimizing compiler (java -XX:+PrintFlagsFinal): what a stream runs for
    # every event still reaches them within seconds, and what only a start runs keeps no core busy for a minute.
    # Replaying 5,000 events/s right after the start, the compilers' share of two cores fell from 40 % to 15 %.
    "-XX:Tier4InvocationThreshold=50000",
    "-XX:Tier4MinInvocationThreshold=6000",
    "-XX:Tier4CompileThreshold=150000",
    "-XX:Tier4BackEdgeThreshold=400000",
)


def java(home: Path) -> str:
    """The `java` of a JAVA_HOME."""
    return str(home / "bin" / "java")


def heap(mebibytes: int, collector: GarbageCollector = GarbageCollector.G1) -> tuple[str, ...]:
    """A G1 heap starts small: what is never used is never touched, so it does not count as resident.

    The parallel collector has its whole heap from the start, a third of it young (HotSpot's NewRatio of 2): growing
    in steps, it would promote what dies soon, and collect the old generation for it.
    """
    first = min(mebibytes, 128) if collector is GarbageCollector.G1 else mebibytes
    return (f"-Xms{first}m", f"-Xmx{mebibytes}m", collector.flag)


# Hundreds of classes cannot be archived; the JVM would name each.
ARCHIVING_FLAGS = ("-Xlog:cds=off", "-Xlog:cds+dynamic=off")


@dataclass(frozen=True)
class ClassArchive:
    """Loaded and verified classes of a service, written when it first ends and mapped by every later start.

    Processor time to readiness, JDK 17, two cores: Cassandra 10.3 s -> 7.5 s, Kafka 5.5 s -> 3.4 s, the job manager
    5.9 s -> 4.7 s. The JVM ignores an archive that does not fit it.
    """

    path: Path
    made: Path

    @property
    def flags(self) -> tuple[str, ...]:
        """Use it, or make it."""
        if reading := self.reading_flags:
            return reading
        self.path.parent.mkdir(parents=True, exist_ok=True)
        return (*ARCHIVING_FLAGS, f"-XX:ArchiveClassesAtExit={self.made}")

    @property
    def reading_flags(self) -> tuple[str, ...]:
        """Use it, where it is there."""
        return (*ARCHIVING_FLAGS, f"-XX:SharedArchiveFile={self.path}") if self.path.exists() else ()

    def keep(self) -> None:
        """Keeps the output of a process that exited normally."""
        if self.made.exists():
            self.made.replace(self.path)


def class_archive(ctx: Context, service: str, classpath: str) -> ClassArchive:
    """The archive of `service` in the cache. Its key holds the class path, which names every version, and the JDK."""
    jdk = (ctx.toolchain.java17 / "release").read_text(encoding="utf-8")
    key = hashlib.sha256(f"{classpath}\0{jdk}".encode()).hexdigest()[:10]
    folder = ctx.toolchain.cache / "class-archives"
    owner = hashlib.sha256(str(ctx.paths.data_dir).encode()).hexdigest()[:10]
    return ClassArchive(folder / f"{service}-{key}.jsa", folder / f".{service}-{key}-{owner}.jsa")


def log4j2(quiet: tuple[str, ...] = ()) -> str:
    """A log4j 2 configuration that writes to standard output; loggers in `quiet` only from WARN on."""
    lines = [
        "status = error",
        "rootLogger.level = INFO",
        "rootLogger.appenderRef.console.ref = console",
        "appender.console.type = Console",
        "appender.console.name = console",
        "appender.console.layout.type = PatternLayout",
        "appender.console.layout.pattern = %d{yyyy-MM-dd HH:mm:ss,SSS} %-5p %-40.40c %x - %m%n",
    ]
    for number, logger in enumerate(quiet):
        lines += [f"logger.quiet{number}.name = {logger}", f"logger.quiet{number}.level = WARN"]
    return "\n".join(lines) + "\n"
