"""Kafka of an environment, by whichever provider its stack names, ready for its clients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pulumi

from weir.catalog.engine_names import loader_topics
from weir.catalog.existing_topics import existing_setup
from weir.catalog.principals import REGISTRY_TOPICS, Principal, principals
from weir.catalog.spec import Engine
from weir.catalog.topics import Topic
from weir.components.base import Site
from weir.components.certificates import CertificateAuthority
from weir.components.images import image
from weir.components.kafka.access import KafkaAccess
from weir.components.kafka.existing import ExistingKafkaSetup, ExistingKafkaSetupArgs
from weir.components.kafka.plain import PlainKafka, PlainKafkaArgs
from weir.components.kafka.plain_setup import PlainKafkaSetup, PlainKafkaSetupArgs
from weir.components.kafka.strimzi import KafkaCluster, KafkaClusterArgs
from weir.components.kafka.tiered import TieredStorage
from weir.components.kafka.topic import KafkaTopic, KafkaTopicArgs
from weir.components.kafka.user import KafkaUser, KafkaUserArgs
from weir.components.registry_login import RegistryAccess
from weir.config import versions
from weir.config.errors import WeirError
from weir.config.images import ImageName
from weir.config.kafka import KafkaAuthentication, KafkaProvider
from weir.config.stack import StackConfig
from weir.programs.load import PlannedEnvironment
from weir.sizing.plan import KafkaPlan
from weir.sizing.quotas import quota_of

NAME = "kafka"


@dataclass(frozen=True)
class Kafka:
    """How clients reach it, and the address of its own registry where it brings one."""

    access: KafkaAccess
    registry_url: pulumi.Output[str] | None = None


def kafka(
    environment: PlannedEnvironment, site: Site, authority: CertificateAuthority, registry: RegistryAccess
) -> Kafka:
    """The cluster, its topics and its users; `registry` is that of the schemas of topics of others."""
    provider = environment.stack.kafka.provider
    if provider is KafkaProvider.AIVEN:
        return _aiven(environment, site)
    if provider is KafkaProvider.PLAIN:
        return _plain(environment, site, authority)
    if provider is KafkaProvider.EXISTING:
        return _existing(environment, site, registry)
    return _strimzi(environment, site)


def all_topics(plan: KafkaPlan, others: Sequence[Topic] = (), *, own_registry: bool = True) -> tuple[Topic, ...]:
    """The plan's topics, those of the schema registry where it is weir's own, and `others`."""
    in_sync = {"min.insync.replicas": str(plan.min_in_sync_replicas)}
    registry = REGISTRY_TOPICS if own_registry else ()
    own = (replace(topic, config={**topic.config, **in_sync}) for topic in (*registry, *others))
    return (*plan.topics, *own)


def _loaders_topics(environment: PlannedEnvironment) -> list[Topic]:
    """What the Connect clusters keep in Kafka."""
    engines = [pipeline for pipeline in environment.pipelines if pipeline.spec.engine is Engine.KAFKA_STREAMS]
    return [topic for pipeline in engines for topic in loader_topics(pipeline)]


def _strimzi(environment: PlannedEnvironment, site: Site) -> Kafka:
    stack, plan = environment.stack, environment.plan.kafka
    api_version = versions.CRDS["Kafka"].api_version
    cluster = KafkaCluster(
        NAME,
        site,
        KafkaClusterArgs(
            plan=plan,
            version=versions.KAFKA,
            metadata_version=versions.KAFKA_METADATA,
            api_version=api_version,
            authentication=stack.kafka.authentication,
            maintenance_time_windows=stack.kafka.maintenance_time_windows,
            storage_class=stack.storage.classes.kafka,
            cruise_control=stack.kafka.cruise_control,
            exporter=stack.kafka.exporter,
            tiered_storage=_tiered_storage(stack),
            external=stack.kafka.external_listener,
        ),
    )
    ready = [cluster.cluster]
    topics = [
        KafkaTopic(
            topic.name,
            site,
            KafkaTopicArgs(NAME, api_version, topic, plan.replication_factor, ready),
        ).topic
        for topic in all_topics(plan, _loaders_topics(environment), own_registry=_has_registry(environment))
    ]
    users = [
        KafkaUser(
            principal.name,
            site,
            KafkaUserArgs(
                NAME,
                api_version,
                principal,
                stack.kafka.authentication,
                quota_of(plan, principal),
                ready,
            ),
        ).user
        for principal in _principals(environment)
    ]
    ready = [*ready, *topics, *users]
    return Kafka(KafkaAccess(cluster.bootstrap_servers, stack.kafka.authentication, cluster.ca_secret, ready))


def _tiered_storage(stack: StackConfig) -> TieredStorage | None:
    store = stack.storage.object_storage
    if not stack.retention.tiered_storage.enabled or store is None:
        return None
    return TieredStorage(store, image(stack.images, ImageName.KAFKA_TIERED_STORAGE))


def _plain(environment: PlannedEnvironment, site: Site, authority: CertificateAuthority) -> Kafka:
    stack, plan = environment.stack, environment.plan.kafka
    if stack.kafka.authentication is not KafkaAuthentication.SCRAM:
        raise WeirError(
            "kafka.authentication: provider plain only supports scram-sha-512; use that, or set kafka.provider to "
            "strimzi"
        )
    if stack.retention.tiered_storage.enabled:
        raise WeirError(
            "retention.tiered_storage.enabled: not supported by provider plain; set it to false, or set "
            "kafka.provider to strimzi or aiven"
        )
    cluster = PlainKafka(
        NAME,
        site,
        PlainKafkaArgs(
            plan=plan,
            image=image(stack.images, ImageName.KAFKA),
            authority=authority,
            storage_class=stack.storage.classes.kafka,
        ),
    )
    setup = PlainKafkaSetup(
        f"{NAME}-setup",
        site,
        PlainKafkaSetupArgs(
            cluster,
            all_topics(plan, own_registry=_has_registry(environment)),
            _principals(environment),
            image(stack.images, ImageName.WEIR_JOBS),
        ),
    )
    return Kafka(KafkaAccess(cluster.bootstrap_servers, KafkaAuthentication.SCRAM, cluster.ca_secret, setup.ready))


def _aiven(environment: PlannedEnvironment, site: Site) -> Kafka:
    # Importing the provider's package takes longer than everything else together, and few stacks need it.
    from weir.components.kafka.aiven import AivenKafkaArgs, ManagedKafka  # noqa: PLC0415

    config = environment.stack.kafka.aiven
    if config is None:
        raise WeirError("kafka.aiven: missing; provider aiven needs its project and cloud_name")
    managed = ManagedKafka(
        NAME,
        site,
        AivenKafkaArgs(
            environment.plan.kafka,
            config,
            versions.KAFKA,
            principals(environment.pipelines, own_registry=False),
            environment.pipelines,
            tiered_storage=environment.stack.retention.tiered_storage.enabled,
        ),
    )
    access = KafkaAccess(managed.bootstrap_servers, KafkaAuthentication.SCRAM, None, managed.ready)
    return Kafka(access, managed.registry_url)


def _existing(environment: PlannedEnvironment, site: Site, registry: RegistryAccess) -> Kafka:
    stack, plan = environment.stack, environment.plan.kafka
    if stack.kafka.existing is None:
        raise WeirError("kafka.existing: missing; provider existing needs its bootstrap_servers")
    topics = all_topics(plan, own_registry=_has_registry(environment))
    setup = ExistingKafkaSetup(
        f"{NAME}-setup",
        site,
        ExistingKafkaSetupArgs(
            kafka=stack.kafka.existing,
            setup=existing_setup(environment.pipelines, topics, plan.replication_factor),
            registry_url=stack.registry.existing.url if stack.registry.existing else "",
            registry=registry,
            image=image(stack.images, ImageName.WEIR_JOBS),
            given=environment.secrets,
        ),
    )
    return Kafka(setup.access)


def _principals(environment: PlannedEnvironment) -> tuple[Principal, ...]:
    return principals(environment.pipelines, own_registry=_has_registry(environment))


def _has_registry(environment: PlannedEnvironment) -> bool:
    return environment.stack.registry.existing is None
