"""A Kafka service at Aiven: service, topics, users, ACLs, quotas and schemas, with the credentials in the cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aiven as aiven
import pulumi_kubernetes as k8s

from weir.catalog.pipeline import Pipeline
from weir.catalog.principals import KafkaResource, Principal
from weir.catalog.subjects import Subject, subjects_of
from weir.catalog.topics import Topic
from weir.components.base import DATA_KEPT, Component, Resources, Site
from weir.config.errors import WeirError
from weir.config.kafka import AivenKafka
from weir.sizing.plan import KafkaPlan
from weir.sizing.quotas import quota_of

RESOURCE_TYPES = {
    KafkaResource.TOPIC: "Topic",
    KafkaResource.GROUP: "Group",
    KafkaResource.TRANSACTIONAL_ID: "TransactionalId",
}


@dataclass(frozen=True)
class AivenKafkaArgs:
    """`plan.aiven` is the size of the service."""

    plan: KafkaPlan
    config: AivenKafka
    version: str
    principals: Sequence[Principal]
    pipelines: Sequence[Pipeline]
    tiered_storage: bool = False
    """Aiven moves closed segments to its own object storage."""


class ManagedKafka(Component):
    """The service with everything on it. If the site keeps data, Aiven refuses to terminate the service."""

    def __init__(self, name: str, site: Site, args: AivenKafkaArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("kafka:ManagedKafka", name, site, opts)
        self.name = name
        self.args = args
        self.service_name = f"{site.namespace}-{name}"
        self.service = self._service()
        topics = [self._topic(topic) for topic in args.plan.topics]
        schemas = [self._schema(subject) for subject in subjects_of(args.pipelines)]
        users = [made for principal in args.principals for made in self._user(principal)]
        self.ready: Resources = [*topics, *schemas, *users]
        self.bootstrap_servers = self._address("kafka")
        self.registry_url = self._address("schema_registry").apply(lambda address: f"https://{address}")
        self.register_outputs({"bootstrap_servers": self.bootstrap_servers})

    def _service(self) -> aiven.Kafka:
        args, config, order = self.args, self.args.config, self.args.plan.aiven
        if order is None:
            raise WeirError("kafka.provider: the plan is not one for Aiven; size the stack again")
        return aiven.Kafka(
            self.name,
            project=config.project,
            cloud_name=config.cloud_name,
            plan=order.plan,
            additional_disk_space=f"{order.additional_disk_gib}GiB" if order.additional_disk_gib else None,
            service_name=self.service_name,
            maintenance_window_dow=config.maintenance_day,
            maintenance_window_time=config.maintenance_time,
            project_vpc_id=config.project_vpc_id,
            termination_protection=self.site.keep_data,
            # By default, Aiven allows its administrator every operation on all topics.
            default_acl=False,
            tags=[aiven.KafkaTagArgs(key=key, value=value) for key, value in self._tags().items()],
            kafka_user_config=aiven.KafkaKafkaUserConfigArgs(
                kafka_version=".".join(args.version.split(".")[:2]),
                # Aiven manages internal topics and the transaction timeout (15 minutes) itself.
                kafka=aiven.KafkaKafkaUserConfigKafkaArgs(
                    auto_create_topics_enable=False,
                    default_replication_factor=args.plan.replication_factor,
                    min_insync_replicas=args.plan.min_in_sync_replicas,
                    message_max_bytes=args.plan.largest_message_bytes,
                    replica_fetch_max_bytes=args.plan.largest_message_bytes,
                ),
                kafka_authentication_methods=aiven.KafkaKafkaUserConfigKafkaAuthenticationMethodsArgs(
                    certificate=False, sasl=True
                ),
                kafka_sasl_mechanisms=aiven.KafkaKafkaUserConfigKafkaSaslMechanismsArgs(
                    plain=False, scram_sha256=False, scram_sha512=True
                ),
                # Certificates from a public authority, so clients need no CA file.
                letsencrypt_sasl=True,
                schema_registry=True,
                tiered_storage=aiven.KafkaKafkaUserConfigTieredStorageArgs(enabled=args.tiered_storage),
            ),
            opts=self.keeper(),
        )

    def _tags(self) -> dict[str, str]:
        kept = {"data": DATA_KEPT} if self.site.keep_data else {}
        return {"environment": self.site.environment, "owner": self.site.owner, **kept}

    def _topic(self, topic: Topic) -> aiven.KafkaTopic:
        config: dict[str, Any] = {_underscored(key): value for key, value in topic.config.items()}
        return aiven.KafkaTopic(
            f"{self.name}-{topic.name}",
            project=self.args.config.project,
            service_name=self.service_name,
            topic_name=topic.name,
            partitions=topic.partitions,
            replication=self.args.plan.replication_factor,
            termination_protection=self.site.keep_data,
            config=aiven.KafkaTopicConfigArgs(**config),
            tags=[aiven.KafkaTopicTagArgs(key=key, value=value) for key, value in self._tags().items()],
            opts=self.keeper(after=[self.service]),
        )

    def _schema(self, subject: Subject) -> aiven.KafkaSchema:
        return aiven.KafkaSchema(
            f"{self.name}-{subject.name}",
            project=self.args.config.project,
            service_name=self.service_name,
            subject_name=subject.name,
            schema=subject.schema,
            compatibility_level=subject.compatibility,
            opts=self.keeper(after=[self.service]),
        )

    def _user(self, principal: Principal) -> list[pulumi.Resource]:
        """The user with its ACLs and quota, and the Secret that its pods mount."""
        place: dict[str, Any] = {"project": self.args.config.project, "service_name": self.service_name}
        user = aiven.KafkaUser(
            f"{self.name}-{principal.name}", **place, username=principal.name, opts=self.keeper(after=[self.service])
        )
        rules: list[pulumi.Resource] = [
            aiven.KafkaNativeAcl(f"{self.name}-{name}", **place, **values, opts=self.child(after=[user]))
            for name, values in native_rules(principal)
        ]
        rules += [
            aiven.KafkaSchemaRegistryAcl(
                f"{self.name}-{principal.name}-{subject.name}",
                **place,
                username=principal.name,
                permission="schema_registry_read",
                resource=f"Subject:{subject.name}",
                opts=self.child(after=[user]),
            )
            for subject in subjects_of(entry for entry in self.args.pipelines if entry.name == principal.pipeline)
        ]
        quota = self._quota(principal, place, user)
        secret = k8s.core.v1.Secret(
            f"{self.name}-{principal.name}-secret",
            metadata=self.site.metadata(principal.name, "kafka"),
            type="Opaque",
            string_data={"password": pulumi.Output.secret(user.password)},
            opts=self.child(after=[user]),
        )
        return [secret, *rules, *quota]

    def _quota(self, principal: Principal, place: Mapping[str, Any], user: aiven.KafkaUser) -> list[pulumi.Resource]:
        limits = quota_of(self.args.plan, principal)
        if limits is None:
            return []
        return [
            aiven.KafkaQuota(
                f"{self.name}-{principal.name}-quota",
                **place,
                user=principal.name,
                producer_byte_rate=limits.producer_bytes_per_second,
                consumer_byte_rate=limits.consumer_bytes_per_second,
                request_percentage=limits.request_percent,
                opts=self.child(after=[user]),
            )
        ]

    def _address(self, component: str) -> pulumi.Output[str]:
        """The `host:port` of a part of the service, for clients with SASL."""

        def found(components: Sequence[Any] | None) -> str:
            for entry in components or []:
                method = getattr(entry, "kafka_authentication_method", None)
                if entry.component == component and method in (None, "", "sasl"):
                    return f"{entry.host}:{entry.port}"
            raise WeirError(
                f"Aiven's service {self.service_name} has no {component} that takes SASL; enable it in Aiven's console"
            )

        return self.service.components.apply(found)


def native_rules(principal: Principal) -> list[tuple[str, dict[str, Any]]]:
    """An Aiven ACL has one operation, so each rule becomes one ACL for each operation, with a name and values."""
    return [
        (
            f"{principal.name}-{rule.resource.value}-{rule.name}-{operation}".lower(),
            {
                "resource_type": RESOURCE_TYPES[rule.resource],
                "resource_name_": rule.name,
                "operation": operation,
                "pattern_type": "PREFIXED" if rule.prefix else "LITERAL",
                "permission_type": "ALLOW",
                "principal": f"User:{principal.name}",
                "host": "*",
            },
        )
        for rule in principal.rules
        for operation in rule.operations
    ]


def _underscored(key: str) -> str:
    return key.replace(".", "_")
