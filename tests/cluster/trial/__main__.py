"""A small program with what weir's programs are made of: settings, a workload, a service, a custom kind."""

import pulumi
import pulumi_kubernetes as k8s

config = pulumi.Config("trial")
NAMESPACE = "weir-trial"
LABELS = {"app": "trial"}


def metadata(name: str) -> k8s.meta.v1.ObjectMetaArgs:
    """An object of the namespace."""
    return k8s.meta.v1.ObjectMetaArgs(name=name, namespace=NAMESPACE)


namespace = k8s.core.v1.Namespace("namespace", metadata={"name": NAMESPACE})
inside = pulumi.ResourceOptions(depends_on=[namespace])
settings = k8s.core.v1.ConfigMap("settings", metadata=metadata("settings"), data={"greeting": "hello"}, opts=inside)
password = k8s.core.v1.Secret(
    "password",
    metadata=metadata("password"),
    string_data={"password": config.require_secret("password")},
    opts=inside,
)
greeting = k8s.core.v1.ConfigMapEnvSourceArgs(name=settings.metadata.name)
container = k8s.core.v1.ContainerArgs(
    name="pause",
    image=config.require("image"),
    env_from=[k8s.core.v1.EnvFromSourceArgs(config_map_ref=greeting)],
    # `1000m` is what the API server writes as `1`: no change by hand.
    resources=k8s.core.v1.ResourceRequirementsArgs(
        limits={"cpu": "1000m", "memory": "32Mi"}, requests={"cpu": "10m", "memory": "32Mi"}
    ),
)
workload = k8s.apps.v1.Deployment(
    "workload",
    metadata=metadata("workload"),
    spec=k8s.apps.v1.DeploymentSpecArgs(
        replicas=config.get_int("replicas") or 1,
        selector=k8s.meta.v1.LabelSelectorArgs(match_labels=LABELS),
        template=k8s.core.v1.PodTemplateSpecArgs(
            metadata=k8s.meta.v1.ObjectMetaArgs(labels=LABELS),
            spec=k8s.core.v1.PodSpecArgs(containers=[container]),
        ),
    ),
    opts=pulumi.ResourceOptions(depends_on=[namespace, password]),
)
service = k8s.core.v1.Service(
    "service",
    metadata=metadata("service"),
    spec={"selector": LABELS, "ports": [{"port": 80}]},
    opts=pulumi.ResourceOptions(depends_on=[workload]),
)
definition = k8s.apiextensions.v1.CustomResourceDefinition(
    "definition",
    metadata={"name": "trials.weir.io"},
    spec={
        "group": "weir.io",
        "scope": "Namespaced",
        "names": {"kind": "Trial", "plural": "trials", "singular": "trial"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "open_apiv3_schema": {
                        "type": "object",
                        "properties": {
                            "spec": {"type": "object", "properties": {"size": {"type": "integer", "maximum": 9}}}
                        },
                    }
                },
            }
        ],
    },
)
k8s.apiextensions.CustomResource(
    "trial",
    api_version="weir.io/v1",
    kind="Trial",
    metadata=metadata("trial"),
    spec={"size": config.get_int("size") or 1},
    opts=pulumi.ResourceOptions(depends_on=[namespace, definition]),
)
pulumi.export("address", service.spec["cluster_ip"])
