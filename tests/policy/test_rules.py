"""Each rule lets a sound resource through and names what is wrong with a broken one."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from tests.policy.mutants import MUTANTS
from tests.policy.rules_under_test import DATA_LABEL, ENVIRONMENT_LABEL, OWNER_LABEL, Resource, pod_rules, rules

pytestmark = pytest.mark.unit

DIGEST = "@sha256:" + "0" * 64
LABELS = {OWNER_LABEL: "data-platform", ENVIRONMENT_LABEL: "prod-eu", DATA_LABEL: "kept"}
CONTAINER: dict[str, Any] = {
    "name": "main",
    "image": f"ghcr.io/weir/superset{DIGEST}",
    "resources": {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "2", "memory": "1Gi"}},
    "securityContext": {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    },
}
POD: dict[str, Any] = {
    "automountServiceAccountToken": False,
    "securityContext": {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}},
    "containers": [CONTAINER],
}
TLS_LISTENER = {"name": "tls", "tls": True, "authentication": {"type": "tls"}}

SOUND: dict[str, dict[str, Any]] = {
    "Deployment": {"spec": {"template": {"spec": POD}}},
    "CronJob": {"spec": {"jobTemplate": {"spec": {"template": {"spec": POD}}}}},
    "StatefulSet": {
        "spec": {
            "template": {"spec": POD},
            "volumeClaimTemplates": [{}],
            "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
        }
    },
    "Service": {"spec": {"type": "ClusterIP"}},
    "Ingress": {"spec": {"tls": [{"hosts": ["dashboards.example.org"]}]}},
    "ConfigMap": {"data": {"config.properties": "x"}},
    "Namespace": {"metadata": {"labels": {**LABELS, "pod-security.kubernetes.io/enforce": "restricted"}}},
    "NetworkPolicy": {"spec": {"ingress": [{"from": [{"podSelector": {}}], "ports": [{"port": 9042}]}]}},
    "Kafka": {
        "spec": {
            "kafka": {
                "authorization": {"type": "simple"},
                "listeners": [TLS_LISTENER],
                "config": {"unclean.leader.election.enable": False},
            }
        }
    },
    "KafkaNodePool": {
        "spec": {"storage": {"type": "jbod", "volumes": [{"deleteClaim": False}]}, "resources": CONTAINER["resources"]}
    },
    "KafkaTopic": {
        "spec": {"partitions": 4, "replicas": 3, "config": {"retention.ms": "1", "min.insync.replicas": "2"}}
    },
    "FlinkDeployment": {
        "spec": {
            "image": f"ghcr.io/weir/flink-job{DIGEST}",
            "job": {"upgradeMode": "savepoint"},
            "flinkConfiguration": {
                "security.ssl.internal.enabled": "true",
                "security.ssl.rest.enabled": "true",
                "web.submit.enable": "false",
            },
            "jobManager": {"resource": {"cpu": 1, "memory": "2048m"}},
            "taskManager": {"resource": {"cpu": 1, "memory": "2048m"}},
            "podTemplate": {
                "spec": {
                    **POD,
                    "serviceAccountName": "flink",
                    "containers": [{"name": "flink-main-container", "securityContext": CONTAINER["securityContext"]}],
                }
            },
        }
    },
    "K8ssandraCluster": {
        "spec": {
            "auth": True,
            "cassandra": {
                "podSecurityContext": POD["securityContext"],
                "resources": CONTAINER["resources"],
                "containers": [
                    {"name": "cassandra", "securityContext": CONTAINER["securityContext"]},
                    {**CONTAINER, "name": "server-system-logger"},
                ],
                "initContainers": [{**CONTAINER, "name": "server-config-init"}],
                "serverEncryptionStores": {"keystoreSecretRef": {}},
                "clientEncryptionStores": {"keystoreSecretRef": {}},
                "config": {
                    "cassandraYaml": {
                        "audit_logging_options": {"enabled": True},
                        "client_encryption_options": {"enabled": True, "optional": False},
                        "server_encryption_options": {"internode_encryption": "all"},
                    }
                },
                "datacenters": [
                    {
                        "metadata": {"annotations": {"cassandra.datastax.com/delete-pvc": "false"}},
                        "racks": [{"name": zone} for zone in "abc"],
                    }
                ],
            },
        }
    },
}


def resource(kind: str, *path: str | int, value: Any = None, protect: bool = True) -> Any:
    """A sound resource of `kind`, with `value` at `path` (removed where it is None)."""
    props = {"kind": kind, "metadata": {"labels": dict(LABELS)}, **copy.deepcopy(SOUND[kind])}
    if path:
        target: Any = props
        for part in path[:-1]:
            target = target[part]
        if value is None:
            del target[path[-1]]
        else:
            target[path[-1]] = value
    return Resource(f"kubernetes:x:{kind}", "one", props, protect)


TEMPLATE = ("spec", "template", "spec")
MAIN = (*TEMPLATE, "containers", 0)
YAML = ("spec", "cassandra", "config", "cassandraYaml")


def by_digest(broken: Any) -> Any:
    """The same in an environment that takes its images by digest."""
    broken.props["metadata"]["labels"][pod_rules.IMAGES_LABEL] = pod_rules.BY_DIGEST
    return broken


BROKEN = [
    (resource("Service", "metadata", "labels", OWNER_LABEL), "owned", "no label weir.io/owner"),
    (resource("KafkaTopic", protect=False), "protected", "not protected"),
    (resource("FlinkDeployment", protect=False), "protected", "not protected"),
    (
        resource("KafkaNodePool", "spec", "storage", "volumes", 0, "deleteClaim", value=True),
        "volumes-outlive",
        "deleteClaim is true",
    ),
    (
        resource("StatefulSet", "spec", "persistentVolumeClaimRetentionPolicy", "whenDeleted", value="Delete"),
        "volumes-outlive",
        "not Retain",
    ),
    (
        resource("K8ssandraCluster", "spec", "cassandra", "datacenters", 0, "metadata", "annotations", value={}),
        "volumes-outlive",
        "delete-pvc",
    ),
    (resource("Kafka", "spec", "kafka", "listeners", 0, "tls", value=False), "encrypted", "TLS is off"),
    (resource("Kafka", "spec", "kafka", "listeners", 0, "authentication"), "encrypted", "no authentication"),
    (
        resource("K8ssandraCluster", "spec", "cassandra", "clientEncryptionStores"),
        "encrypted",
        "would not be encrypted",
    ),
    (resource("K8ssandraCluster", *YAML, "client_encryption_options", "optional", value=True), "encrypted", "optional"),
    (
        resource("K8ssandraCluster", *YAML, "server_encryption_options", "internode_encryption", value="rack"),
        "encrypted",
        "must be all",
    ),
    (resource("K8ssandraCluster", "spec", "auth", value=False), "encrypted", "anybody could read"),
    (
        resource("FlinkDeployment", "spec", "flinkConfiguration", "security.ssl.internal.enabled"),
        "encrypted",
        "ssl.internal",
    ),
    (
        resource("FlinkDeployment", "spec", "flinkConfiguration", "security.ssl.rest.enabled"),
        "encrypted",
        "give the reason in weir.io/plain-http",
    ),
    (resource("Service", "spec", "ports", value=[{"name": "http", "port": 1}]), "encrypted", "1 serves plain HTTP"),
    (
        resource("Service", "spec", "ports", value=[{"name": "web", "port": 8088}]),
        "encrypted",
        "8088 serves plain HTTP",
    ),
    (resource("Ingress", "spec", "tls"), "encrypted", "spec.tls: missing"),
    (resource("Service", "spec", "type", value="LoadBalancer"), "not-exposed", "LoadBalancer"),
    (
        resource("Service", "spec", value={"type": "LoadBalancer", "loadBalancerSourceRanges": ["0.0.0.0/0"]}),
        "not-exposed",
        "list your own networks",
    ),
    (
        resource("Service", "spec", value={"type": "NodePort", "loadBalancerSourceRanges": ["192.0.2.0/24"]}),
        "not-exposed",
        "NodePort",
    ),
    (resource("KafkaTopic", "spec", "config", "retention.ms"), "retention-set", "no retention.ms"),
    (resource("KafkaTopic", "spec", "replicas", value=2), "replicated", "spec.replicas: 2; data that is kept needs 3"),
    (resource("KafkaTopic", "spec", "config", "min.insync.replicas", value="1"), "replicated", "below 2"),
    (
        resource("Kafka", "spec", "kafka", "config", "unclean.leader.election.enable", value=True),
        "replicated",
        "lacks events",
    ),
    (
        resource("K8ssandraCluster", "spec", "cassandra", "datacenters", 0, "racks", value=[{}]),
        "replicated",
        "fewer than 3 racks",
    ),
    (resource("FlinkDeployment", "spec", "job", "upgradeMode", value="stateless"), "state-kept", "stateless"),
    (resource("Deployment", *MAIN, "resources", "limits"), "sized", "no resources.limits.memory"),
    (resource("CronJob", "spec", "jobTemplate", *MAIN, "resources"), "sized", "no resources.requests.cpu"),
    (resource("Deployment", *MAIN, "image", value="superset:latest"), "pinned", "is a floating tag"),
    (resource("Deployment", *MAIN, "image", value="registry:5000/superset"), "pinned", "has no tag"),
    (resource("FlinkDeployment", "spec", "image", value="flink:latest"), "pinned", "spec.image"),
    (by_digest(resource("Deployment", *MAIN, "image", value="superset:6.1.0")), "by-digest", "has no digest"),
    (by_digest(resource("FlinkDeployment", "spec", "image", value="job:1")), "by-digest", "spec.image"),
    (
        resource(
            "Deployment",
            *TEMPLATE,
            "initContainers",
            value=[{**CONTAINER, "securityContext": {"readOnlyRootFilesystem": True}}],
        ),
        "restricted",
        "initContainers.main.securityContext.allowPrivilegeEscalation",
    ),
    (resource("Deployment", *MAIN, "securityContext", "privileged", value=True), "restricted", "privileged"),
    (resource("Deployment", *TEMPLATE, "securityContext", "runAsUser", value=0), "restricted", "is root"),
    (resource("Deployment", *TEMPLATE, "securityContext", "seccompProfile"), "restricted", "seccompProfile"),
    (resource("Deployment", *TEMPLATE, "hostNetwork", value=True), "restricted", "hostNetwork"),
    (
        resource("Deployment", *TEMPLATE, "volumes", value=[{"name": "root", "hostPath": {}}]),
        "restricted",
        "volumes.root: hostPath",
    ),
    (
        resource("FlinkDeployment", "spec", "podTemplate", "spec", "containers", value=[]),
        "restricted",
        "containers.flink-main-container",
    ),
    (resource("Deployment", *TEMPLATE, "automountServiceAccountToken"), "no-idle-tokens", "token"),
    (
        resource("Deployment", *MAIN, "env", value=[{"name": "DATABASE_PASSWORD", "value": "x"}]),
        "no-clear-secrets",
        "env.DATABASE_PASSWORD",
    ),
    (resource("ConfigMap", "data", value={"admin-password": "x"}), "no-clear-secrets", "data.admin-password"),
    (resource("NetworkPolicy", "spec", "ingress", 0, "ports"), "narrow", "without ports"),
    (resource("NetworkPolicy", "spec", "ingress", 0, "from"), "narrow", "to everybody"),
    (resource("Namespace", "metadata", "labels", value=LABELS), "enforced", "not restricted"),
]


@pytest.mark.parametrize("kind", SOUND)
def test_a_sound_resource_breaks_no_rule(kind: str) -> None:
    assert rules.violations([resource(kind)]) == []


@pytest.mark.parametrize(("broken", "rule", "said"), BROKEN)
def test_what_is_wrong_is_found_and_named(broken: Any, rule: str, said: str) -> None:
    found = rules.violations([broken])
    assert {violation.rule for violation in found} == {rule}
    assert any(said in violation.problem for violation in found), [str(violation) for violation in found]


def test_every_rule_is_broken_by_some_case_or_mutant() -> None:
    seen = {rule for _, rule, _ in BROKEN} | {mutant.seen_by for mutant in MUTANTS}
    assert seen == {rule.name for rule in rules.RULES}


def test_a_development_environment_may_lose_its_data_and_has_one_copy() -> None:
    development = resource("KafkaTopic", "spec", "replicas", value=1, protect=False)
    del development.props["metadata"]["labels"][DATA_LABEL]
    assert rules.violations([development]) == []


def test_an_aiven_cluster_is_held_to_protection_through_its_tags() -> None:
    props = {"tags": [{"key": "data", "value": "kept"}]}
    (found,) = rules.violations([Resource("aiven:index/kafka:Kafka", "kafka", props)])
    assert found.rule == "protected"


def test_http_in_clear_needs_a_reason() -> None:
    clear = resource("Service", "spec", "ports", value=[{"name": "http", "port": 8080}])
    clear.props["metadata"]["annotations"] = {rules.PLAIN_HTTP: "schemas are no secret"}
    assert rules.violations([clear]) == []
    clear.props["metadata"]["annotations"] = {rules.PLAIN_HTTP: ""}
    assert [violation.rule for violation in rules.violations([clear])] == ["encrypted"]


def test_a_digest_and_a_version_are_pins() -> None:
    for image in (f"trinodb/trino{DIGEST}", "trinodb/trino:476", f"registry:5000/trino:476{DIGEST}"):
        assert rules.violations([resource("Deployment", *MAIN, "image", value=image)]) == []
