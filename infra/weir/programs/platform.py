"""The platform of an environment: what pipelines run on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pulumi

from weir.components.base import Resources, Site
from weir.components.cassandra.access import CassandraAccess
from weir.components.certificates import CertificateAuthority, CertificateAuthorityArgs
from weir.components.images import image
from weir.components.kafka.access import KafkaAccess
from weir.components.namespace import Namespace, NamespaceArgs
from weir.components.network_flows import flows
from weir.components.network_policies import NetworkPolicies
from weir.components.registry import ExistingRegistryArgs, ExistingRegistrySchemas, Registry, RegistryArgs
from weir.components.registry_login import OWN_REGISTRY, RegistryAccess, RegistryLogin
from weir.config import versions
from weir.config.images import ImageName
from weir.config.security import CertificateSource
from weir.config.stack import StackConfig
from weir.programs.cassandra import cassandra
from weir.programs.kafka import Kafka, kafka
from weir.programs.load import PlannedEnvironment
from weir.programs.monitoring import monitoring
from weir.programs.operators import operators
from weir.programs.serving import serving


@dataclass(frozen=True)
class Platform:
    """Where the services are, for whatever runs on them."""

    site: Site
    authority: CertificateAuthority
    kafka: KafkaAccess
    registry_url: pulumi.Input[str]
    ready: Resources
    """What must exist before a pipeline's job starts, besides Kafka and Cassandra: schemas, operators."""
    cassandra: CassandraAccess
    registry: RegistryAccess = OWN_REGISTRY


def platform(environment: PlannedEnvironment) -> Platform:
    """Makes all of it, in an order that its teardown reverses: operators, services, schemas."""
    stack, plan = environment.stack, environment.plan
    site = site_of(stack)
    quota = plan.quota
    namespace = Namespace(
        site,
        NamespaceArgs(stack.security.restricted_pods, quota.cpu_cores, quota.memory_mib, quota.disk_gib),
    )
    site = replace(site, foundation=(namespace.namespace,))
    site = replace(site, foundation=(namespace.namespace, *operators(stack, site)))
    if stack.security.network_policies:
        engines = {pipeline.spec.engine for pipeline in environment.pipelines}
        clients = [client for pipeline in environment.pipelines for client in pipeline.spec.clients.values()]
        NetworkPolicies(site, flows(stack, engines, clients))
    authority = CertificateAuthority(
        site,
        CertificateAuthorityArgs(
            versions.CRDS["Certificate"].api_version,
            stack.security.certificate_issuer,
            generated=stack.security.certificates is CertificateSource.GENERATED,
            signing=stack.security.authorities.signing,
            trusted=stack.security.authorities.trusted,
        ),
    )
    site = replace(site, digest_key=authority.seed)
    access = _registry_access(environment, site)
    log = kafka(environment, site, authority, access)
    registry = _registry(environment, site, log, access)
    url = registry.url if registry else log.registry_url or ""
    ready: Resources = registry.ready if registry else ()
    monitoring(environment, site)
    database = cassandra(environment, site, authority)
    serving(environment, site, authority, database)
    return Platform(site, authority, log.access, url, ready, database, access)


def site_of(stack: StackConfig) -> Site:
    """The environment as components see it."""
    kubernetes = stack.kubernetes
    labels = dict(kubernetes.labels)
    if kubernetes.cost_center:
        labels["weir.io/cost-center"] = kubernetes.cost_center
    return Site(
        environment=stack.environment,
        namespace=kubernetes.name_prefix,
        owner=kubernetes.owner,
        keep_data=stack.availability.protect,
        by_digest=stack.requires_digests,
        zones=len(stack.availability.zones),
        cpu_request_share=stack.resources.cpu_request_share,
        extra_labels=labels,
    )


def _registry_access(environment: PlannedEnvironment, site: Site) -> RegistryAccess:
    existing = environment.stack.registry.existing
    if existing is None or not existing.guarded:
        return RegistryAccess(existing)
    return RegistryLogin(site, existing, environment.secrets).access


def _registry(
    environment: PlannedEnvironment, site: Site, log: Kafka, access: RegistryAccess
) -> Registry | ExistingRegistrySchemas | None:
    """The schema registry beside Kafka; none where Kafka brings its own."""
    if log.registry_url is not None:
        return None
    images, existing = environment.stack.images, environment.stack.registry.existing
    if existing is not None:
        jobs = image(images, ImageName.WEIR_JOBS)
        return ExistingRegistrySchemas(site, ExistingRegistryArgs(existing.url, jobs, environment.pipelines, access))
    return Registry(
        site,
        RegistryArgs(
            plan=environment.plan.registry,
            image=image(images, ImageName.REGISTRY),
            jobs_image=image(images, ImageName.WEIR_JOBS),
            kafka=log.access,
            pipelines=environment.pipelines,
        ),
    )
