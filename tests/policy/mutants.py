"""Manifests with one thing wrong each, by the rule that has to see it; and what no rule sees, with the reason.

Each changes a resource that weir renders for production, with its pipelines on Flink and on Kafka Streams.
"""

from __future__ import annotations

from tests.policy.mutation import GONE, Line, Mutant, Rows
from tests.policy.places import (
    BINDING,
    CASSANDRA,
    CONNECT,
    EVERYWHERE,
    FLINK,
    FLINK_MAIN,
    INGRESS,
    JOB,
    KAFKA,
    MAIN,
    METADATA_EXCEPTED,
    PASSWORD,
    POLICY,
    POOL,
    PORTS,
    ROLE,
    SUPERSET,
    TOPIC,
    TRINO,
    USER,
)
from tests.policy.pod_mutants import PODS

IMAGES: dict[str, Rows] = {
    "by-digest": (
        ("a tag in a Deployment", TRINO, f"{MAIN}/image", "docker.io/trinodb/trino:476"),
        ("a tag in Superset", SUPERSET, "spec/image/tag", "0.1.0"),
        ("a tag in Flink", FLINK, "spec/image", "ghcr.io/weir/flink-job:0.1.0"),
        ("a tag in KafkaConnect", CONNECT, "spec/image", "ghcr.io/weir/loader:0.1.0"),
    ),
}

DATA: dict[str, Rows] = {
    "owned": (("no owner", "Service trino", "metadata/labels/weir.io~owner", GONE),),
    "volumes-outlive": (
        ("volumes that go with their pool", POOL, "spec/storage/volumes/0/deleteClaim", True),
        ("volumes that go with their datacenter", CASSANDRA, "spec/cassandra/datacenters/0/metadata/annotations", {}),
    ),
    "retention-set": (("a topic without retention", TOPIC, "spec/config/retention.ms", GONE),),
    "replicated": (
        ("a topic with one copy", TOPIC, "spec/replicas", 1),
        ("two racks", CASSANDRA, "spec/cassandra/datacenters/0/racks/2", GONE),
        ("unclean elections", KAFKA, "spec/kafka/config/unclean.leader.election.enable", True),
    ),
    "encrypted-at-rest": (
        ("checkpoints that ask for no encryption", FLINK, "spec/flinkConfiguration/s3.sse.enabled", GONE),
        ("checkpoints that decline encryption", FLINK, "spec/flinkConfiguration/s3.sse.enabled", "false"),
        ("backups that nobody says how to encrypt", CASSANDRA, "metadata/annotations", GONE),
        ("tiered logs that nobody says how to encrypt", KAFKA, "spec/kafka/tieredStorage", {"type": "custom"}),
    ),
    "state-kept": (("a job that forgets", FLINK, "spec/job/upgradeMode", "stateless"),),
}

ACCESS: dict[str, Rows] = {
    "no-clear-secrets": (
        ("a secret in a variable of a Deployment", TRINO, f"{MAIN}/env/+", {"name": "API_TOKEN", "value": PASSWORD}),
        (
            "a secret in a variable of Flink",
            FLINK,
            f"{FLINK_MAIN}/env/+",
            {"name": "AWS_SECRET_ACCESS_KEY", "value": PASSWORD},
        ),
        (
            "a secret in a variable of Superset",
            SUPERSET,
            "spec/podTemplate/container/env/+",
            {"name": "DB_PASSWORD", "value": PASSWORD},
        ),
        (
            "a secret inside a variable",
            TRINO,
            f"{MAIN}/env/+",
            {"name": "JAVA_OPTS", "value": f"-Dlogin.password={PASSWORD}"},
        ),
        ("a secret in flinkConfiguration", FLINK, "spec/flinkConfiguration/s3.secret-key", PASSWORD),
        (
            "a store password of somebody's own",
            FLINK,
            "spec/flinkConfiguration/security.ssl.internal.keystore-password",
            PASSWORD,
        ),
        ("a secret in a job's arguments", FLINK, "spec/job/args/+", f"password={PASSWORD}"),
        (
            "a login in a job's arguments",
            FLINK,
            "spec/job/args/+",
            f'sasl.jaas.config=Module required username="a" password="{PASSWORD}";',
        ),
        ("a flag with a secret in a Job", JOB, f"{MAIN}/command", ["python", "--password", PASSWORD]),
        (
            "a secret in a ConfigMap's text",
            "ConfigMap trino-config",
            "data/config.properties",
            Line("", f"connector.password={PASSWORD}"),
        ),
        ("a secret as a ConfigMap's key", "ConfigMap registry-config", "data/admin-password", PASSWORD),
        (
            "a private key in a ConfigMap",
            "ConfigMap registry-config",
            "data/tls.pem",
            "-----BEGIN PRIVATE KEY-----\nMIIE",
        ),
        (
            "an address with a password",
            "ConfigMap monitor-flights-config",
            "data/a.txt",
            f"https://me:{PASSWORD}@registry.example.org",
        ),
        ("Superset's key in clear", SUPERSET, "spec/secretKey", PASSWORD),
        ("a secret in a connector", "KafkaConnector weir-flights", "spec/config/cassandra.password", PASSWORD),
    ),
    "least-rights": (
        ("RBAC: every verb", ROLE, "rules/0/verbs", ["*"]),
        ("RBAC: every resource", ROLE, "rules/0/resources", ["*"]),
        ("RBAC: every group", ROLE, "rules/1/apiGroups", ["*"]),
        ("RBAC: secrets", ROLE, "rules/0/resources/+", "secrets"),
        ("RBAC: pods/exec", ROLE, "rules/0/resources/+", "pods/exec"),
        ("RBAC: escalate", ROLE, "rules/0/verbs/+", "escalate"),
        ("RBAC: bind", ROLE, "rules/0/verbs/+", "bind"),
        ("RBAC: impersonate", ROLE, "rules/0/verbs/+", "impersonate"),
        ("RBAC: cluster-admin", BINDING, "roleRef/name", "cluster-admin"),
        ("RBAC: everybody", BINDING, "subjects/0/name", "system:authenticated"),
    ),
    "narrow-acls": (
        ("ACL: every topic", USER, "spec/authorization/acls/0/resource/name", "*"),
        ("ACL: operation All", USER, "spec/authorization/acls/0/operations", ["All"]),
        ("ACL: none", USER, "spec/authorization", GONE),
        (
            "ACL: alter the cluster",
            USER,
            "spec/authorization/acls/0",
            {"resource": {"type": "cluster"}, "operations": ["Alter"]},
        ),
        ("a user without a login", USER, "spec/authentication", GONE),
    ),
    "authorized": (
        ("Kafka without authorization", KAFKA, "spec/kafka/authorization", GONE),
        ("Kafka open where no rule is", KAFKA, "spec/kafka/config/allow.everyone.if.no.acl.found", True),
        ("Kafka: everybody a super user", KAFKA, "spec/kafka/authorization/superUsers", ["User:ANONYMOUS"]),
    ),
    "encrypted": (
        ("a listener without TLS", KAFKA, "spec/kafka/listeners/0/tls", False),
        ("a listener without a login", KAFKA, "spec/kafka/listeners/0/authentication", GONE),
        ("Cassandra without logins", CASSANDRA, "spec/auth", False),
    ),
    "not-exposed": (
        ("a listener on the nodes", KAFKA, "spec/kafka/listeners/0/type", "nodeport"),
        ("a NodePort", "Service trino", "spec/type", "NodePort"),
        ("a NodePort of Superset", SUPERSET, "spec/webServer/service/type", "NodePort"),
        ("a NodePort of Cassandra", CASSANDRA, "spec/cassandra/datacenters/0/networking/nodePort/native", 30942),
    ),
    "audited": (
        (
            "Cassandra's audit off",
            CASSANDRA,
            "spec/cassandra/config/cassandraYaml/audit_logging_options/enabled",
            False,
        ),
        (
            "Cassandra's audit without grants",
            CASSANDRA,
            "spec/cassandra/config/cassandraYaml/audit_logging_options/included_categories",
            "AUTH,DDL",
        ),
        (
            "a datacenter's audit off",
            CASSANDRA,
            "spec/cassandra/datacenters/0/config/cassandraYaml/audit_logging_options/enabled",
            False,
        ),
    ),
    "closed": (
        ("Flink takes jobs", FLINK, "spec/flinkConfiguration/web.submit.enable", "true"),
        ("Flink takes jobs by default", FLINK, "spec/flinkConfiguration/web.submit.enable", GONE),
    ),
    "authenticated": (
        (
            "Trino without a login",
            "ConfigMap trino-config",
            "data/config.properties",
            Line("http-server.authentication.type=CERTIFICATE"),
        ),
        (
            "Trino in clear as well",
            "ConfigMap trino-config",
            "data/config.properties",
            Line("http-server.http.enabled=false", "http-server.http.enabled=true"),
        ),
    ),
    "strong-keys": (("an RSA key of 1024 bits", "Certificate cassandra-tls", "spec/privateKey/size", 1024),),
    "narrow": (
        ("ingress from everybody", INGRESS, "spec/ingress", [{"ports": PORTS}]),
        ("ingress from every address", INGRESS, "spec/ingress", [{"ports": PORTS, "from": [EVERYWHERE]}]),
        (
            "ingress from every namespace",
            INGRESS,
            "spec/ingress",
            [{"ports": PORTS, "from": [{"namespaceSelector": {}}]}],
        ),
        ("egress to everybody", POLICY, "spec/egress", [{"ports": PORTS}]),
        ("egress to every address", POLICY, "spec/egress/0/to", [EVERYWHERE]),
        ("egress to the metadata service", POLICY, "spec/egress/0/to/0/ipBlock/except", []),
        ("egress on all ports", POLICY, "spec/egress/0/ports", GONE),
        ("default-deny without egress", "NetworkPolicy deny-by-default", "spec/policyTypes", ["Ingress"]),
    ),
    "enforced": (
        (
            "a namespace that takes any pod",
            "Namespace weir-prod",
            "metadata/labels/pod-security.kubernetes.io~enforce",
            "baseline",
        ),
    ),
}

MUTANTS = tuple(
    Mutant(*row, rule)
    for rule, rows in [*IMAGES.items(), *DATA.items(), *PODS.items(), *ACCESS.items()]
    for row in rows
)
"""What the pack sees, each with its rule."""

UNSEEN = (
    Mutant(
        "egress to every address but the metadata service",
        INGRESS,
        "spec/egress",
        [{"ports": PORTS, "to": [METADATA_EXCEPTED]}],
        "buckets and API servers have no fixed addresses; set `security.network` to theirs where they have",
    ),
    Mutant(
        "a secret under a harmless name",
        TRINO,
        f"{MAIN}/env/+",
        {"name": "GREETING", "value": PASSWORD},
        "a secret is known by its name or its form",
    ),
)
"""What no rule sees, each with the reason."""
