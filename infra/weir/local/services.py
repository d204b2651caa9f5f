"""Which services make the platform, in the order in which they start, and what each needs from the toolchain."""

from __future__ import annotations

import importlib
from collections.abc import Collection
from dataclasses import replace

from weir.catalog.spec import Engine
from weir.config.errors import WeirError
from weir.config.stack import StackConfig
from weir.local.service import Context, Service

MONITOR = "monitor"
# Name on the command line -> tools. The order is that of the first figure's path: what it needs, first.
TOOLS: dict[str, tuple[str, ...]] = {
    "kafka": ("kafka",),
    "cassandra": ("cassandra",),
    "registry": ("registry",),
    "flink": ("flink-env", "flink"),
    "streams": ("kafka-streams", "streams-app"),
    "loader": ("kafka-connect", "loader-plugin"),
    "references": (),
    "trino": ("trino", "trino-aot"),
    "superset": ("superset", "superset-metadata"),
    MONITOR: (),
}
MODULES = {"registry": "apicurio"}
ENGINE_SERVICES = {Engine.FLINK: ("flink",), Engine.KAFKA_STREAMS: ("streams", "loader", "references")}
# What a savepoint may take; after it the job's last checkpoint has to do.
JOB_STOP_SECONDS = 45.0


def needed(engines: Collection[Engine]) -> list[str]:
    """The services of a platform whose pipelines run on `engines`, in starting order."""
    unused = {name for engine, names in ENGINE_SERVICES.items() if engine not in engines for name in names}
    return [name for name in TOOLS if name not in unused]


def own(names: Collection[str], stack: StackConfig) -> list[str]:
    """Those of the services `names` that weir runs: not what the stack says is there already.

    Raises:
        WeirError: it is there already, all of it.
    """
    existing = {"kafka": stack.kafka.existing, "registry": stack.registry.existing}
    found = [name for name in names if not existing.get(name)]
    if not found:
        raise WeirError(f"{', '.join(names)}: the stack says that this is there already, so there is nothing to start")
    return found


def of_engines(engines: Collection[Engine]) -> list[str]:
    """The services that run pipelines on `engines`."""
    return [name for engine in engines for name in ENGINE_SERVICES[engine]]


def chosen(only: str | None) -> list[str]:
    """The services of `--only kafka,cassandra`, in starting order; all of them without it.

    Raises:
        WeirError: an unknown name, or one that cannot run without the pipelines, which `--only` leaves out.
    """
    names = [name.strip() for name in only.split(",")] if only else list(TOOLS)
    if unknown := [name for name in names if name not in TOOLS]:
        raise WeirError(f"--only {only}: unknown service {', '.join(unknown)}; known: {', '.join(TOOLS)}")
    if only and MONITOR in names:
        raise WeirError(
            f"--only {only}: {MONITOR} watches the pipelines, which --only does not start; remove it from the list"
        )
    return [name for name in TOOLS if name in names]


def tools(names: Collection[str]) -> list[str]:
    """The tools that the services `names` need."""
    return [tool for name in names for tool in TOOLS[name]]


def process_names(names: Collection[str], stack: StackConfig) -> list[str]:
    """The processes of the services `names`: Flink is a job manager and the stack's task managers."""
    flink = ["flink-jobmanager", *(f"flink-taskmanager-{n}" for n in range(1, stack.flink.task_managers + 1))]
    return [process for name in names for process in (flink if name == "flink" else [name])]


def build(ctx: Context, names: Collection[str]) -> list[Service]:
    """The services `names`, in starting order; a dependency that is not among them is left out."""
    services = [service for name in names for service in _build(ctx, name)]
    known = {service.name for service in services}
    return [
        replace(service, depends_on=tuple(name for name in service.depends_on if name in known)) for service in services
    ]


def _build(ctx: Context, name: str) -> list[Service]:
    module = importlib.import_module(f"weir.local.{MODULES.get(name, name)}")
    if name == "flink":
        numbers = range(1, ctx.stack.flink.task_managers + 1)
        return [_with_jobs(ctx, module.job_manager(ctx)), *(module.task_manager(ctx, number) for number in numbers)]
    return [module.service(ctx)]


def _with_jobs(ctx: Context, job_manager: Service) -> Service:
    """A session cluster's job manager forgets its jobs: they end in savepoints before a stop, and come back after."""
    jobs = importlib.import_module("weir.local.jobs")

    def stop_all() -> None:
        jobs.stop_all(ctx, JOB_STOP_SECONDS)

    def submit_again() -> None:
        jobs.submit_again(ctx)

    return replace(
        job_manager, before_stop=stop_all, before_stop_seconds=JOB_STOP_SECONDS + 15, after_restart=submit_again
    )
