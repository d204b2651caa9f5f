"""Digests are written into a stack file in place, and nothing else of it changes."""

from __future__ import annotations

import pytest
import yaml
from tests.renderings import REPOSITORY, STACK_NAMES

from weir.config.errors import WeirError
from weir.config.stack_edit import with_digests

pytestmark = pytest.mark.unit

ONE, TWO = "sha256:" + "1" * 64, "sha256:" + "2" * 64
HEAD = "# A stack.\nconfig:\n  weir:environment: qa # the name\n"
TAIL = "  weir:promotions: {from_environment: dev}\n"
WRITINGS = {
    "no images": "",
    "images in lines": "  weir:images:\n    # Ours.\n    own_registry: r.example/weir # mirrored\n",
    "images in braces": "  weir:images: {own_registry: r.example/weir}\n",
    "no settings in braces": "  weir:images: {}\n",
    "digests in lines": (
        f"  weir:images:\n    digests: # from dev\n      trino: {ONE}\n    # Ours.\n    require_digests: true\n"
    ),
    "digests in braces": f"  weir:images: {{digests: {{trino: {ONE}}}, require_digests: true}}\n",
    "digests in lines at the end": f"  weir:images:\n    own_registry: r\n    digests:\n      trino: {ONE}\n\n",
}


@pytest.mark.parametrize("name", WRITINGS)
def test_nothing_but_the_digests_changes(name: str) -> None:
    text = HEAD + WRITINGS[name] + TAIL
    edited = with_digests(text, {"flink-job": TWO}, "from dev, approved by Ada")
    before, after = (yaml.safe_load(part)["config"] for part in (text, edited))
    assert after.pop("weir:images") == {**(before.pop("weir:images", None) or {}), "digests": {"flink-job": TWO}}
    assert after == before
    kept = [line for line in text.splitlines() if "digests:" not in line and ONE not in line and "{" not in line]
    assert [line for line in edited.splitlines() if line in kept] == kept


@pytest.mark.parametrize("stack", STACK_NAMES)
def test_the_stacks_of_the_repository_can_be_promoted_again_and_again(stack: str) -> None:
    text = (REPOSITORY / "stacks" / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8")
    once = with_digests(text, {"flink-job": ONE, "trino": ONE}, "from dev")
    assert with_digests(with_digests(text, {"trino": TWO}), {"flink-job": ONE, "trino": ONE}, "from dev") == once
    assert set(text.splitlines()) <= set(once.splitlines())


def test_the_remark_stays_on_its_line() -> None:
    assert "digests: # from dev evil: true\n" in with_digests(HEAD + TAIL, {"trino": ONE}, "from dev\nevil: true")


@pytest.mark.parametrize("text", ["config: {weir:environment: qa}\n", "{}\n", "config:\n  weir:images: 7\n"])
def test_a_file_that_cannot_be_edited_in_place_is_left_alone(text: str) -> None:
    with pytest.raises(WeirError, match="by hand"):
        with_digests(text, {"trino": ONE})
