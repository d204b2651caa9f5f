"""The risk class of each change: rules by kind of resource and field; the first one that matches decides."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from weir.config.flink import StateDecision
from weir.programs.changes import Change, FieldChange, Pair, Risk, pairs
from weir.programs.recording import Recorded
from weir.programs.state_changes import decision, state_problems, topics_of_state

Verdict = tuple[Risk, str]
UNITS = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "": 1}
HOLDS_DATA = (
    *("Kafka", "KafkaNodePool", "KafkaTopic", "K8ssandraCluster", "StatefulSet", "PersistentVolumeClaim"),
    *("FlinkDeployment", "Namespace", "aiven.Kafka", "aiven.KafkaTopic"),
)
RESTARTING = ("Kafka", "KafkaNodePool", "K8ssandraCluster", "FlinkDeployment", "StatefulSet", "Deployment", "Superset")


@dataclass(frozen=True)
class Rule:
    """Kinds and fields (regular expressions, the whole of each), and the verdict on a change of them."""

    kinds: str
    path: str
    verdict: Callable[[FieldChange], Verdict]

    def matches(self, kind: str, path: str) -> bool:
        """True where it decides."""
        return bool(re.fullmatch(self.kinds, kind) and re.fullmatch(self.path, path))


def compare(before: Iterable[Recorded], after: Iterable[Recorded]) -> list[Change]:
    """Every change between two renderings, the most daring first."""
    old, new = list(before), list(after)
    found = [change for pair in pairs(old, new) for change in _changes(pair)]
    found += _too_many_copies(new)
    divided = {f"KafkaTopic {topic}" for topic in topics_of_state(old)}
    found = [_kept_partitions(change) if change.resource in divided else change for change in found]
    return sorted(found, key=lambda change: (-change.risk, change.resource, change.path))


def worst(changes: Iterable[Change]) -> Risk:
    """The most daring of `changes`."""
    return max((change.risk for change in changes), default=Risk.SAFE)


def _changes(pair: Pair) -> Iterator[Change]:
    if pair.before is None:
        yield Change(pair.label, "", None, pair.either.urn, Risk.SAFE, "it is new")
        return
    if pair.after is None:
        risk, reason = _removed(pair)
        yield Change(pair.label, "", pair.either.urn, None, risk, reason)
        return
    for field in pair.fields():
        risk, reason = _verdict(pair.kind, field)
        if risk is Risk.REFUSED and pair.kind == "FlinkDeployment" and decision(pair) == StateDecision.START_EMPTY:
            risk, reason = (
                Risk.DATA_MOVING,
                "allowed by flink.state_decisions: the job starts without state and rereads its topic",
            )
        yield Change(pair.label, field.path, field.before, field.after, risk, reason)
    for path, reason in state_problems(pair):
        yield Change(pair.label, path, "the running job's state", "another", Risk.REFUSED, reason)


def _removed(pair: Pair) -> Verdict:
    if pair.kind not in HOLDS_DATA:
        return Risk.SAFE, "it is no longer needed"
    if pair.either.protect:
        return (
            Risk.REFUSED,
            "it holds data and is protected; move the data and run `pulumi state unprotect`, or restore the resource",
        )
    return Risk.DATA_MOVING, "its data is deleted with it"


def _verdict(kind: str, field: FieldChange) -> Verdict:
    for rule in RULES:
        if rule.matches(kind, field.path):
            return rule.verdict(field)
    if field.path.startswith("metadata."):
        return Risk.SAFE, "labels and annotations restart nothing"
    if kind in RESTARTING:
        return Risk.ROLLING, "pods restart one after the other"
    return Risk.SAFE, "nothing restarts"


def _always(risk: Risk, reason: str) -> Callable[[FieldChange], Verdict]:
    return lambda _: (risk, reason)


def _partitions(field: FieldChange) -> Verdict:
    if _number(field.after) < _number(field.before):
        return Risk.REFUSED, "Kafka cannot remove partitions; create a new topic and move its readers"
    return (
        Risk.DATA_MOVING,
        (
            "new events of a key may go to a different partition than older ones, so their order breaks until the "
            "older ones are read"
        ),
    )


def _disk(field: FieldChange) -> Verdict:
    if field.before is None or field.after is None:
        return Risk.ROLLING, "pods restart with a different volume"
    if quantity(field.after) < quantity(field.before):
        return Risk.REFUSED, "a volume cannot shrink; keep its size, or move the data to new nodes"
    return Risk.ROLLING, "volumes grow in place if their storage class allows it"


def _template_disk(field: FieldChange) -> Verdict:
    risk, reason = _disk(field)
    if risk is Risk.REFUSED:
        return risk, reason
    return Risk.REFUSED, (
        "a StatefulSet's volume claims cannot change; resize each claim by hand, then replace the StatefulSet"
    )


def _expiry(field: FieldChange) -> Verdict:
    before, after = _number(field.before), _number(field.after)
    endless_before, endless_after = before < 0, after < 0
    if endless_after or (not endless_before and after >= before):
        return Risk.SAFE, "records are kept longer"
    return Risk.DATA_MOVING, "records older than the new limit are deleted"


def _message_bytes(field: FieldChange) -> Verdict:
    before, after = _number(field.before), _number(field.after)
    if before and after < before:
        return Risk.DATA_MOVING, (
            "larger records are refused from now on, and those already in the topic become dead letters"
        )
    return Risk.SAFE, "brokers apply it at once"


def _nodes(field: FieldChange) -> Verdict:
    if _number(field.after) < _number(field.before):
        return Risk.DATA_MOVING, "the removed nodes first stream their data to the others"
    return Risk.DATA_MOVING, "the new nodes take over part of the data"


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return 0


def quantity(text: Any) -> float:
    """A quantity of Kubernetes as a number: `500Gi`."""
    found = re.fullmatch(r"([\d.]+)(Ki|Mi|Gi|Ti|)", str(text))
    return float(found[1]) * UNITS[found[2]] if found else 0


def _kept_partitions(change: Change) -> Change:
    """With other partitions Kafka Streams does not start: its state has as many parts."""
    if change.path != "spec.partitions":
        return change
    reason = (
        "the state of a Kafka Streams application is divided by partition, so it would not start; keep "
        "`source.partitions`, or create a pipeline with a new topic and name"
    )
    return replace(change, risk=Risk.REFUSED, reason=reason)


def _too_many_copies(resources: list[Recorded]) -> Iterator[Change]:
    """Topics with more copies than there are brokers: Kafka would not make them."""
    objects = [resource.inputs for resource in resources if resource.custom]
    pools = [entry["spec"] for entry in objects if entry.get("kind") == "KafkaNodePool"]
    brokers = sum(pool["replicas"] for pool in pools if "broker" in pool["roles"])
    for entry in objects:
        copies = entry["spec"]["replicas"] if entry.get("kind") == "KafkaTopic" else 0
        if brokers and copies > brokers:
            name = entry["metadata"]["name"]
            reason = f"there are only {brokers} brokers; lower kafka_replication_factor, or add brokers"
            yield Change(f"KafkaTopic {name}", "spec.replicas", brokers, copies, Risk.REFUSED, reason)


KAFKA_TOPIC = r"KafkaTopic|aiven\.KafkaTopic"
RULES = (
    Rule(KAFKA_TOPIC, r"(spec\.)?partitions", _partitions),
    Rule(KAFKA_TOPIC, r"spec\.replicas|replication", _always(Risk.DATA_MOVING, "replicas are added or removed")),
    Rule(
        KAFKA_TOPIC,
        r"(spec\.)?config\.(retention[._]?ms|retention[._]?bytes|retentionMs|retentionBytes|local.*)",
        _expiry,
    ),
    Rule(KAFKA_TOPIC, r"(spec\.)?config\.(max\.message\.bytes|maxMessageBytes)", _message_bytes),
    Rule(
        KAFKA_TOPIC, r"spec\.topicName|topicName", _always(Risk.REFUSED, "a topic cannot be renamed; create a new one")
    ),
    Rule(KAFKA_TOPIC, r".*", _always(Risk.SAFE, "brokers apply it at once")),
    Rule("KafkaNodePool", r"spec\.storage\.volumes\[\d+\]\.size", _disk),
    Rule(
        "KafkaNodePool",
        r"spec\.storage.*\.(class|type|id)",
        _always(
            Risk.REFUSED, "a volume cannot change its storage class; add a pool of new brokers and move the data there"
        ),
    ),
    Rule("KafkaNodePool", r"spec\.replicas", _nodes),
    Rule("KafkaNodePool", r"spec\.roles.*", _always(Risk.REFUSED, "a node cannot change its roles; add a pool")),
    Rule("Kafka", r"spec\.kafka\.rack.*", _always(Risk.DATA_MOVING, "replicas move so that each zone has one")),
    Rule(
        "K8ssandraCluster",
        r".*\.racks.*",
        _always(Risk.DATA_MOVING, "rows move to the nodes that own them under the new racks"),
    ),
    Rule("K8ssandraCluster", r".*\.storage", _disk),
    Rule("K8ssandraCluster", r".*\.size", _nodes),
    Rule("StatefulSet", r"spec\.volumeClaimTemplates\[.*\]\.spec\.resources\.requests\.storage", _template_disk),
    Rule(
        "StatefulSet",
        r"spec\.(volumeClaimTemplates|serviceName|selector|podManagementPolicy).*",
        _always(Risk.REFUSED, "a StatefulSet cannot change it; create a new one next to it"),
    ),
    Rule("StatefulSet", r"spec\.replicas", _nodes),
    Rule("PersistentVolumeClaim", r"spec\.resources\.requests\.storage", _disk),
    Rule(
        "PersistentVolumeClaim",
        r"spec\..*",
        _always(Risk.REFUSED, "a volume claim cannot change it; create a new claim"),
    ),
    Rule(
        "FlinkDeployment",
        r"spec\.flinkConfiguration\.pipeline\.max-parallelism",
        _always(
            Risk.REFUSED, "state is divided by it, so no savepoint could be restored; keep it, or start without state"
        ),
    ),
    Rule(
        "FlinkDeployment",
        r"spec\.job\.upgradeMode",
        lambda field: (
            (
                Risk.DATA_MOVING,
                (
                    "allowed by flink.state_decisions: the job starts without state and reads its topic "
                    "from the beginning"
                ),
            )
            if field.after == "stateless"
            else (Risk.ROLLING, "upgrades restore the job from its savepoint again")
        ),
    ),
    Rule("FlinkDeployment", r"spec\..*", _always(Risk.ROLLING, "the job stops with a savepoint and restarts from it")),
    Rule("Deployment|Superset", r"spec\.replicas", _always(Risk.SAFE, "pods are added or removed")),
    Rule(
        "Namespace", r"metadata\.name", _always(Risk.REFUSED, "everything in it would be created anew; keep the name")
    ),
)
