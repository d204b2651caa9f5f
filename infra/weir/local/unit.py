"""One service under supervision: its process, what it waits for, and how often it may die."""

from __future__ import annotations

import collections
import contextlib
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from weir.config.errors import WeirError
from weir.local import state
from weir.local.service import NotReady, Paths, Service
from weir.local.state import ServiceState, Status

ASK_INTERVAL_SECONDS = 0.3
MAXIMUM_RESTARTS = 5
RESTART_WINDOW_SECONDS = 600.0
FIRST_BACKOFF_SECONDS = 1.0
MAXIMUM_BACKOFF_SECONDS = 30.0
LOG_LINES_IN_A_FAILURE = 12
LOG_ROTATION_BYTES = 20 * 1024 * 1024
INHERITED_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH")


class Unit:
    """One service under supervision: its process and what it is waiting for. All methods run in the main thread."""

    def __init__(self, service: Service, paths: Paths, pool: ThreadPoolExecutor) -> None:
        self.service = service
        self.state = ServiceState(service.name, service.version, service.address)
        self.process: subprocess.Popen[bytes] | None = None
        self._paths = paths
        self._pool = pool
        self._work: Future[None] | None = None
        self._ask_at = 0.0
        self._started_at = 0.0
        self._start_at = 0.0
        self._deaths: collections.deque[float] = collections.deque(maxlen=MAXIMUM_RESTARTS)
        self._was_ready = False

    def step(self, ready: set[str]) -> None:
        """Does what can be done now, without waiting; `ready` names the services that answer.

        Raises:
            WeirError: it failed during its first start: the platform cannot come up.
        """
        match self.state.status:
            case Status.WAITING | Status.BACKING_OFF:
                if set(self.service.depends_on) <= ready and time.monotonic() >= self._start_at:
                    self.state.status = Status.PREPARING
                    self._work = self._pool.submit(self.service.prepare)
            case Status.PREPARING:
                if self._work is not None and self._work.done():
                    self._spawn(self._work)
            case Status.STARTING:
                self._ask()
            case Status.READY:
                if self.process is not None and self.process.poll() is not None:
                    self._died(_exit_reason(self.process.returncode))
            case _:
                pass

    def restart(self) -> None:
        """Stops the process; the next step starts it again, at once."""
        self.stop()
        self._deaths.clear()
        self._start_at = 0.0
        self.state.restarts += 1
        self.state.status = Status.WAITING

    def hold(self) -> None:
        """Kills the process, as a machine that loses power would, and leaves it down until `release`."""
        self._kill_group()
        self.finish_stop()

    def release(self) -> None:
        """Lets a held service start again with the next step."""
        if self.state.status is Status.STOPPED:
            self._start_at = 0.0
            self.state.restarts += 1
            self.state.status = Status.WAITING

    def stop(self) -> None:
        """Asks the process to end, and ends it when the grace is over."""
        self.begin_stop()
        self.finish_stop()

    def begin_stop(self) -> None:
        """Sends the stop signal, to the process alone: it ends its own workers in order."""
        self.state.status = Status.STOPPING
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(self.service.stop_signal)

    def finish_stop(self) -> None:
        """Waits for the end and kills what is left of the process group."""
        if self.process is not None:
            try:
                self.process.wait(self.service.stop_grace_seconds)
            except subprocess.TimeoutExpired:
                self.state.message = f"did not stop within {self.service.stop_grace_seconds:.0f} s, so it was killed"
            else:
                if self.state.status is Status.STOPPING and self.service.after_stop is not None:
                    _logged(f"{self.service.name}: after its stop", self.service.after_stop)
            self._kill_group()
            self.process.wait()
        self.process, self._work = None, None
        self.state.pid, self.state.ready_at = None, None
        self.state.status = Status.STOPPED

    def _spawn(self, prepared: Future[None]) -> None:
        if error := prepared.exception():
            self._died(f"its preparation failed: {error}")
            return
        try:
            self._start_process()
        except OSError as error:
            self._died(f"it cannot be started: {error}")

    def _start_process(self) -> None:
        log = self._paths.log(self.service.name)
        if log.exists() and log.stat().st_size > LOG_ROTATION_BYTES:
            log.replace(log.with_suffix(".log.1"))
        environment = {name: os.environ[name] for name in INHERITED_VARIABLES if name in os.environ}
        marks = {state.MARK: str(self._paths.data_dir), state.SERVICE_MARK: self.service.name}
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", *self.service.command],
                env={**environment, **self.service.environment, **marks},
                cwd=self.service.working_directory or self._paths.data(self.service.name),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._started_at = time.monotonic()
        self._work, self._ask_at = None, 0.0
        self.state.pid = self.process.pid
        self.state.status = Status.STARTING

    def _ask(self) -> None:
        if self.process is None or self.process.poll() is not None:
            self._died(_exit_reason(self.process.returncode if self.process else None))
        elif self._work is None:
            if time.monotonic() >= self._ask_at:
                self._work = self._pool.submit(self.service.ready)
        elif self._work.done():
            answer, self._work = self._work.exception(), None
            if answer is None:
                self._became_ready()
            elif isinstance(answer, NotReady):
                self.state.message = str(answer)
                self._ask_at = time.monotonic() + ASK_INTERVAL_SECONDS
                if time.monotonic() - self._started_at > self.service.ready_timeout_seconds:
                    self._died(f"not ready after {self.service.ready_timeout_seconds:.0f} s: {answer}")
            else:
                self._died(f"its readiness check failed: {answer!r}")

    def _became_ready(self) -> None:
        self.state.status = Status.READY
        self.state.message = ""
        self.state.ready_at = time.time()
        self.state.start_seconds = round(time.monotonic() - self._started_at, 1)
        if self._was_ready and self.service.after_restart is not None:
            self._pool.submit(_logged, f"{self.service.name}: after its restart", self.service.after_restart)
        self._was_ready = True

    def _died(self, reason: str) -> None:
        self._kill_group()
        if self.process is not None:
            self.process.wait()
        self.process, self._work = None, None
        self.state.pid, self.state.ready_at = None, None
        self.state.message = reason
        now = time.monotonic()
        recent = [death for death in self._deaths if now - death < RESTART_WINDOW_SECONDS]
        if not self._was_ready or len(recent) >= MAXIMUM_RESTARTS:
            self.state.status = Status.FAILED
            if not self._was_ready:
                raise WeirError(self._failure(reason))
            return
        self._deaths.append(now)
        # The first death in a while is answered at once.
        self._start_at = now + min(FIRST_BACKOFF_SECONDS * (2 ** len(recent) - 1), MAXIMUM_BACKOFF_SECONDS)
        self.state.restarts += 1
        self.state.status = Status.BACKING_OFF

    def _kill_group(self) -> None:
        """Kills the process group, which also holds workers that a dead process left behind."""
        if self.process is not None:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                return

    def _failure(self, reason: str) -> str:
        log = self._paths.log(self.service.name)
        parts = [f"{self.service.name} did not start: {reason}", self._paths.disk_full]
        parts += [tail(log, LOG_LINES_IN_A_FAILURE), f"See the full log: {log}"]
        return "\n".join(part for part in parts if part)


def tail(path: Path, lines: int) -> str:
    """The last lines of a log file, without the frames of Java's stack traces, which hide the reason."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return "(no log yet)"
    return "\n".join([line for line in text.splitlines() if not line.startswith("\tat ")][-lines:])


def log(text: str) -> None:
    """Writes a line to the supervisor's own log; on a full disk it is lost, and the supervisor continues."""
    with contextlib.suppress(OSError):
        sys.stdout.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}\n")
        sys.stdout.flush()


def _logged(what: str, hook: Callable[[], None]) -> None:
    try:
        hook()
    except Exception:
        log(f"{what}:\n{traceback.format_exc()}")


def _exit_reason(code: int | None) -> str:
    if code is None:
        return "its process has disappeared"
    if code < 0:
        return f"its process was killed by {signal.Signals(-code).name}"
    return f"its process ended with exit code {code}"
