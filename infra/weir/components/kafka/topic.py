"""A topic, declared to Strimzi's topic operator."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from weir.catalog.topics import Topic
from weir.components.base import Component, CustomKind, Resources, Site, custom_resource
from weir.components.kafka.strimzi import CLUSTER_LABEL


@dataclass(frozen=True)
class KafkaTopicArgs:
    """`after` lists what the topic depends on: the cluster."""

    cluster: str
    api_version: str
    topic: Topic
    replicas: int
    after: Resources = ()


class KafkaTopic(Component):
    """The topic. If the site keeps data, its records are kept when the resource is deleted."""

    def __init__(self, name: str, site: Site, args: KafkaTopicArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("kafka:KafkaTopic", name, site, opts)
        self.topic = custom_resource(
            name,
            CustomKind(args.api_version, "KafkaTopic"),
            site.metadata(args.topic.name, "kafka", labels={CLUSTER_LABEL: args.cluster}),
            {
                "topicName": args.topic.name,
                "partitions": args.topic.partitions,
                "replicas": args.replicas,
                "config": dict(args.topic.config),
            },
            self.keeper(after=args.after),
        )
        self.register_outputs({"topic": args.topic.name})
