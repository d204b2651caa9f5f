"""Commands about schemas: may they change this way?"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from weir.cli.shared import JsonOption, console

if TYPE_CHECKING:
    from weir.catalog.compatibility import Rule

commands = typer.Typer(no_args_is_help=True)
REGISTRY = "registry"


@commands.callback()
def _schema() -> None:
    """Schemas of events and how they may change."""


@commands.command()
def check(
    pipelines: Annotated[list[str] | None, typer.Argument(help="Folders below pipelines/; all without.")] = None,
    against: Annotated[
        str, typer.Option(help="`registry`, or a git revision such as origin/main (for pull requests).")
    ] = REGISTRY,
    registry_url: Annotated[
        str | None, typer.Option(help="Confluent-compatible base; that of the running platform without.")
    ] = None,
    rule: Annotated[str | None, typer.Option(help="Another rule than the pipeline file's, such as FULL.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Explain every incompatible change of the working tree's schemas; exit code 1 when there is one."""
    from weir.catalog.pipeline import load_pipelines, pipeline_names  # noqa: PLC0415
    from weir.embedded import context, schema_gate  # noqa: PLC0415

    root = context.REPOSITORY / "pipelines"
    chosen = load_pipelines(root, pipelines or list(pipeline_names(root)))
    if against == REGISTRY and registry_url is None:
        registry_url = context.running_context(context.paths_from(os.environ)).endpoints.registry_url
    results = {}
    for pipeline in chosen:
        if against == REGISTRY:
            earlier = schema_gate.registered_versions(registry_url or "", pipeline.subject)
        else:
            earlier = schema_gate.committed_versions(context.REPOSITORY, pipeline, against)
        found = schema_gate.findings_of(pipeline, earlier, _rule(rule))
        results[pipeline.name] = {"compared": len(earlier), "findings": [str(finding) for finding in found]}
    if as_json:
        console.print_json(data=results)
    else:
        for name, result in results.items():
            _print(name, result["compared"], result["findings"])
    if any(result["findings"] for result in results.values()):
        raise typer.Exit(1)


def _rule(name: str | None) -> Rule | None:
    from weir.catalog.compatibility import Rule  # noqa: PLC0415
    from weir.config.errors import WeirError  # noqa: PLC0415

    if name is None:
        return None
    try:
        return Rule(name.upper())
    except ValueError:
        raise WeirError(f"--rule {name}: no such rule; known: {', '.join(Rule)}") from None


def _print(name: str, compared: int, findings: list[str]) -> None:
    if not compared:
        console.print(f"{name}: no earlier version, so everything is allowed", highlight=False, markup=False)
    elif not findings:
        console.print(f"{name}: compatible", style="green", highlight=False, markup=False)
    else:
        console.print(f"{name}: incompatible", style="bold red", highlight=False, markup=False)
        for finding in findings:
            console.print(f"  {finding}", highlight=False, markup=False)
