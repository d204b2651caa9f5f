"""A Kafka user, declared to Strimzi's user operator, which creates its credentials in a Secret."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi

from weir.catalog.principals import AccessRule, Principal
from weir.components.base import Component, CustomKind, Resources, Site, custom_resource
from weir.components.kafka.strimzi import CLUSTER_LABEL
from weir.config.kafka import KafkaAuthentication
from weir.sizing.plan import QuotaPlan


@dataclass(frozen=True)
class KafkaUserArgs:
    """What `principal` may do, and its quota on each broker."""

    cluster: str
    api_version: str
    principal: Principal
    authentication: KafkaAuthentication
    quota: QuotaPlan | None = None
    after: Resources = ()


class KafkaUser(Component):
    """The user. The Secret with its credentials has the same name."""

    def __init__(self, name: str, site: Site, args: KafkaUserArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("kafka:KafkaUser", name, site, opts)
        spec: dict[str, Any] = {
            "authentication": {"type": args.authentication.value},
            "authorization": {"type": "simple", "acls": [_acl(rule) for rule in args.principal.rules]},
        }
        if args.quota is not None:
            spec["quotas"] = {
                "producerByteRate": args.quota.producer_bytes_per_second,
                "consumerByteRate": args.quota.consumer_bytes_per_second,
                "requestPercentage": args.quota.request_percent,
            }
        self.user = custom_resource(
            name,
            CustomKind(args.api_version, "KafkaUser"),
            site.metadata(args.principal.name, "kafka", labels={CLUSTER_LABEL: args.cluster}),
            spec,
            self.child(after=args.after),
        )
        self.register_outputs({"secret": args.principal.name})


def _acl(rule: AccessRule) -> dict[str, Any]:
    return {
        "type": "allow",
        "resource": {
            "type": rule.resource.value,
            "name": rule.name,
            "patternType": "prefix" if rule.prefix else "literal",
        },
        "operations": list(rule.operations),
        "host": "*",
    }
