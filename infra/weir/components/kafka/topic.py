"""A topic, declared to Strimzi's topic operator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from weir.components.base import Component, CustomKind, Resources, Site, custom_resource
from weir.components.kafka.strimzi import CLUSTER_LABEL


@dataclass(frozen=True)
class KafkaTopicArgs:
    """`config` has Kafka's own names and units. `after` must exist before: the cluster."""

    cluster: str
    api_version: str
    topic: str
    partitions: int
    replicas: int
    config: Mapping[str, str]
    after: Resources = ()


class KafkaTopic(Component):
    """The topic of `args`; its records stay when the resource goes, where the site keeps data."""

    def __init__(self, name: str, site: Site, args: KafkaTopicArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("kafka:KafkaTopic", name, site, opts)
        self.topic = custom_resource(
            name,
            CustomKind(args.api_version, "KafkaTopic"),
            site.metadata(args.topic, "kafka", labels={CLUSTER_LABEL: args.cluster}),
            {
                "topicName": args.topic,
                "partitions": args.partitions,
                "replicas": args.replicas,
                "config": dict(args.config),
            },
            self.keeper(after=args.after),
        )
        self.register_outputs({"topic": args.topic})
