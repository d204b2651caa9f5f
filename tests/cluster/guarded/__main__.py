"""A small program behind the guard of weir's own: two pods that hold data, as far as a StatefulSet can tell."""

from pathlib import Path

import pulumi
import pulumi_kubernetes as k8s

from weir.config.decisions import Decisions
from weir.programs.guard import guard

config = pulumi.Config("guarded")
guard(Decisions.model_validate(config.get_object("decisions") or {}), Path(__file__))

NAMESPACE = "weir-guarded"
LABELS = {"app": "guarded"}
namespace = k8s.core.v1.Namespace("namespace", metadata={"name": NAMESPACE})
container = k8s.core.v1.ContainerArgs(
    name="pause",
    image=config.require("image"),
    resources=k8s.core.v1.ResourceRequirementsArgs(
        limits={"cpu": "100m", "memory": "32Mi"}, requests={"cpu": "10m", "memory": "32Mi"}
    ),
)
k8s.apps.v1.StatefulSet(
    "data",
    metadata={"name": "data", "namespace": NAMESPACE},
    spec=k8s.apps.v1.StatefulSetSpecArgs(
        service_name="data",
        replicas=config.require_int("replicas"),
        selector=k8s.meta.v1.LabelSelectorArgs(match_labels=LABELS),
        template=k8s.core.v1.PodTemplateSpecArgs(
            metadata=k8s.meta.v1.ObjectMetaArgs(labels=LABELS),
            spec=k8s.core.v1.PodSpecArgs(containers=[container]),
        ),
    ),
    opts=pulumi.ResourceOptions(depends_on=[namespace]),
)
