"""Every version that a stack depends on, in one place, and which of them go together.

The Java programs of the one-machine target are resolved by Maven (`toolchain/pom.xml`), Superset and Flink's Python
side by their lock files: a test holds those against this file. renovate reads the `# renovate:` lines.
"""

from __future__ import annotations

from dataclasses import dataclass

# renovate: datasource=maven depName=org.apache.kafka:kafka_2.13
KAFKA = "4.3.1"
KAFKA_METADATA = "4.3"
"""Of Strimzi's clusters, raised by hand once a new Kafka has proved itself: from then on there is no way back."""
# renovate: datasource=maven depName=org.apache.cassandra:cassandra-all
CASSANDRA = "5.0.9"
# renovate: datasource=pypi depName=apache-flink
FLINK = "2.2.1"
# renovate: datasource=maven depName=org.apache.flink:flink-sql-connector-kafka versioning=loose
FLINK_KAFKA_CONNECTOR = "5.0.0-2.2"
# renovate: datasource=maven depName=io.apicurio:apicurio-registry-app
REGISTRY = "3.3.3"
# renovate: datasource=maven depName=io.trino:trino-server
TRINO = "476"
# renovate: datasource=pypi depName=apache-superset
SUPERSET = "6.1.0"
# renovate: datasource=docker depName=postgres
POSTGRESQL = "17.6"
# renovate: datasource=docker depName=valkey/valkey
VALKEY = "8.1.4"
# renovate: datasource=go depName=github.com/sigstore/cosign/v3
COSIGN = "3.1.3"
"""For `weir images sign`: the tests build this one from source; any release of its major version will do."""
PYTHON = "3.11"
JAVA = "17"

# The operators, whose custom resources are checked against the CRDs of exactly these releases.
STRIMZI_OPERATOR = "1.2.0"
K8SSANDRA_OPERATOR = "1.32.5"
CASS_OPERATOR = "1.32.0"
FLINK_OPERATOR = "1.15.0"
# renovate: datasource=maven depName=org.apache.flink:flink-kubernetes-operator
FLINK_OPERATOR_PLAIN = "1.7.0"
"""Of `operators: {flink: plain}`: the newest that a package registry serves, for clusters without internet."""
SUPERSET_OPERATOR = "0.2.0"
REGISTRY_OPERATOR = "3.3.1"
CERT_MANAGER = "v1.21.1"
PROMETHEUS_OPERATOR = "v0.93.0"

KUBERNETES_OLDEST = "1.30"
"""Strimzi's documentation (attributes of release 1.2.0): 1.30 and later. The other operators ask for less.

ValidatingAdmissionPolicy is `v1` since 1.30, too (Kubernetes documentation, "Validating Admission Policy")."""
KUBERNETES_TESTED = "1.34"
"""What the cluster tests run on, and whose schemas manifests are checked against."""

FLINK_CRD_VERSION = "v2_2"
"""`spec.flinkVersion`, the operator's name for a minor version of Flink."""
FLINK_CRD_VERSION_PLAIN = "v1_18"
"""What the plain operator calls it: the newest version that it knows. It makes the pods of any, in standalone mode."""


@dataclass(frozen=True)
class Crd:
    """A kind of custom resource: the operator that owns it, its release, and the API version that it serves."""

    kind: str
    api_version: str
    operator: str
    release: str

    @property
    def folder(self) -> str:
        """The folder of the release's CRD files below `CRD_DIR`."""
        return f"{self.operator}-{self.release}"


CRDS = {
    crd.kind: crd
    for crd in (
        *(
            Crd(kind, "kafka.strimzi.io/v1", "strimzi", STRIMZI_OPERATOR)
            for kind in (
                *("Kafka", "KafkaNodePool", "KafkaTopic", "KafkaUser", "KafkaRebalance"),
                *("KafkaConnect", "KafkaConnector"),
            )
        ),
        Crd("K8ssandraCluster", "k8ssandra.io/v1alpha1", "k8ssandra-operator", K8SSANDRA_OPERATOR),
        Crd("MedusaBackupSchedule", "medusa.k8ssandra.io/v1alpha1", "k8ssandra-operator", K8SSANDRA_OPERATOR),
        Crd("CassandraDatacenter", "cassandra.datastax.com/v1beta1", "cass-operator", CASS_OPERATOR),
        *(
            Crd(kind, f"flink.apache.org/{version}", "flink-kubernetes-operator", FLINK_OPERATOR)
            for kind, version in (("FlinkDeployment", "v1beta1"), ("FlinkStateSnapshot", "v1beta1"))
        ),
        Crd("ApicurioRegistry3", "registry.apicur.io/v1", "apicurio-registry-operator", REGISTRY_OPERATOR),
        Crd("Superset", "superset.apache.org/v1alpha1", "superset-kubernetes-operator", SUPERSET_OPERATOR),
        *(
            Crd(kind, "cert-manager.io/v1", "cert-manager", CERT_MANAGER)
            for kind in ("Certificate", "Issuer", "ClusterIssuer")
        ),
        *(
            Crd(kind, "monitoring.coreos.com/v1", "prometheus-operator", PROMETHEUS_OPERATOR)
            for kind in ("PodMonitor", "ServiceMonitor", "PrometheusRule")
        ),
    )
}


@dataclass(frozen=True)
class Chart:
    """The Helm chart that installs an operator; its static values are in `helm-values/<name>.yaml`."""

    name: str
    repository: str
    version: str


CHARTS = {
    chart.name: chart
    for chart in (
        Chart("cert-manager", "https://charts.jetstack.io", CERT_MANAGER),
        Chart("strimzi-kafka-operator", "oci://quay.io/strimzi-helm", STRIMZI_OPERATOR),
        Chart("k8ssandra-operator", "https://helm.k8ssandra.io/stable", K8SSANDRA_OPERATOR),
        Chart(
            "flink-kubernetes-operator",
            f"https://archive.apache.org/dist/flink/flink-kubernetes-operator-{FLINK_OPERATOR}",
            FLINK_OPERATOR,
        ),
        Chart("superset-operator", "oci://ghcr.io/apache/superset-kubernetes-operator/charts", SUPERSET_OPERATOR),
    )
}


@dataclass(frozen=True)
class Compatibility:
    """One line of the matrix: `needed_by` supports `subject` in `versions` (prefixes), and who says so."""

    needed_by: str
    subject: str
    version: str
    versions: tuple[str, ...]
    source: str

    @property
    def holds(self) -> bool:
        """True where the version in use is among the supported ones."""
        return any(self.version == known or self.version.startswith(f"{known}.") for known in self.versions)


COMPATIBILITY = (
    Compatibility(
        f"Flink Kafka connector {FLINK_KAFKA_CONNECTOR}",
        "Flink",
        FLINK,
        (FLINK_KAFKA_CONNECTOR.rsplit("-", 1)[1],),
        "the connector's version names its Flink release after the dash",
    ),
    Compatibility(
        f"Flink operator {FLINK_OPERATOR}",
        "Flink",
        FLINK,
        ("1.20", "2.0", "2.1", "2.2"),
        "the enum of spec.flinkVersion in the release's CRD ends at v2_2",
    ),
    Compatibility(
        f"Flink operator {FLINK_OPERATOR_PLAIN} in standalone mode, as {FLINK_CRD_VERSION_PLAIN}",
        "Flink",
        FLINK,
        ("2.2",),
        "tested in pods: the image's entry point and a class ahead of the operator's own translate between them",
    ),
    Compatibility("Kafka, Cassandra, Flink", "Java", JAVA, ("17",), "Cassandra 5.0 runs on JDK 11 and 17, not on 21"),
    Compatibility("PyFlink 2.2", "Python", PYTHON, ("3.9", "3.10", "3.11", "3.12"), "PyFlink 2.2's classifiers"),
)
