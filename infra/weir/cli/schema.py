"""Commands about schemas: may they change this way?"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from weir.cli.shared import JsonOption, console

if TYPE_CHECKING:
    from weir.catalog.compatibility import Rule

commands = typer.Typer(no_args_is_help=True)
REGISTRY = "registry"


@commands.callback()
def _schema() -> None:
    """Check how event schemas may change."""


@commands.command()
def check(
    pipelines: Annotated[list[str] | None, typer.Argument(help="Folders below pipelines/. Default: all.")] = None,
    against: Annotated[str, typer.Option(help="`registry`, or a git revision such as origin/main.")] = REGISTRY,
    registry_url: Annotated[
        str | None, typer.Option(help="Confluent-compatible base URL. Default: the running platform's.")
    ] = None,
    rule: Annotated[
        str | None, typer.Option(help="Override the pipeline file's compatibility rule, e.g. FULL.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Explain every incompatible schema change in the working tree. Exit code 1: there is one."""
    from weir.catalog.pipeline import load_pipelines, pipeline_names  # noqa: PLC0415
    from weir.catalog.spec_source import SourceFormat  # noqa: PLC0415
    from weir.config.repository import REPOSITORY  # noqa: PLC0415
    from weir.local import context, schema_gate  # noqa: PLC0415

    root = REPOSITORY / "pipelines"
    chosen = load_pipelines(root, pipelines or list(pipeline_names(root)))
    if against == REGISTRY and registry_url is None:
        registry_url = context.running_context(context.paths_from(os.environ)).endpoints.registry_url
    results = {}
    for pipeline in chosen:
        if against == REGISTRY:
            earlier = schema_gate.registered_versions(registry_url or "", pipeline.subject)
        else:
            earlier = schema_gate.committed_versions(REPOSITORY, pipeline, against)
        found = schema_gate.findings_of(pipeline, earlier, _rule(rule))
        results[pipeline.name] = {
            "compared": len(earlier),
            # The registry knows nothing of JSON.
            "checked": against != REGISTRY or pipeline.spec.source.format is not SourceFormat.JSON,
            "findings": [str(finding) for finding in found],
        }
    if as_json:
        console.print_json(data=results)
    else:
        for name, result in results.items():
            _print(name, result)
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
        raise WeirError(f"--rule {name}: unknown rule; known: {', '.join(Rule)}") from None


def _print(name: str, result: dict[str, Any]) -> None:
    findings = result["findings"]
    if not result["checked"] and not findings:
        text = f"{name}: nothing was checked, for its events are JSON, which the registry does not know; compare with "
        console.print(f"{text}git using --against <revision>", style="yellow", highlight=False, markup=False)
    elif not result["compared"]:
        console.print(f"{name}: no earlier version to compare with", highlight=False, markup=False)
    elif not findings:
        console.print(f"{name}: compatible", style="green", highlight=False, markup=False)
    else:
        console.print(f"{name}: incompatible", style="bold red", highlight=False, markup=False)
        for finding in findings:
            console.print(f"  {finding}", highlight=False, markup=False)
