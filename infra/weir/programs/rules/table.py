"""All rules, and what they say of a changed field. A field of a stateful resource that no rule names is refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from weir.programs.changes import FieldChange, Risk
from weir.programs.rules import aiven, cassandra, flink, kafka, kubernetes
from weir.programs.rules.rule import IN_TURN, Case, Rule

PRODUCTS = {"kafka": kafka, "cassandra": cassandra, "flink": flink, "aiven": aiven, "kubernetes": kubernetes}
RULES: tuple[Rule, ...] = tuple(rule for product in PRODUCTS.values() for rule in product.RULES)

STATEFUL = (
    *("Kafka", "KafkaNodePool", "KafkaTopic", "KafkaUser", "K8ssandraCluster", "FlinkDeployment"),
    *("StatefulSet", "PersistentVolumeClaim", "Namespace"),
    *("aiven.Kafka", "aiven.KafkaTopic", "aiven.KafkaUser", "aiven.KafkaSchema"),
    *("kafka.Topic", "kafka.Settings", "cassandra.Keyspace", "cassandra.Table", "cassandra.Schema"),
    "cassandra.Settings",
)
"""The kinds whose changed fields all need a rule."""

RESTARTING = ("Deployment", "Superset")
NO_RULE = (
    "no rule for this field; add one below infra/weir/programs/rules with the operator's word for it, or let the "
    "change through once with `decisions.allow`"
)

Verdict = tuple[Risk, str]


def deciding(case: Case, rules: Sequence[Rule] = RULES) -> Rule | None:
    """The first rule that covers the change."""
    return next((rule for rule in rules if rule.covers(case)), None)


def verdicts(case: Case, rules: Sequence[Rule] = RULES) -> Iterator[tuple[FieldChange, Verdict]]:
    """What the change means; a whole branch that no rule names is told leaf by leaf."""
    if case.pair.kind not in STATEFUL:
        yield case.field, _stateless(case)
        return
    rule = deciding(case, rules)
    if rule is not None:
        yield case.field, (rule.risk, rule.reason)
        return
    parts = list(_parts(case.field))
    if _is_empty(case.field.before) and _is_empty(case.field.after):
        return
    if not parts:
        yield case.field, (Risk.REFUSED, NO_RULE)
    for part in parts:
        yield from verdicts(replace(case, field=part), rules)


def _parts(field: FieldChange) -> Iterator[FieldChange]:
    """The entries of a branch that was added or removed."""
    added = field.before is None
    branch: Any = field.after if added else field.before
    if not field.path or (field.before is not None and field.after is not None):
        return
    if isinstance(branch, dict):
        entries = {f"{field.path}.{key}": value for key, value in branch.items()}
    elif isinstance(branch, list):
        entries = {f"{field.path}[{index}]": value for index, value in enumerate(branch)}
    else:
        return
    for path, value in entries.items():
        yield FieldChange(path, None, value) if added else FieldChange(path, value, None)


def _is_empty(value: Any) -> bool:
    """Nothing, an empty map and an empty list say the same."""
    return value in (None, {}, [])


def _stateless(case: Case) -> Verdict:
    """The rest: what restarts, and what does not; it can always be made anew."""
    kind, path = case.pair.kind, case.field.path
    if not path and case.pair.after is None:
        return Risk.SAFE, "it is no longer needed"
    if path.startswith("metadata."):
        return Risk.SAFE, "labels and annotations restart nothing"
    if kind in RESTARTING and path == "spec.replicas":
        return Risk.SAFE, "pods are added or removed"
    if kind in RESTARTING:
        return Risk.ROLLING, IN_TURN
    return Risk.SAFE, "nothing restarts"
