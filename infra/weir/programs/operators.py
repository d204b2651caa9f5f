"""The operators that an environment's providers need, unless another team runs them."""

from __future__ import annotations

import pulumi

from weir.components.base import Resources, Site
from weir.components.flink.operator import FlinkOperator, FlinkOperatorArgs
from weir.components.images import image
from weir.components.operators import Operators, OperatorsArgs
from weir.config.cassandra import CassandraProvider
from weir.config.images import ImageName
from weir.config.kafka import KafkaProvider
from weir.config.kubernetes import FlinkOperatorProvider
from weir.config.repository import REPOSITORY
from weir.config.security import CertificateSource
from weir.config.stack import StackConfig
from weir.config.superset import SupersetProvider
from weir.config.versions import CHARTS, Chart


def operators(stack: StackConfig, site: Site) -> Resources:
    """What custom resources come after; nothing where `operators.install` is false."""
    if not stack.operators.install:
        return ()
    watched = None if stack.operators.watch_all_namespaces else site.namespace
    charts = charts_of(stack)
    ready: list[pulumi.Resource] = []
    if charts:
        ready += Operators(site, OperatorsArgs(charts, REPOSITORY / "helm-values", watched)).ready
    if stack.operators.flink is FlinkOperatorProvider.PLAIN:
        args = FlinkOperatorArgs(image(stack.images, ImageName.FLINK_OPERATOR), watched)
        ready += FlinkOperator(site, args).ready
    return ready


def charts_of(stack: StackConfig) -> list[Chart]:
    """The charts of `stack`, cert-manager first."""
    wanted = {
        "cert-manager": stack.operators.install_cert_manager
        and stack.security.certificates is CertificateSource.CERT_MANAGER,
        "strimzi-kafka-operator": stack.kafka.provider is KafkaProvider.STRIMZI,
        "k8ssandra-operator": stack.cassandra.provider is CassandraProvider.K8SSANDRA,
        "flink-kubernetes-operator": stack.operators.flink is FlinkOperatorProvider.CHART,
        "superset-operator": stack.superset.provider is SupersetProvider.OPERATOR,
    }
    return [CHARTS[name] for name, needed in wanted.items() if needed]
