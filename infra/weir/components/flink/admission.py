"""What Flink's account may do with its right to create pods: make Flink's own, and no other (ADR 18).

The API server checks these rules itself, for requests of that account alone. They are CEL expressions; what `object`,
`oldObject`, `request` and `variables` are is in Kubernetes' documentation, "Validating Admission Policy".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

import pulumi
import pulumi_kubernetes as k8s

from weir.catalog.principals import job_principal
from weir.components.base import OWNER_LABEL, Component, Site
from weir.components.certificates import trust_secret_of
from weir.components.flink.account import ACCOUNT
from weir.components.flink.deployment import FlinkDeploymentArgs, deployment_name, internal_domain
from weir.components.flink.storage import StateStorage
from weir.components.object_storage import OBJECT_STORAGE_SECRET
from weir.config.image_references import repository

OPERATIONS = ("CREATE", "UPDATE", "DELETE")
HARMLESS_VOLUMES = ("configMap", "emptyDir", "downwardAPI")
HARMLESS_SOURCES = ("configMap", "downwardAPI", "serviceAccountToken")
BORROWED = ("dataSource", "dataSourceRef", "volumeName")
"""Fields of a claim by which a new volume is somebody else's, or a copy of it."""


@dataclass(frozen=True)
class FlinkAdmissionArgs:
    """What the pods of the stack's jobs use. `images` are references; any version of them is admitted."""

    secrets: Collection[str]
    claims: Collection[str]
    images: Collection[str]

    @classmethod
    def of(cls, jobs: Sequence[FlinkDeploymentArgs]) -> FlinkAdmissionArgs:
        """Of all jobs: they share the account."""
        storages = [StateStorage(deployment_name(job.pipeline), job.object_storage) for job in jobs]
        return cls(
            secrets={secret for job in jobs for secret in _secrets(job)},
            claims={storage.claim for storage in storages if storage.claim},
            images={job.image.reference for job in jobs},
        )


class FlinkAdmission(Component):
    """A policy for each resource that the account may write, bound to the platform's namespace."""

    def __init__(self, site: Site, args: FlinkAdmissionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("flink:FlinkAdmission", "flink-admission", site, opts)
        self.bindings = [
            self._policy("pods", "", "spec", pod_rules("spec", args)),
            self._policy("deployments", "apps", "spec.template.spec", pod_rules("spec.template.spec", args)),
            self._policy("configmaps", "", None, [CONFIG_MAPS]),
        ]
        self.register_outputs({})

    def _policy(
        self, resource: str, group: str, pod: str | None, rules: Sequence[Rule]
    ) -> k8s.admissionregistration.v1.ValidatingAdmissionPolicyBinding:
        """The policy and its binding. Both are the whole cluster's, so their name begins with the namespace."""
        site, api = self.site, k8s.admissionregistration.v1
        name = f"{site.namespace}-{ACCOUNT}-{resource}"
        metadata = k8s.meta.v1.ObjectMetaArgs(name=name, labels={**site.labels(name, "flink"), **site.object_labels})
        policy = api.ValidatingAdmissionPolicy(
            name,
            metadata=metadata,
            spec=api.ValidatingAdmissionPolicySpecArgs(
                failure_policy="Fail",
                match_constraints=api.MatchResourcesArgs(
                    resource_rules=[
                        api.NamedRuleWithOperationsArgs(
                            api_groups=[group], api_versions=["v1"], operations=list(OPERATIONS), resources=[resource]
                        )
                    ]
                ),
                match_conditions=[
                    api.MatchConditionArgs(
                        name="of-flinks-account",
                        expression=f"request.userInfo.username == {_text(account_of(site.namespace))}",
                    )
                ],
                variables=[
                    api.VariableArgs(name=variable, expression=expression)
                    for variable, expression in pod_variables(pod).items()
                ]
                if pod
                else None,
                validations=[api.ValidationArgs(expression=rule.expression, message=rule.message) for rule in rules],
            ),
            opts=self.child(),
        )
        return api.ValidatingAdmissionPolicyBinding(
            name,
            metadata=metadata,
            spec=api.ValidatingAdmissionPolicyBindingSpecArgs(
                policy_name=name,
                validation_actions=["Deny"],
                match_resources=api.MatchResourcesArgs(
                    namespace_selector=k8s.meta.v1.LabelSelectorArgs(
                        match_labels={"kubernetes.io/metadata.name": site.namespace}
                    )
                ),
            ),
            opts=self.child(after=[policy]),
        )


@dataclass(frozen=True)
class Rule:
    """A CEL expression that must hold, and what the account is told where it does not."""

    expression: str
    message: str


CONFIG_MAPS = Rule(
    "request.operation == 'CREATE' || !has(oldObject.metadata.labels) || "
    f"!('{OWNER_LABEL}' in oldObject.metadata.labels)",
    "Flink's account may not change a ConfigMap that weir made",
)


def account_of(namespace: str) -> str:
    """How the API server calls the account."""
    return f"system:serviceaccount:{namespace}:{ACCOUNT}"


def pod_variables(pod: str) -> dict[str, str]:
    """The spec, at the path `pod` of the object, and all of its containers: `variables.pod`, `variables.containers`."""
    return {
        "pod": f"request.operation == 'DELETE' ? oldObject.{pod} : object.{pod}",
        "containers": "variables.pod.containers + "
        "(has(variables.pod.initContainers) ? variables.pod.initContainers : [])",
    }


def pod_rules(pod: str, args: FlinkAdmissionArgs) -> list[Rule]:
    """The rules of ADR 18. Whatever belongs to the account may be deleted, whatever it uses."""
    own = "has({0}.serviceAccountName) && {0}.serviceAccountName == '" + ACCOUNT + "'"
    secrets, claims = _texts(args.secrets), _texts(args.claims)
    images = _texts(f"{repository(image)}{separator}" for image in args.images for separator in ":@")
    return [
        Rule(
            f"{own.format('variables.pod')} && (request.operation != 'UPDATE' || {own.format(f'oldObject.{pod}')})",
            f"Flink's account may only touch pods of the service account {ACCOUNT}",
        ),
        Rule(
            _unless_deleted(
                f"!has(variables.pod.volumes) || variables.pod.volumes.all(v, {_any('v', HARMLESS_VOLUMES)}"
                f" || (has(v.secret) && v.secret.secretName in {secrets})"
                f" || (has(v.persistentVolumeClaim) && v.persistentVolumeClaim.claimName in {claims})"
                f" || (has(v.ephemeral) && !({_any('v.ephemeral.volumeClaimTemplate.spec', BORROWED)}))"
                f" || (has(v.projected) && v.projected.sources.all(s, {_any('s', HARMLESS_SOURCES)}"
                f" || (has(s.secret) && s.secret.name in {secrets}))))"
            ),
            "Flink's account may only mount what the stack's jobs mount",
        ),
        Rule(
            _unless_deleted(
                "variables.containers.all(c, (!has(c.env) || c.env.all(e, !has(e.valueFrom)"
                f" || !has(e.valueFrom.secretKeyRef) || e.valueFrom.secretKeyRef.name in {secrets}))"
                " && (!has(c.envFrom) || c.envFrom.all(f, !has(f.secretRef)"
                f" || f.secretRef.name in {secrets})))"
            ),
            "Flink's account may only read the Secrets of the stack's jobs",
        ),
        Rule(
            _unless_deleted(f"variables.containers.all(c, {images}.exists(i, c.image.startsWith(i)))"),
            "Flink's account may only run the images of the stack's jobs",
        ),
    ]


def _secrets(job: FlinkDeploymentArgs) -> set[str]:
    domain = internal_domain(deployment_name(job.pipeline))
    # While passwords are rotated, the job that still runs, or to which the operator goes back, has those before.
    generation = job.cassandra.password_generation
    accesses = [replace(job.cassandra, password_generation=each) for each in {generation, max(1, generation - 1)}]
    keyed = job.object_storage is not None and not job.object_storage.workload_identity
    return {
        domain,
        trust_secret_of(domain),
        *job.kafka.secrets(job_principal(job.pipeline).name).values(),
        *job.registry.secrets,
        *(secret for access in accesses for secret, _ in access.secrets(job.cassandra_role).values()),
        *([OBJECT_STORAGE_SECRET] if keyed else []),
    }


def _unless_deleted(expression: str) -> str:
    return f"request.operation == 'DELETE' || ({expression})"


def _any(of: str, fields: Sequence[str]) -> str:
    return " || ".join(f"has({of}.{name})" for name in fields)


def _texts(values: Iterable[str]) -> str:
    return f"[{', '.join(sorted(map(_text, values)))}]"


def _text(value: str) -> str:
    return f"'{value}'"
