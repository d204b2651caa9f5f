"""Kubernetes: identity and metadata of every resource that holds state, StatefulSets, volume claims, namespaces."""

from __future__ import annotations

from weir.programs.rules.rule import (
    ALWAYS,
    DATA_MOVING,
    FEWER,
    IN_TURN,
    LARGER,
    MORE,
    NO_SHRINKING,
    REFUSED,
    REMOVED,
    ROLLING,
    SAFE,
    SMALLER,
    Case,
    Rule,
    When,
    becomes,
)

OBJECTS = "Kubernetes documentation, object names and labels"
STATEFUL_SETS = "Kubernetes API server, ValidateStatefulSetUpdate: all but a few fields are immutable"
CLAIMS = "Kubernetes documentation, persistent volumes: a claim may only ask for more"
PULUMI = "Pulumi documentation, protect and retainOnDelete"
ENVIRONMENT = "weir.components.base: names, labels and a plain Kafka's cluster id follow from the environment"

SET, CLAIM, NAMESPACE = "StatefulSet", "PersistentVolumeClaim", "Namespace"
TEMPLATE = "spec.volumeClaimTemplates[*].spec.resources.requests.storage"


def _component(case: Case) -> str:
    return ((case.pair.either.inputs.get("metadata") or {}).get("labels") or {}).get("app.kubernetes.io/component", "")


def _protected(case: Case) -> bool:
    return case.pair.either.protect


STREAMS = When("of Kafka Streams", lambda case: _component(case) == "kafka-streams")
OF_KAFKA = When("of Kafka", lambda case: _component(case) == "kafka")
CONTROLLERS = When("of Kafka's controllers", lambda case: case.pair.label.endswith("-controllers"))
PROTECTED = When("protected", _protected)

RULES = (
    Rule("*", "", REMOVED & PROTECTED, REFUSED, "it holds data and is protected",
         "restore it in the stack file; or move the data and run `pulumi state unprotect`, after which Pulumi forgets "
         "the resource and leaves the object", source=PULUMI),
    Rule("*", "", REMOVED, DATA_MOVING, "its data is deleted with it", source=PULUMI),
    Rule(NAMESPACE, "metadata.labels.weir.io/environment", ALWAYS, REFUSED,
         "an environment cannot be renamed: its stack, its names and its promotions follow from it",
         "create a new environment next to it and move the data", source=ENVIRONMENT),
    Rule("*", "metadata.labels.strimzi.io/cluster", ALWAYS, REFUSED, "it would belong to another Kafka", "keep it",
         source="Strimzi documentation, the label strimzi.io/cluster"),
    *(
        Rule("*", name, ALWAYS, REFUSED, "everything in it would be created anew", "keep it", source=OBJECTS)
        for name in ("metadata.name", "metadata.namespace", "kind")
    ),
    Rule("*", "apiVersion", ALWAYS, SAFE, "the API server converts it", source=OBJECTS),
    Rule("*", "metadata.labels**", ALWAYS, SAFE, "labels and annotations restart nothing", source=OBJECTS),
    Rule("*", "metadata.annotations**", ALWAYS, SAFE, "labels and annotations restart nothing", source=OBJECTS),
    Rule(SET, TEMPLATE, SMALLER, REFUSED, NO_SHRINKING, "keep its size, or move the data to new nodes",
         source=CLAIMS),
    Rule(SET, TEMPLATE, LARGER, REFUSED, "a StatefulSet's volume claims cannot change",
         "resize each claim by hand, then replace the StatefulSet", source=STATEFUL_SETS),
    *(
        Rule(SET, f"spec.{name}**", ALWAYS, REFUSED, "a StatefulSet cannot change it", "create a new one next to it",
             source=STATEFUL_SETS)
        for name in ("volumeClaimTemplates", "serviceName", "selector", "podManagementPolicy")
    ),
    Rule(SET, "spec.replicas", STREAMS, ROLLING,
         "instances share the partitions anew, and read their state from its topics",
         source="Kafka Streams documentation, elastic scaling"),
    Rule(SET, "spec.replicas", CONTROLLERS, REFUSED, "the voters of a quorum are fixed when it is made",
         "keep the number, or use a new cluster", source="Kafka documentation, static controller quorums"),
    Rule(SET, "spec.replicas", FEWER, REFUSED, "nothing moves the data off the removed pods",
         "empty them by hand, then allow the change", source=STATEFUL_SETS),
    Rule(SET, "spec.replicas", MORE & OF_KAFKA, DATA_MOVING, "the new nodes stay empty",
         "reassign partitions by hand", source="weir.components.kafka.plain"),
    Rule(SET, "spec.replicas", MORE, DATA_MOVING, "the new nodes take over part of the data", source=STATEFUL_SETS),
    Rule(SET, "spec.persistentVolumeClaimRetentionPolicy.*", becomes("Delete"), DATA_MOVING,
         "the volumes would be deleted with the pods", source=STATEFUL_SETS),
    *(
        Rule(SET, f"spec.{name}**", ALWAYS, ROLLING, IN_TURN, source=STATEFUL_SETS)
        for name in ("template", "updateStrategy", "minReadySeconds", "persistentVolumeClaimRetentionPolicy")
    ),
    Rule(CLAIM, "spec.resources.requests.storage", SMALLER, REFUSED, NO_SHRINKING,
         "keep its size, or move the data to new nodes", source=CLAIMS),
    Rule(CLAIM, "spec.resources.requests.storage", LARGER, ROLLING,
         "volumes grow in place if their storage class allows it", source=CLAIMS),
    Rule(CLAIM, "spec.**", ALWAYS, REFUSED, "a volume claim cannot change it", "create a new claim", source=CLAIMS),
)  # fmt: skip
