"""What every JVM service shares: its command line and its log set-up."""

from __future__ import annotations

from pathlib import Path

COMMON_FLAGS = (
    # An exhausted heap leaves a JVM half alive; the supervisor restarts one that is gone.
    "-XX:+ExitOnOutOfMemoryError",
    "-Dfile.encoding=UTF-8",
    "-Djava.net.preferIPv4Stack=true",
    "-Djava.awt.headless=true",
)


def java(home: Path) -> str:
    """The `java` of a JAVA_HOME."""
    return str(home / "bin" / "java")


def heap(mebibytes: int) -> tuple[str, ...]:
    """A G1 heap that starts small: what is never used is never touched, so it does not count as resident."""
    return (f"-Xms{min(mebibytes, 128)}m", f"-Xmx{mebibytes}m", "-XX:+UseG1GC")


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


def properties(settings: dict[str, object]) -> str:
    """A Java properties file; true and false as Java writes them."""
    return "".join(
        f"{key}={str(value).lower() if isinstance(value, bool) else value}\n" for key, value in settings.items()
    )
