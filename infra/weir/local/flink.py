"""The Flink session cluster: one job manager and the stack's task managers, each a process."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from weir.catalog.flink import JDK17_FLAGS
from weir.config.errors import WeirError
from weir.config.flink import StateBackend
from weir.local import flink_tls, jvm
from weir.local.service import LOOPBACK, Context, NotReady, Service, ask_http

if TYPE_CHECKING:
    import httpx

JOB_MANAGER = "flink-jobmanager"
TASK_MANAGER = "flink-taskmanager"
JOB_MANAGER_MAIN = "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint"
TASK_MANAGER_MAIN = "org.apache.flink.runtime.taskexecutor.TaskManagerRunner"

QUIET_LOGGERS = ("org.apache.pekko", "org.apache.kafka", "org.apache.flink.shaded.netty4.io.netty")

# Flink's defaults (docs: Set up TaskManager / JobManager Memory), MiB.
METASPACE_MIB = 256
MINIMUM_OVERHEAD_MIB = 192
MAXIMUM_OVERHEAD_MIB = 1024
FRAMEWORK_HEAP_MIB = 128
FRAMEWORK_OFF_HEAP_MIB = 128
JOB_MANAGER_OFF_HEAP_MIB = 128
MINIMUM_NETWORK_MIB = 64
NETWORK_FRACTION = 0.1
MANAGED_FRACTION = 0.4
# The Cassandra driver's and the Kafka clients' direct buffers.
TASK_OFF_HEAP_MIB = 64
MINIMUM_TASK_HEAP_MIB = 128


@dataclass(frozen=True)
class TaskManagerMemory:
    """The parts of a task manager's process memory, MiB; they add up to it."""

    task_heap: int
    managed: int
    network: int
    overhead: int

    @property
    def heap(self) -> int:
        """The JVM's -Xmx."""
        return self.task_heap + FRAMEWORK_HEAP_MIB

    @property
    def direct(self) -> int:
        """The JVM's -XX:MaxDirectMemorySize."""
        return self.network + FRAMEWORK_OFF_HEAP_MIB + TASK_OFF_HEAP_MIB


def task_manager_memory(process_mib: int, backend: StateBackend) -> TaskManagerMemory:
    """How Flink divides a task manager's process memory, MiB.

    Flink's start scripts ask a JVM of their own for this sum at every start, which costs a second. Managed memory is
    RocksDB's: with state on the heap nothing in a stream uses it, and the heap gets it.

    Raises:
        WeirError: too little is left for the tasks.
    """
    overhead = min(max(process_mib // 10, MINIMUM_OVERHEAD_MIB), MAXIMUM_OVERHEAD_MIB)
    flink = process_mib - overhead - METASPACE_MIB
    network = max(int(flink * NETWORK_FRACTION), MINIMUM_NETWORK_MIB)
    managed = int(flink * MANAGED_FRACTION) if backend is StateBackend.ROCKSDB else 0
    rest = FRAMEWORK_HEAP_MIB + FRAMEWORK_OFF_HEAP_MIB + TASK_OFF_HEAP_MIB
    task_heap = flink - network - managed - rest
    if task_heap < MINIMUM_TASK_HEAP_MIB:
        raise WeirError(
            f"embedded.memory.flink_task_manager_process_mib: {process_mib} leaves {task_heap} MiB of heap for tasks "
            f"with state backend {backend.value}, which need {MINIMUM_TASK_HEAP_MIB}; raise it"
        )
    return TaskManagerMemory(task_heap, managed, network, overhead)


def job_manager(ctx: Context) -> Service:
    """The job manager, with the REST interface and the web page on loopback."""
    process = ctx.stack.embedded.memory.flink_job_manager_process_mib
    overhead = min(max(process // 10, MINIMUM_OVERHEAD_MIB), MAXIMUM_OVERHEAD_MIB)
    heap = process - overhead - METASPACE_MIB - JOB_MANAGER_OFF_HEAP_MIB
    return Service(
        name=JOB_MANAGER,
        version=ctx.toolchain.versions["flink"],
        command=_command(ctx, JOB_MANAGER, JOB_MANAGER_MAIN, jvm.heap(heap), JOB_MANAGER_OFF_HEAP_MIB),
        address=ctx.endpoints.flink_url,
        environment=_environment(ctx, JOB_MANAGER),
        prepare=lambda: _prepare(ctx, JOB_MANAGER, {"jobmanager.memory.process.size": f"{process}m"}),
        ready=lambda: _job_manager_ready(ctx),
        stop_grace_seconds=60,
        after_stop=_archive(ctx, JOB_MANAGER).keep,
    )


def task_manager(ctx: Context, number: int) -> Service:
    """Task manager `number`, counted from 1. It starts beside the job manager and keeps asking for it."""
    name = f"{TASK_MANAGER}-{number}"
    flink = ctx.stack.flink
    memory = task_manager_memory(ctx.stack.embedded.memory.flink_task_manager_process_mib, flink.state_backend)
    settings = {
        "taskmanager.resource-id": name,
        "taskmanager.host": LOOPBACK,
        "taskmanager.bind-host": LOOPBACK,
        "taskmanager.numberOfTaskSlots": flink.task_slots,
        "taskmanager.cpu.cores": float(flink.task_slots),
        # All parts are given, for Flink derives none of them when its own start scripts are not used.
        "taskmanager.memory.framework.heap.size": f"{FRAMEWORK_HEAP_MIB}m",
        "taskmanager.memory.framework.off-heap.size": f"{FRAMEWORK_OFF_HEAP_MIB}m",
        "taskmanager.memory.jvm-metaspace.size": f"{METASPACE_MIB}m",
        "taskmanager.memory.task.heap.size": f"{memory.task_heap}m",
        "taskmanager.memory.task.off-heap.size": f"{TASK_OFF_HEAP_MIB}m",
        "taskmanager.memory.managed.size": f"{memory.managed}m",
        "taskmanager.memory.network.min": f"{memory.network}m",
        "taskmanager.memory.network.max": f"{memory.network}m",
        "taskmanager.memory.jvm-overhead.min": f"{memory.overhead}m",
        "taskmanager.memory.jvm-overhead.max": f"{memory.overhead}m",
    }
    return Service(
        name=name,
        version=ctx.toolchain.versions["flink"],
        command=_command(ctx, name, TASK_MANAGER_MAIN, jvm.heap(memory.heap, flink.garbage_collector), memory.direct),
        address=ctx.endpoints.flink_url,
        environment=_environment(ctx, name),
        prepare=lambda: _prepare(ctx, name, settings),
        ready=lambda: _task_manager_ready(ctx, name),
        stop_grace_seconds=60,
        after_stop=_archive(ctx, name).keep,
    )


def checkpoint_folder(ctx: Context) -> Path:
    """Where jobs keep their checkpoints."""
    return ctx.paths.data("flink") / "checkpoints"


def savepoint_folder(ctx: Context) -> Path:
    """Where a job that is stopped leaves its savepoint."""
    return ctx.paths.data("flink") / "savepoints"


def cluster_settings(ctx: Context) -> dict[str, Any]:
    """What both kinds of process and the command-line client read: addresses, checkpoints, defaults of jobs."""
    flink = ctx.stack.flink
    return {
        "jobmanager.rpc.address": LOOPBACK,
        "jobmanager.rpc.port": ctx.ports.flink_rpc,
        "jobmanager.bind-host": LOOPBACK,
        "rest.address": LOOPBACK,
        "rest.bind-address": LOOPBACK,
        "rest.port": ctx.ports.flink,
        "web.cancel.enable": True,
        # The monitor asks every five seconds; Flink's interface shows counters ten seconds old unless it is told.
        "metrics.fetcher.update-interval": "1 s",
        # A task manager that was quicker than its job manager asks again soon, not after ten seconds.
        "cluster.registration.error-delay": "500 ms",
        "cluster.registration.refused-registration-delay": "500 ms",
        # A job manager notices after two failed heartbeats that a task manager is gone. A task manager only notices by
        # the timeout that its job manager is, and until then keeps its slots for a job that nobody leads.
        "heartbeat.interval": "3 s",
        "heartbeat.timeout": "15 s",
        "parallelism.default": flink.parallelism,
        "pipeline.max-parallelism": flink.max_parallelism,
        "state.backend.type": flink.state_backend.value,
        "execution.checkpointing.incremental": flink.state_backend is StateBackend.ROCKSDB,
        "execution.checkpointing.interval": f"{flink.checkpoint_interval_seconds} s",
        "execution.checkpointing.timeout": f"{flink.checkpoint_timeout_seconds} s",
        "execution.checkpointing.mode": "EXACTLY_ONCE",
        "execution.checkpointing.num-retained": 3,
        "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
        "execution.checkpointing.dir": checkpoint_folder(ctx).as_uri(),
        "execution.checkpointing.savepoint-dir": savepoint_folder(ctx).as_uri(),
        "io.tmp.dirs": str(ctx.paths.data("flink") / "tmp"),
    }


def client_config_folder(ctx: Context) -> Path:
    """FLINK_CONF_DIR of the `flink` command: the job manager's."""
    return ctx.paths.config(JOB_MANAGER)


def _command(ctx: Context, name: str, main: str, heap: tuple[str, ...], direct_mib: int) -> tuple[str, ...]:
    folder = ctx.paths.config(name)
    return (
        jvm.java(ctx.toolchain.java17),
        "-cp",
        _classpath(ctx),
        *_archive(ctx, name).flags,
        *jvm.COMMON_FLAGS,
        *heap,
        f"-XX:MaxDirectMemorySize={direct_mib}m",
        f"-XX:MaxMetaspaceSize={METASPACE_MIB}m",
        *JDK17_FLAGS,
        # The web page shows the file that `log.file` names.
        f"-Dlog.file={ctx.paths.log(name)}",
        f"-Dlog4j.configurationFile={folder / 'log4j2.properties'}",
        main,
        "--configDir",
        str(folder),
    )


def _classpath(ctx: Context) -> str:
    return os.pathsep.join(str(jar) for jar in sorted((ctx.toolchain.home("flink") / "lib").glob("*.jar")))


def _archive(ctx: Context, name: str) -> jvm.ClassArchive:
    return jvm.class_archive(ctx, name, _classpath(ctx))


def _environment(ctx: Context, name: str) -> dict[str, str]:
    home = ctx.toolchain.home("flink")
    return {
        "FLINK_CONF_DIR": str(ctx.paths.config(name)),
        "FLINK_LIB_DIR": str(home / "lib"),
        "FLINK_PLUGINS_DIR": str(home / "plugins"),
    }


def _prepare(ctx: Context, name: str, settings: dict[str, Any]) -> None:
    folder = ctx.paths.config(name)
    (ctx.paths.data("flink") / "tmp").mkdir(exist_ok=True)
    flink_tls.ensure(ctx)
    text = yaml.safe_dump({**cluster_settings(ctx), **flink_tls.settings(ctx), **settings}, sort_keys=False)
    (folder / "config.yaml").write_text(text, encoding="utf-8")
    (folder / "log4j2.properties").write_text(jvm.log4j2(QUIET_LOGGERS), encoding="utf-8")
    # The client reads its own; without one it complains at every call.
    (folder / "log4j-cli.properties").write_text(jvm.log4j2(QUIET_LOGGERS), encoding="utf-8")


def _job_manager_ready(ctx: Context) -> None:
    _ask(ctx, "/overview")


def _task_manager_ready(ctx: Context, name: str) -> None:
    answer = _ask(ctx, "/taskmanagers").json()
    if name not in {entry["id"] for entry in answer["taskmanagers"]}:
        raise NotReady("it has not registered with the job manager yet")


def _ask(ctx: Context, path: str) -> httpx.Response:
    return ask_http(ctx.endpoints.flink_url + path, login=ctx.endpoints.flink_login)
