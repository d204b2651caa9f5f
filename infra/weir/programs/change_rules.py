"""The risk class of each change between two renderings of a stack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from weir.programs.changes import Change, FieldChange, Pair, Risk, pairs
from weir.programs.contents import unpacked
from weir.programs.reading_changes import reading_changes
from weir.programs.recording import Recorded
from weir.programs.rules.rule import Case, manifests
from weir.programs.rules.table import verdicts
from weir.programs.state_changes import state_problems

WHOLE = ""
"""The path of a resource that is added or removed."""


def compare(before: Iterable[Recorded], after: Iterable[Recorded]) -> list[Change]:
    """Every change between two renderings, the most daring first."""
    old, new = unpacked(before), unpacked(after)
    found = [change for pair in pairs(old, new) for change in _changes(pair, old, new)]
    found += _too_many_copies(new)
    return sorted(found, key=lambda change: (-change.risk, change.resource, change.path))


def worst(changes: Iterable[Change]) -> Risk:
    """The most daring of `changes`."""
    return max((change.risk for change in changes), default=Risk.SAFE)


def _changes(pair: Pair, old: Sequence[Recorded], new: Sequence[Recorded]) -> Iterator[Change]:
    if pair.before is None:
        yield Change(pair.label, WHOLE, None, pair.either.name, Risk.SAFE, "it is new")
        return
    fields = pair.fields() if pair.after else [FieldChange(WHOLE, pair.either.name, None)]
    for field in fields:
        for part, (risk, reason) in verdicts(Case(pair, field, old, new)):
            yield Change(pair.label, part.path, part.before, part.after, risk, reason)
    yield from reading_changes(pair)
    for path, reason in state_problems(pair):
        yield Change(pair.label, path, "the running job's state", "another", Risk.REFUSED, reason, by_decision=False)


def _too_many_copies(resources: Sequence[Recorded]) -> Iterator[Change]:
    """Topics with more copies than there are brokers: Kafka would not make them."""
    pools = [entry["spec"] for entry in manifests(resources, "KafkaNodePool")]
    brokers = sum(pool["replicas"] for pool in pools if "broker" in pool["roles"])
    for entry in manifests(resources, "KafkaTopic"):
        copies = entry["spec"]["replicas"]
        if brokers and copies > brokers:
            name = entry["metadata"]["name"]
            reason = f"there are only {brokers} brokers; lower kafka_replication_factor, or add brokers"
            yield Change(
                f"KafkaTopic {name}", "spec.replicas", brokers, copies, Risk.REFUSED, reason, by_decision=False
            )
