"""docs/policies.md: the rules of the pack, how many mutants prove each, and what no rule sees."""

from __future__ import annotations

from collections import Counter

from tests.policy.mutants import MUTANTS, UNSEEN
from tests.policy.rules_under_test import pods, rules

from weir.config.repository import REPOSITORY

PAGE = REPOSITORY / "docs" / "policies.md"
INTRODUCTION = """# Policies
The [policy pack](../infra/policy) looks at what is about to be sent to the cluster, whoever wrote it. `pulumi preview`
and `pulumi up` apply it with `--policy-pack infra/policy`, and one finding stops them. The unit tests apply it to every
stack of the repository. A rule goes by what an object says of itself: an environment that protects its data labels its
objects `weir.io/data: kept`, and one that takes images by digest `weir.io/images: by-digest`.

The tests write this page (`WEIR_UPDATE_DOCS=1 pytest tests/policy`).

## Rules
A mutant is a manifest of production with one thing wrong. The named rule sees it, and no other does,
but for `latest`, which has no digest either.

| rule | demands | mutants |
|---|---|---|
"""
PLACES = """
## Where it looks for pods
Rules of pods (`sized`, `pinned`, `by-digest`, `restricted`, `read-only`, `no-idle-tokens`) see the pods of these kinds,
in the shape that each operator gives them: {kinds}.

## What it does not see
| what | why |
|---|---|
"""
BESIDES = """| the operators' own pods | charts of fixed versions make them; Pod Security holds them to `restricted` |
| images that an operator chooses itself | no object names them, so they have neither tag nor digest here |
| Kafka's rules with `kafka: {provider: plain}` | they are data of a Job; only development runs so |
| keys of generated certificates | they are inside a Secret |
"""


def page() -> str:
    """The page as it should be."""
    proved = Counter(mutant.seen_by for mutant in MUTANTS)
    every = (*rules.RULES, *rules.STACK_RULES)
    lines = [f"| `{rule.name}` | {_cell(rule.description)} | {proved[rule.name] or ''} |\n" for rule in every]
    unseen = [f"| {mutant.name} | {mutant.seen_by} |\n" for mutant in UNSEEN]
    kinds = ", ".join(f"`{kind}`" for kind in pods.PODS)
    return "".join([INTRODUCTION, *lines, PLACES.format(kinds=kinds), *unseen, BESIDES])


def _cell(description: str) -> str:
    return description.splitlines()[0].rstrip(".")
