"""Settings for people in Trino that would let in too many, too few, or nobody: each is refused and says what to do."""

from __future__ import annotations

from typing import Any

import pytest
from tests.sizing.stacks import SMALL, merged

from weir.config.errors import ConfigError, parse
from weir.config.stack import StackConfig

pytestmark = pytest.mark.unit

ANA = {"members": ["ana"], "pipelines": ["flights"]}

REFUSED: dict[str, tuple[dict[str, Any], list[str]]] = {
    "people in Trino without their passwords": (
        {"trino": {"groups": {"readers": ANA}}},
        ["trino_passwords: missing; trino.groups needs it", "pulumi config set --secret weir:trino_passwords"],
    ),
    "people in Trino without encryption": (
        {"trino": {"groups": {"readers": ANA}}, "security": {"tls": False}},
        ["trino.groups: people log in by password, which needs encryption", "set security.tls to true"],
    ),
    "people in the embedded Trino": (
        {"target": "embedded", "trino": {"groups": {"readers": ANA}}},
        ["trino.groups: the embedded target's Trino answers on loopback", "remove them"],
    ),
    "people for a pipeline that the stack does not run": (
        {"trino": {"groups": {"readers": {**ANA, "pipelines": ["orders"]}}}},
        ["trino.groups.readers.pipelines: the stack runs no pipeline 'orders'", "add it to pipelines"],
    ),
    "a person under two rules": (
        {"trino": {"groups": {"one": ANA, "two": ANA}}},
        ["groups.two.members: ana may read flights as a member of one already", "remove them from one group"],
    ),
    "a person with Superset's name": (
        {"trino": {"groups": {"readers": {**ANA, "members": ["weir"]}}}},
        ["groups.readers.members: 'weir' is Superset's user", "use another name"],
    ),
    "all rows of a pipeline that the group may not read": (
        {"trino": {"groups": {"readers": {**ANA, "all_rows": ["orders"]}}}},
        ["groups.readers", "all_rows: 'orders' is not in pipelines", "add it there, or remove it"],
    ),
    "all rows and some rows": (
        {"trino": {"groups": {"readers": {**ANA, "all_rows": ["flights"], "rows": {"origin": ["JFK"]}}}}},
        ["groups.readers", "all_rows: rows limits every pipeline of the group", "make two groups"],
    ),
    "a name for Trino without addresses": (
        {"trino": {"groups": {"readers": ANA}, "host": "trino.example.org"}},
        ["allowed_cidrs: missing, but host is set", "set both, or neither"],
    ),
    "addresses for Trino without a name": (
        {"trino": {"groups": {"readers": ANA}, "allowed_cidrs": ["192.0.2.0/24"]}},
        ["host: missing, but allowed_cidrs is set", "set both, or neither"],
    ),
    "Trino for every address": (
        {"trino": {"groups": {"readers": ANA}, "host": "trino.example.org", "allowed_cidrs": ["0.0.0.0/0"]}},
        ["allowed_cidrs: 0.0.0.0/0 is every address", "list your own networks"],
    ),
    "Trino for notebooks of nobody": (
        {"trino": {"client_namespaces": ["notebooks"]}},
        ["client_namespaces: there is nobody to let in", "add groups"],
    ),
}


@pytest.mark.parametrize(("changes", "said"), REFUSED.values(), ids=REFUSED)
def test_it_is_refused_and_the_message_says_what_to_do(changes: dict[str, Any], said: list[str]) -> None:
    with pytest.raises(ConfigError) as refused:
        parse(StackConfig, merged(SMALL, changes), "Pulumi.test.yaml")
    for part in said:
        assert part in str(refused.value)


def test_a_person_may_be_in_one_group_for_each_pipeline() -> None:
    groups = {"one": ANA, "two": {**ANA, "pipelines": ["orders"]}}
    settings = {**SMALL, "pipelines": ["flights", "orders"], "trino": {"groups": groups}}
    stack = parse(StackConfig, {**settings, "given_secrets": ["trino_passwords"]}, "Pulumi.test.yaml")
    assert list(stack.trino.groups) == ["one", "two"]
