"""Deployments, StatefulSets, Services and the pods of Jobs: every pod that weir runs without an operator is built here.

A pod has one container, and seldom a helper beside it. All pods are restricted, sized and probed in the same way, and
Kubernetes replaces them when their configuration changes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from weir.components import pods
from weir.components.base import PLAIN_HTTP, Component, Resources, Site
from weir.components.images import Image
from weir.sizing.plan import PodSize

CONFIG_CHECKSUM = "weir.io/config-checksum"
"""A pod's annotation. Kubernetes replaces pods when it changes, but not when only a ConfigMap does."""
SECRETS_CHECKSUM = "weir.io/secrets-checksum"
"""The same for secrets that a program reads at its start; a keyed digest."""


@dataclass(frozen=True)
class Probes:
    """How Kubernetes tells that a container has started, can take requests, and is alive."""

    startup: k8s.core.v1.ProbeArgs | None = None
    readiness: k8s.core.v1.ProbeArgs | None = None
    liveness: k8s.core.v1.ProbeArgs | None = None


@dataclass(frozen=True)
class Configuration:
    """A ConfigMap of files, and their checksum."""

    name: str
    config_map: k8s.core.v1.ConfigMap
    checksum: pulumi.Output[str]

    @property
    def volume(self) -> k8s.core.v1.VolumeArgs:
        """The files as the volume `config`."""
        return pods.config_volume(self.name)


@dataclass(frozen=True)
class Claim:
    """A volume for each pod of a StatefulSet. It outlives the pod and the StatefulSet."""

    name: str
    disk_gib: int
    storage_class: str | None
    labels: Mapping[str, str] | None = None

    def template(self) -> k8s.core.v1.PersistentVolumeClaimArgs:
        """The claim that each pod is given a copy of."""
        metadata = k8s.meta.v1.ObjectMetaArgs(name=self.name, labels=dict(self.labels) if self.labels else None)
        volume = pods.volume_claim(self.disk_gib, self.storage_class)
        return k8s.core.v1.PersistentVolumeClaimArgs(metadata=metadata, spec=volume)


@dataclass(frozen=True, kw_only=True)
class Helper:
    """A container beside the pod's own: it needs no port, volume or secret."""

    container: str
    image: Image
    size: PodSize
    command: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Workload:
    """Pods of one kind. A field that is None is left out of the manifest."""

    name: str
    """The name of the object, and the label that selects its pods."""
    component: str
    pod_component: str | None = None
    """The component label of the pods, if it differs from that of the object."""
    container: str
    image: Image
    user_id: int
    size: PodSize
    command: Sequence[str] | None = None
    environment: Sequence[k8s.core.v1.EnvVarArgs] | None = None
    ports: Mapping[str, int] | None = None
    probes: Probes = Probes()
    volumes: Sequence[k8s.core.v1.VolumeArgs] = ()
    mounts: Sequence[k8s.core.v1.VolumeMountArgs] = ()
    configuration: Configuration | None = None
    """The pods are replaced when it changes. `volumes` and `mounts` say where it is mounted."""
    secrets_digest: pulumi.Input[str] | None = None
    """The pods are replaced when it changes."""
    after_start: Sequence[str] | None = None
    """A command that runs in the container whenever it starts. If it fails, the container is started again."""
    account: str | None = None
    """The service account of a program that talks to Kubernetes. Other pods get no token."""
    spread: bool = True
    """Whether to spread the pods over zones and hosts."""
    one_at_a_time: bool = False
    """Whether to limit voluntary disruption, such as draining nodes, to one pod at a time."""
    grace_seconds: int | None = None
    helper: Helper | None = None


def deployment(
    parent: Component, workload: Workload, *, replicas: int = 1, recreate: bool = False, after: Resources = ()
) -> k8s.apps.v1.Deployment:
    """The Deployment of `workload`. With `recreate` the old pod ends before the new one starts."""
    site, name = parent.site, workload.name
    if workload.one_at_a_time:
        _disruption_budget(parent, workload)
    return k8s.apps.v1.Deployment(
        name,
        metadata=site.metadata(name, workload.component),
        spec=k8s.apps.v1.DeploymentSpecArgs(
            replicas=replicas,
            strategy=k8s.apps.v1.DeploymentStrategyArgs(type="Recreate") if recreate else None,
            selector=k8s.meta.v1.LabelSelectorArgs(match_labels=site.selector(name)),
            template=pod_template(site, workload),
        ),
        opts=parent.child(after=_after(workload, after)),
    )


def stateful_set(
    parent: Component,
    workload: Workload,
    claim: Claim,
    *,
    service: str,
    replicas: int = 1,
    management: str | None = None,
    resource: str | None = None,
    after: Resources = (),
) -> k8s.apps.v1.StatefulSet:
    """The StatefulSet of `workload`. `service` is the Service that names its pods.

    `management` is the pod management policy. `resource` is the name in Pulumi's state, if it is another.
    """
    site, name = parent.site, workload.name
    if workload.one_at_a_time:
        _disruption_budget(parent, workload)
    return k8s.apps.v1.StatefulSet(
        resource or name,
        metadata=site.metadata(name, workload.component),
        spec=k8s.apps.v1.StatefulSetSpecArgs(
            service_name=service,
            replicas=replicas,
            pod_management_policy=management,
            persistent_volume_claim_retention_policy=(
                k8s.apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicyArgs(
                    when_deleted="Retain", when_scaled="Retain"
                )
            ),
            selector=k8s.meta.v1.LabelSelectorArgs(match_labels=site.selector(name)),
            template=pod_template(site, workload),
            volume_claim_templates=[claim.template()],
        ),
        opts=parent.keeper(after=_after(workload, after)),
    )


def pod_template(site: Site, workload: Workload, restart_policy: str | None = None) -> k8s.core.v1.PodTemplateSpecArgs:
    """The pod template of `workload`."""
    configuration = workload.configuration
    annotations: dict[str, pulumi.Input[str]] = {CONFIG_CHECKSUM: configuration.checksum} if configuration else {}
    if workload.secrets_digest is not None:
        annotations[SECRETS_CHECKSUM] = workload.secrets_digest
    selector = site.selector(workload.name)
    return k8s.core.v1.PodTemplateSpecArgs(
        metadata=site.pod_metadata(workload.name, workload.pod_component or workload.component, annotations),
        spec=k8s.core.v1.PodSpecArgs(
            restart_policy=restart_policy,
            service_account_name=workload.account,
            automount_service_account_token=None if workload.account else False,
            termination_grace_period_seconds=workload.grace_seconds,
            security_context=pods.pod_security(workload.user_id),
            image_pull_secrets=pods.pull_secrets(workload.image.pull_secrets),
            topology_spread_constraints=pods.topology_spread(selector, site.zones) if workload.spread else None,
            containers=[_container(site, workload), *([_helper(site, workload.helper)] if workload.helper else [])],
            volumes=list(workload.volumes),
        ),
    )


def configuration(
    parent: Component,
    name: str,
    component: str,
    files: Mapping[str, pulumi.Input[str]] | pulumi.Output[dict[str, str]],
) -> Configuration:
    """Creates the ConfigMap `<name>-config`. `files` may depend on outputs of other resources."""
    texts = files if isinstance(files, pulumi.Output) else pulumi.Output.all(**files)
    config_map = k8s.core.v1.ConfigMap(
        f"{name}-config",
        metadata=parent.site.metadata(f"{name}-config", component),
        data=files if isinstance(files, pulumi.Output) else dict(files),
        opts=parent.child(),
    )
    checksum = texts.apply(lambda found: content_hash("".join(found.values())))
    return Configuration(f"{name}-config", config_map, checksum)


def service(
    parent: Component,
    name: str,
    component: str,
    ports: Mapping[str, int],
    *,
    pods_of: str | None = None,
    headless: bool = False,
    before_ready: bool | None = None,
    by_name: bool = True,
    why_plain_http: str | None = None,
    allowed_cidrs: Sequence[str] = (),
) -> k8s.core.v1.Service:
    """The Service `name` for the pods of `pods_of`, by default those of the same name.

    With `allowed_cidrs` a load balancer lets these addresses in from outside, and pods see the client's own address,
    which network policies judge by.

    A headless Service gives each pod a DNS name; with `before_ready`, even before the pod is ready. The target ports
    are the pods' ports of the same names, or, without `by_name`, of the same numbers.
    """
    site = parent.site
    annotations = {PLAIN_HTTP: why_plain_http} if why_plain_http else None
    return k8s.core.v1.Service(
        name,
        metadata=site.metadata(name, component, annotations=annotations),
        spec=k8s.core.v1.ServiceSpecArgs(
            cluster_ip="None" if headless else None,
            type="LoadBalancer" if allowed_cidrs else None,
            load_balancer_source_ranges=list(allowed_cidrs) or None,
            external_traffic_policy="Local" if allowed_cidrs else None,
            publish_not_ready_addresses=before_ready,
            selector=site.selector(pods_of or name),
            ports=[
                k8s.core.v1.ServicePortArgs(name=port, port=number, target_port=port if by_name else None)
                for port, number in ports.items()
            ],
        ),
        opts=parent.child(),
    )


def content_hash(text: str) -> str:
    """A short hash of `text`."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _container(site: Site, workload: Workload) -> k8s.core.v1.ContainerArgs:
    ports, probes = workload.ports, workload.probes
    return k8s.core.v1.ContainerArgs(
        name=workload.container,
        image=workload.image.reference,
        image_pull_policy=workload.image.pull_policy,
        command=None if workload.command is None else list(workload.command),
        env=None if workload.environment is None else list(workload.environment),
        ports=[k8s.core.v1.ContainerPortArgs(name=name, container_port=port) for name, port in ports.items()]
        if ports
        else None,
        lifecycle=pods.after_start(workload.after_start) if workload.after_start else None,
        startup_probe=probes.startup,
        readiness_probe=probes.readiness,
        liveness_probe=probes.liveness,
        security_context=pods.container_security(),
        resources=site.resources(workload.size),
        volume_mounts=list(workload.mounts),
    )


def _helper(site: Site, helper: Helper) -> k8s.core.v1.ContainerArgs:
    return k8s.core.v1.ContainerArgs(
        name=helper.container,
        image=helper.image.reference,
        image_pull_policy=helper.image.pull_policy,
        command=list(helper.command),
        security_context=pods.container_security(),
        resources=site.resources(helper.size),
    )


def _disruption_budget(parent: Component, workload: Workload) -> None:
    site, name = parent.site, workload.name
    selector = k8s.meta.v1.LabelSelectorArgs(match_labels=site.selector(name))
    spec = k8s.policy.v1.PodDisruptionBudgetSpecArgs(max_unavailable=1, selector=selector)
    metadata = site.metadata(name, workload.component)
    k8s.policy.v1.PodDisruptionBudget(name, metadata=metadata, spec=spec, opts=parent.child())


def _after(workload: Workload, others: Resources) -> Resources:
    return [*([workload.configuration.config_map] if workload.configuration else []), *others]
