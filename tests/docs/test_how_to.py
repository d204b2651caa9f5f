"""The how-to guides are true: what they show is what the commands print, and their settings are accepted.

`WEIR_UPDATE_DOCS=1` writes the outputs anew.
"""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from weir.cli.main import commands
from weir.config.errors import WeirError
from weir.config.stack import StackConfig, load_stack

pytestmark = pytest.mark.unit

REPOSITORY = Path(__file__).parents[2]
GUIDES = {
    Path(name).stem: REPOSITORY / "docs" / name
    for name in (
        "architecture.md",
        "how-to/resize-kafka.md",
        "how-to/add-a-size.md",
        "how-to/add-an-environment.md",
        "how-to/dead-letters.md",
        "how-to/change-retention.md",
        "how-to/retention.md",
        "how-to/sign-images.md",
    )
}
BLOCK = re.compile(r"^(?P<indent> *)```(?P<kind>console|yaml)\n(?P<body>.*?)^ *```$", re.MULTILINE | re.DOTALL)


def blocks(kind: str) -> list[tuple[str, str]]:
    """Guide and text of every block of a kind, without its indentation."""
    return [
        (name, re.sub(rf"^{found['indent']}", "", found["body"], flags=re.MULTILINE))
        for name, path in GUIDES.items()
        for found in BLOCK.finditer(path.read_text())
        if found["kind"] == kind
    ]


def printed(command: str) -> str:
    """What a `weir` command prints, the lines with the word after `| grep ` only."""
    words, _, pattern = command.removeprefix("$ weir ").partition(" | grep ")
    wanted = re.compile("".join(shlex.split(pattern)))
    try:
        result = CliRunner().invoke(commands, shlex.split(words), catch_exceptions=False)
        output = result.output
    except WeirError as error:
        output = f"error: {error}\n"
    return "".join(f"{line.rstrip()}\n" for line in output.splitlines() if wanted.search(line))


def test_every_guide_shows_something() -> None:
    assert {name for name, _ in blocks("console")} == set(GUIDES)


@pytest.mark.skipif("WEIR_UPDATE_DOCS" in os.environ, reason="the outputs are being written")
@pytest.mark.parametrize(("guide", "block"), blocks("console"), ids=lambda text: text.splitlines()[0][:80])
def test_a_shown_output_is_what_the_command_prints(guide: str, block: str) -> None:
    command, _, output = block.partition("\n")
    assert printed(command) == output, f"{guide}: run WEIR_UPDATE_DOCS=1 pytest tests/docs"
    assert output, f"{command} shows nothing"


@pytest.mark.parametrize(("guide", "block"), blocks("yaml"), ids=lambda text: text.splitlines()[0][:80])
def test_shown_settings_are_accepted(guide: str, block: str) -> None:
    shown = {name.removeprefix("weir:"): value for name, value in yaml.safe_load(block).items()}
    base = load_stack(REPOSITORY / "stacks" / "Pulumi.dev.yaml").model_dump(mode="json", exclude_unset=True)
    assert StackConfig.model_validate({**base, **shown}), guide


@pytest.mark.skipif("WEIR_UPDATE_DOCS" not in os.environ, reason="only on demand")
def test_write_the_outputs_anew() -> None:
    for path in GUIDES.values():
        path.write_text(BLOCK.sub(_anew, path.read_text()))


def _anew(found: re.Match[str]) -> str:
    if found["kind"] != "console":
        return found[0]
    indent = found["indent"]
    command = found["body"].splitlines()[0].strip()
    lines = [command, *printed(command).splitlines()]
    return f"{indent}```console\n" + "".join(f"{indent}{line}\n" for line in lines) + f"{indent}```"
