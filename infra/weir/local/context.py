"""The context of a platform: of one that is about to start, and of one that runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from weir.catalog.pipeline import Pipeline
from weir.catalog.spec import Engine
from weir.config.embedded import Ports
from weir.config.errors import WeirError
from weir.config.repository import REPOSITORY
from weir.config.stack import load_stack
from weir.local import installation, ports, state
from weir.local.service import Context, Paths
from weir.toolchain import toolchain


def paths_from(environment: Mapping[str, str]) -> Paths:
    """`$WEIR_HOME`, else `.weir` in the repository."""
    return Paths(Path(environment.get("WEIR_HOME") or REPOSITORY / ".weir").absolute())


def new_context(
    paths: Paths, stack_path: Path, tools: Collection[str], report: toolchain.Report, engine: Engine | None = None
) -> Context:
    """A context with freshly allocated ports.

    Raises:
        ConfigError: the stack file is wrong.
        WeirError: the toolchain cannot be had.
    """
    stack = load_stack(stack_path)
    tools_found = installation.ensure(REPOSITORY, tools, report)
    allocated = ports.allocate(stack.embedded.ports, state.previous_ports(paths))
    return Context(REPOSITORY, paths, allocated, stack, tools_found, engine)


def running_context(paths: Paths, tools: Collection[str] = ()) -> Context:
    """The context of the platform that runs on `paths`.

    Raises:
        WeirError: nothing runs there.
    """
    known = state.read(paths)
    if known is None or state.supervisor_pid(paths) is None:
        raise WeirError(f"nothing is running on {paths.data_dir}; start it with `weir up`")
    tools_found = installation.ensure(REPOSITORY, tools, lambda *_: None)
    engine = Engine(known.engine) if known.engine else None
    return Context(REPOSITORY, paths, Ports(**known.ports), load_stack(Path(known.stack_file)), tools_found, engine)


def pipeline_of(ctx: Context, name: str) -> Pipeline:
    """One of the stack's pipelines.

    Raises:
        WeirError: the stack does not run it.
    """
    for pipeline in ctx.pipelines():
        if pipeline.name == name:
            return pipeline
    raise WeirError(f"{name}: the stack runs no pipeline with this name; it runs {', '.join(ctx.stack.pipelines)}")
