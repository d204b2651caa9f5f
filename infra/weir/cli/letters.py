"""`weir letters`: the dead letters of a pipeline, and what is done about them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from weir.cli.letters_place import KafkaOption, LoginOption, RegistryOption, UserOption, desk_of
from weir.cli.shared import JsonOption, PipelineArgument, console, errors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weir.clients.letters.post import Selection

commands = typer.Typer(no_args_is_help=True)
TIMES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
POSITION = "partition:offset of a letter, or topic:partition:offset of its original record."
LONGEST_NOTE = 1000

PositionsArgument = Annotated[list[str] | None, typer.Argument(metavar="[POSITION]...", help=POSITION)]
SinceOption = Annotated[
    datetime | None, typer.Option("--since", formats=TIMES, help="Letters that arrived then or later (UTC).")
]
UntilOption = Annotated[
    datetime | None, typer.Option("--until", formats=TIMES, help="Letters that arrived before (UTC).")
]
CodeOption = Annotated[list[str] | None, typer.Option("--code", help="Letters with this code; may be repeated.")]
FieldOption = Annotated[
    list[str] | None, typer.Option("--field", help="Letters whose reason names this field; may be repeated.")
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]


@commands.callback()
def _letters() -> None:
    """List, show, resend or drop the records of a pipeline that did not become rows.

    Exit codes: 0, done; 1, an error, or `resend` held letters back; 2, wrong usage.
    """


@commands.command("list")
def list_letters(
    pipeline: PipelineArgument,
    since: SinceOption = None,
    until: UntilOption = None,
    code: CodeOption = None,
    field: FieldOption = None,
    show_all: Annotated[bool, typer.Option("--all", help="Also letters that were resent or dropped.")] = False,
    as_json: JsonOption = False,
    kafka: KafkaOption = None,
    registry: RegistryOption = None,
    login: LoginOption = None,
    user: UserOption = None,
) -> None:
    """Count the open letters by code and field. Exit code 0, however many there are."""
    from weir.cli.letters_shown import as_document, as_table, summary  # noqa: PLC0415

    mailbox = desk_of(pipeline, kafka, registry, login, user).mailbox
    post, hidden = mailbox.read()
    chosen = selection(None, code, field, since, until).of(post.letters if show_all else post.open())
    if as_json:
        typer.echo(json.dumps(as_document(mailbox.topic, post, chosen, hidden), indent=2))
        return
    if chosen:
        console.print(as_table(chosen))
    console.print(summary(mailbox.topic, post, chosen, hidden), highlight=False, markup=False)


@commands.command()
def show(
    pipeline: PipelineArgument,
    position: Annotated[str, typer.Argument(help=POSITION)],
    full: Annotated[bool, typer.Option("--full", help="The whole value, not only its first 4 KiB.")] = False,
    as_json: JsonOption = False,
    kafka: KafkaOption = None,
    registry: RegistryOption = None,
    login: LoginOption = None,
    user: UserOption = None,
) -> None:
    """Show one letter, and what the present schema makes of it."""
    from weir.cli.letters_shown import letter_document, letter_lines  # noqa: PLC0415
    from weir.clients.letters.letter import REFUSED, parse_position  # noqa: PLC0415
    from weir.config.errors import WeirError  # noqa: PLC0415

    desk = desk_of(pipeline, kafka, registry, login, user)
    post, _ = desk.mailbox.read()
    letter = post.find(parse_position(position))
    envelope = desk.envelope(letter)
    if envelope is None:
        raise WeirError(f"dead letter {letter.position} has just expired")
    verdict = "" if letter.code == REFUSED else desk.verdict(envelope)
    if as_json:
        typer.echo(json.dumps(letter_document(envelope, post.marker(letter), verdict), indent=2))
        return
    for line in letter_lines(envelope, post.marker(letter), verdict, full=full):
        typer.echo(line)


@commands.command()
def resend(
    pipeline: PipelineArgument,
    positions: PositionsArgument = None,
    since: SinceOption = None,
    until: UntilOption = None,
    code: CodeOption = None,
    field: FieldOption = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
    kafka: KafkaOption = None,
    registry: RegistryOption = None,
    login: LoginOption = None,
    user: UserOption = None,
) -> None:
    """Send letters that decode by now back to the source topic, each once. Default: all open ones.

    Exit code 1: some of the selected letters were held back; the reasons are printed.
    """
    chosen = selection(positions, code, field, since, until)
    done = desk_of(pipeline, kafka, registry, login, user).resend(chosen, _tell, dry_run=dry_run)
    if as_json:
        result = {"dry_run": dry_run, "sent": done.sent, "repeated": done.repeated, "held": done.held}
        typer.echo(json.dumps(result, indent=2))
    else:
        verb = "would be sent" if dry_run else "sent"
        console.print(f"{done.sent:,} letters {verb} to the source topic", highlight=False)
        if done.repeated:
            console.print(f"{done.repeated:,} are further letters of the same records", highlight=False)
        for why, count in sorted(done.held.items()):
            console.print(f"{count:,} held back: {why}", highlight=False, markup=False)
    if not done.is_complete:
        raise typer.Exit(1)


@commands.command()
def drop(
    pipeline: PipelineArgument,
    reason: Annotated[str, typer.Option("--reason", help="Why; it is kept beside the letters.")],
    positions: PositionsArgument = None,
    since: SinceOption = None,
    until: UntilOption = None,
    code: CodeOption = None,
    field: FieldOption = None,
    every: Annotated[bool, typer.Option("--every", help="All open letters.")] = False,
    dry_run: DryRunOption = False,
    kafka: KafkaOption = None,
    registry: RegistryOption = None,
    login: LoginOption = None,
    user: UserOption = None,
) -> None:
    """Mark letters as dealt with. Nothing is deleted: letters expire with their topic's retention."""
    from weir.config.errors import WeirError  # noqa: PLC0415

    chosen = selection(positions, code, field, since, until)
    if chosen.is_everything != every:
        raise WeirError("select letters by position, --code, --field, --since or --until; or all of them with --every")
    if not reason.strip() or len(reason) > LONGEST_NOTE:
        raise WeirError(f"--reason: between 1 and {LONGEST_NOTE} characters, for the one who wonders later")
    count = desk_of(pipeline, kafka, registry, login, user).drop(chosen, reason.strip(), _tell, dry_run=dry_run)
    console.print(f"{count:,} letters {'would be dropped' if dry_run else 'dropped'}", highlight=False)


def selection(
    positions: Sequence[str] | None,
    codes: Sequence[str] | None,
    fields: Sequence[str] | None,
    since: datetime | None,
    until: datetime | None,
) -> Selection:
    """The selection of the options; times without a zone are UTC."""
    from weir.clients.letters.letter import parse_position  # noqa: PLC0415
    from weir.clients.letters.post import Selection  # noqa: PLC0415

    return Selection(
        tuple(parse_position(position) for position in positions or ()),
        tuple(codes or ()),
        tuple(fields or ()),
        _milliseconds(since),
        _milliseconds(until),
    )


def _milliseconds(time: datetime | None) -> int | None:
    return None if time is None else int(time.replace(tzinfo=UTC).timestamp() * 1000)


def _tell(text: str) -> None:
    errors.print(text, highlight=False, markup=False)
