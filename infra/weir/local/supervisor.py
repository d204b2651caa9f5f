"""The supervisor: one process per data directory that starts, probes, watches, restarts and stops the services.

It is started detached by `weir up` and told what to do by signals and files: SIGTERM stops everything, a file in
`run/requests` restarts a service, or kills and holds it. What it knows is in the state file. Services die with it, even
when it is killed: each is started through `setpriv --pdeathsig`, by the main thread, because the kernel ties that
signal to the thread.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from weir.catalog.spec import Engine
from weir.config.errors import WeirError
from weir.local import ports, services, state
from weir.local.context import new_context
from weir.local.service import Context, Paths
from weir.local.state import Phase, State, Status
from weir.local.unit import Unit, log

TICK_SECONDS = 0.1


# A file `kafka`, `kafka.hold` or `kafka.release` in `run/requests`.
_HANDLERS = {"": Unit.restart, ".hold": Unit.hold, ".release": Unit.release}


class Supervisor:
    """Runs the services of one context until it is told to stop."""

    def __init__(self, ctx: Context, stack_path: Path, names: list[str]) -> None:
        self._paths = ctx.paths
        self._pool = ThreadPoolExecutor(max_workers=16, thread_name_prefix="ask")
        self._units = [Unit(service, ctx.paths, self._pool) for service in services.build(ctx, names)]
        moved = ports.moved(ctx.stack.embedded.ports, ctx.ports)
        used = {name: pair for name, pair in moved.items() if name.split("_")[0] in names}
        self._state = State(os.getpid(), str(stack_path), ctx.ports.model_dump(), used, engine=ctx.engine or "")
        self._state.services = [unit.state for unit in self._units]
        self._written = ""
        self._stop_asked = False
        state.keep_ports(ctx.paths, ctx.ports.model_dump())

    def run(self) -> int:
        """Until SIGTERM or SIGINT; the exit code: 0, or 1 when a service failed to start."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask_to_stop)
        self._publish()
        try:
            while not self._stop_asked:
                self._tick()
                time.sleep(TICK_SECONDS)
        except WeirError as error:
            self._state.failure = str(error)
        self._shut_down()
        return 1 if self._state.failure else 0

    def _ask_to_stop(self, *_: object) -> None:
        # A flag, not an Event: the handler runs in the thread that would wait for it.
        self._stop_asked = True

    def _tick(self) -> None:
        ready = {unit.service.name for unit in self._units if unit.state.status is Status.READY}
        for unit in self._units:
            unit.step(ready)
        if self._state.phase is Phase.STARTING and len(ready) == len(self._units):
            self._state.phase = Phase.UP
        for request in sorted((self._paths.run / "requests").glob("*")):
            request.unlink()
            for unit in self._units:
                if unit.service.name == request.stem:
                    _HANDLERS[request.suffix](unit)
        self._publish()

    def _shut_down(self) -> None:
        """Lets jobs end, then stops dependents before what they depend on, side by side where they may."""
        self._state.phase = Phase.STOPPING
        self._publish()
        if not self._state.failure:
            self._before_stop()
        left = [unit for unit in self._units if unit.state.status is not Status.STOPPED]
        while left:
            needed = {name for unit in left for name in unit.service.depends_on}
            free = [unit for unit in left if unit.service.name not in needed]
            for unit in free:
                unit.begin_stop()
            self._publish()
            for unit in free:
                unit.finish_stop()
                self._publish()
            left = [unit for unit in left if unit not in free]
        self._pool.shutdown(wait=False, cancel_futures=True)
        # Processes that a `prepare` started and that nothing waits for any more.
        state.kill_all(self._paths)
        self._state.phase = Phase.FAILED if self._state.failure else Phase.STOPPED
        self._publish()

    def _before_stop(self) -> None:
        asked = [
            (unit.service, self._pool.submit(unit.service.before_stop))
            for unit in self._units
            if unit.service.before_stop is not None and unit.state.status is Status.READY
        ]
        for service, future in asked:
            try:
                future.result(service.before_stop_seconds)
            except Exception as error:
                log(f"{service.name}: before the stop: {error!r}")

    def _publish(self) -> None:
        """Writes the state when it changed. A full disk must not end the supervisor."""
        text = repr(self._state)
        if text == self._written:
            return
        try:
            state.write(self._paths, self._state)
            self._written = text
        except OSError as error:
            log(f"the state file cannot be written: {error}")


def main(data_dir: str, stack_path: str, only: str, engine: str = "") -> int:
    """The process that `weir up` starts; exit code 2 when another supervisor has the data directory."""
    paths = Paths(Path(data_dir))
    lock = state.take_lock(paths)
    if lock is None:
        return 2
    with lock:
        # Inherited by whatever a service's `prepare` starts, so that it can be found.
        os.environ[state.MARK] = str(paths.data_dir)
        state.kill_all(paths)
        shutil.rmtree(paths.run / "requests", ignore_errors=True)
        names = only.split(",")
        try:
            chosen = Engine(engine) if engine else None
            ctx = new_context(paths, Path(stack_path), services.tools(names), lambda *_: None, chosen)
            supervisor = Supervisor(ctx, Path(stack_path), names)
        except WeirError as error:
            state.write(paths, State(os.getpid(), stack_path, {}, {}, Phase.FAILED, str(error)))
            return 1
        code = supervisor.run()
        # Threads that still wait for an answer of a stopped service must not hold the process.
        os._exit(code)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
