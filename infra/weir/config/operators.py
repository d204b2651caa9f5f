"""Which operators an environment needs, where they run, and what an environment must not say about them. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from weir.config.cassandra import CassandraProvider
from weir.config.kafka import KafkaProvider
from weir.config.kubernetes import FlinkOperatorProvider
from weir.config.security import CertificateSource
from weir.config.stack_settings import StackSettings, Target
from weir.config.superset import SupersetProvider
from weir.config.versions import CHARTS, Chart

CERT_MANAGER = "cert-manager"


def charts_of(stack: StackSettings) -> list[Chart]:
    """The charts whose operators serve `stack`, cert-manager first; who installs them is `operators.install`."""
    wanted = {
        CERT_MANAGER: stack.operators.install_cert_manager
        and stack.security.certificates is CertificateSource.CERT_MANAGER,
        "strimzi-kafka-operator": stack.kafka.provider is KafkaProvider.STRIMZI,
        "k8ssandra-operator": stack.cassandra.provider is CassandraProvider.K8SSANDRA,
        "flink-kubernetes-operator": stack.operators.flink is FlinkOperatorProvider.CHART,
        "superset-operator": stack.superset.provider is SupersetProvider.OPERATOR,
    }
    return [CHARTS[name] for name, needed in wanted.items() if needed]


def operators_namespace(stack: StackSettings) -> str:
    """Where the charts' operators run: `operators.namespace`, or `<name_prefix>-operators` where weir installs them."""
    return stack.operators.namespace or f"{stack.kubernetes.name_prefix}-operators"


def reach_in(stack: StackSettings) -> bool:
    """Whether some operator opens connections to the platform's pods; cert-manager only talks to the API server."""
    return any(chart.name != CERT_MANAGER for chart in charts_of(stack))


def problems_of(stack: StackSettings) -> Iterator[str]:
    """The contradictions between `operators` and the rest of a stack file."""
    operators = stack.operators
    plain = operators.flink is FlinkOperatorProvider.PLAIN
    if plain and stack.availability.highly_available:
        yield (
            "operators.flink: plain runs an old release in a single pod, but availability.highly_available is true; "
            "set it to chart"
        )
    if plain and operators.watch_all_namespaces:
        yield (
            "operators.watch_all_namespaces: the plain Flink operator has rights in its own namespace alone; set it to "
            "false, or operators.flink to chart"
        )
    if operators.namespace == stack.kubernetes.name_prefix:
        yield (
            f"operators.namespace: {operators.namespace!r} is the platform's own namespace, whose quota and network "
            "policies the operators do not fit; name another"
        )
    if not operators.install and stack.target is Target.KUBERNETES:
        yield from _of_another_team(stack)


def _of_another_team(stack: StackSettings) -> Iterator[str]:
    operators = stack.operators
    if operators.flink is FlinkOperatorProvider.PLAIN:
        yield (
            "operators.flink: plain is a Deployment of weir's own in the platform's namespace, but operators.install "
            "is false; set install to true, or flink to chart"
        )
    if operators.namespace is None and reach_in(stack):
        yield (
            "operators.namespace: missing; operators.install is false, so nothing says where the operators run, and "
            "the network policies would shut them out: name their namespace"
        )
    if operators.watch_all_namespaces:
        yield (
            "operators.watch_all_namespaces: only the environment that installs the operators decides what they "
            "watch, and operators.install is false; remove it here, and set it there"
        )
    if operators.install_cert_manager and "install_cert_manager" in operators.model_fields_set:
        yield (
            "operators.install_cert_manager: true, but operators.install is false, and a cluster has room for one "
            "cert-manager; remove it"
        )
