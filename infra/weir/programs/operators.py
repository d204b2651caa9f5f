"""The operators that an environment's providers need, unless another team runs them."""

from __future__ import annotations

import pulumi

from weir.components.base import Resources, Site
from weir.components.flink.operator import FlinkOperator, FlinkOperatorArgs
from weir.components.images import image
from weir.components.network_operators import operator_flows
from weir.components.operators import Operators, OperatorsArgs
from weir.config.images import ImageName
from weir.config.kubernetes import FlinkOperatorProvider
from weir.config.operators import charts_of, operators_namespace
from weir.config.repository import REPOSITORY
from weir.config.stack import StackConfig


def operators(stack: StackConfig, site: Site) -> Resources:
    """What custom resources come after; nothing where `operators.install` is false."""
    if not stack.operators.install:
        return ()
    watched = None if stack.operators.watch_all_namespaces else site.namespace
    charts = charts_of(stack)
    ready: list[pulumi.Resource] = []
    if charts:
        allowed = operator_flows(stack) if stack.security.network_policies else ()
        args = OperatorsArgs(charts, REPOSITORY / "helm-values", operators_namespace(stack), watched, allowed)
        ready += Operators(site, args).ready
    if stack.operators.flink is FlinkOperatorProvider.PLAIN:
        ready += FlinkOperator(site, FlinkOperatorArgs(image(stack.images, ImageName.FLINK_OPERATOR))).ready
    return ready
