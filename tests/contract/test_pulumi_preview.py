"""The real engine's preview of every stack. It needs Pulumi's CLI and the providers' plugins, and says if it skips."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.renderings import REPOSITORY, STACK_NAMES, rendered

pytestmark = [
    pytest.mark.contract,
    pytest.mark.skipif(shutil.which("pulumi") is None, reason="the Pulumi CLI is not installed: no real preview here"),
]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A backend in a folder, and no account."""
    home = tmp_path_factory.mktemp("pulumi")
    return {
        **os.environ,
        "PULUMI_BACKEND_URL": f"file://{home}",
        "PULUMI_CONFIG_PASSPHRASE": "preview",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }


@pytest.mark.parametrize("stack", STACK_NAMES)
def test_preview_plans_what_is_rendered(stack: str, environment: dict[str, str], tmp_path: Path) -> None:
    def pulumi(*arguments: str) -> str:
        command = ["pulumi", *arguments, "--non-interactive", "--cwd", str(REPOSITORY)]
        result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr + result.stdout
        return result.stdout

    plugins = pulumi("plugin", "ls", "--json")
    if stack != "local" and "kubernetes" not in plugins:
        pytest.skip("the Pulumi plugin of Kubernetes is not installed: no real preview here")
    pulumi("stack", "select", "--create", stack)
    # Pulumi writes a salt into the stack file of a new stack: it works on a copy.
    file = tmp_path / f"Pulumi.{stack}.yaml"
    shutil.copy(REPOSITORY / "stacks" / file.name, file)
    preview = json.loads(pulumi("preview", "--json", "--stack", stack, "--config-file", str(file)))
    planned = {step["urn"] for step in preview["steps"] if step["urn"].split("::")[2] != "pulumi:pulumi:Stack"}
    assert {resource.urn for resource in rendered(stack).resources} <= planned
