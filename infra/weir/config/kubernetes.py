"""The cluster: names, labels, operators, and how an environment gets its next version."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from weir.config.base import DnsLabel, Frozen

LabelValue = Annotated[str, Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$")]


class KubernetesConfig(Frozen):
    """Names and labels in the cluster: the platform is in namespace `<name_prefix>`."""

    name_prefix: DnsLabel = "weir"
    owner: Annotated[
        LabelValue, Field(description="The team responsible for the environment; a label on every resource.")
    ] = "data-platform"
    cost_center: LabelValue | None = None
    labels: Annotated[dict[str, LabelValue], Field(description="Labels of every resource.")] = {}


class FlinkOperatorProvider(StrEnum):
    """`chart` (the newest release, native mode), or `plain`: a Deployment of ours, for clusters without internet."""

    CHART = "chart"
    PLAIN = "plain"


class OperatorsConfig(Frozen):
    """The operators that the custom resources need. A cluster has one set of them, whatever runs in it."""

    flink: FlinkOperatorProvider = FlinkOperatorProvider.CHART

    install: Annotated[
        bool,
        Field(description="Install the charts; false if another environment or another team runs the operators."),
    ] = True
    namespace: Annotated[
        DnsLabel | None,
        Field(
            description="Where the operators run; network policies admit it. Needed if `install` is false; otherwise "
            "weir creates it, by default as `<name_prefix>-operators`."
        ),
    ] = None
    install_cert_manager: bool = True
    watch_all_namespaces: Annotated[
        bool, Field(description="The operators that this environment installs serve every namespace of the cluster.")
    ] = False


class PromotionsConfig(Frozen):
    """From where this environment gets its images and when."""

    from_environment: Annotated[
        DnsLabel | None, Field(description="The environment that must have run the images before.")
    ] = None
    approval_required: bool = False
    soak_hours: Annotated[int, Field(ge=0, le=720, description="How many hours the images must have run there.")] = 0
