"""The operators that an environment's providers need, unless another team runs them."""

from __future__ import annotations

from weir.components.base import Resources, Site
from weir.components.operators import Operators, OperatorsArgs
from weir.config.cassandra import CassandraProvider
from weir.config.kafka import KafkaProvider
from weir.config.stack import StackConfig
from weir.config.superset import SupersetProvider
from weir.config.versions import CHARTS, Chart
from weir.programs.load import REPOSITORY


def operators(stack: StackConfig, site: Site) -> Resources:
    """What custom resources come after; nothing where `operators.install` is false."""
    if not stack.operators.install:
        return ()
    watched = None if stack.operators.watch_all_namespaces else site.namespace
    return Operators(site, OperatorsArgs(charts_of(stack), REPOSITORY / "helm-values", watched)).ready


def charts_of(stack: StackConfig) -> list[Chart]:
    """The charts of `stack`, cert-manager first."""
    wanted = {
        "cert-manager": stack.operators.install_cert_manager,
        "strimzi-kafka-operator": stack.kafka.provider is KafkaProvider.STRIMZI,
        "k8ssandra-operator": stack.cassandra.provider is CassandraProvider.K8SSANDRA,
        "flink-kubernetes-operator": True,
        "superset-operator": stack.superset.provider is SupersetProvider.OPERATOR,
    }
    return [CHARTS[name] for name, needed in wanted.items() if needed]
