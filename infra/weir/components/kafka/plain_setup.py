"""Topics, users, ACLs and quotas of a plain Kafka, applied by an idempotent Job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from weir.catalog.kafka_setup import ClientQuota, KafkaSetup
from weir.catalog.principals import Principal
from weir.catalog.topics import Topic
from weir.components.base import Component, Resources, Site
from weir.components.images import Image
from weir.components.job import JobArgs, RunToCompletion
from weir.components.kafka.plain import PlainKafka
from weir.components.pods import projected, projected_volume, read_only_mounts
from weir.components.secret import GeneratedSecret, GeneratedSecretArgs, random_password
from weir.sizing.helper_pods import KAFKA_SETUP_JOB
from weir.sizing.plan import QuotaPlan
from weir.sizing.quotas import quota_of

COMPONENT = "kafka-setup"
FOLDER = "/etc/weir/kafka-setup"
DESCRIPTION = "kafka.json"
CERTIFICATE_FOLDER = "/etc/weir/kafka-node"
PASSWORDS_FOLDER = "/etc/weir/kafka-passwords"


@dataclass(frozen=True)
class PlainKafkaSetupArgs:
    """The desired topics and users of `kafka`; its plan has the number of brokers and copies, and the quotas."""

    kafka: PlainKafka
    topics: Sequence[Topic]
    principals: Sequence[Principal]
    image: Image


class PlainKafkaSetup(Component):
    """The Job, and a Secret with a generated password for each user."""

    def __init__(
        self, name: str, site: Site, args: PlainKafkaSetupArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("kafka:PlainKafkaSetup", name, site, opts)
        users = [self._user(principal) for principal in args.principals]
        run = RunToCompletion(
            name,
            site,
            JobArgs(
                component=COMPONENT,
                image=args.image,
                command=command(args.kafka),
                files={DESCRIPTION: description(args).to_json()},
                folder=FOLDER,
                size=KAFKA_SETUP_JOB,
                volumes=_volumes(args),
                mounts=read_only_mounts({"certificate": CERTIFICATE_FOLDER, "passwords": PASSWORDS_FOLDER}),
                secrets=users,
                after=[*args.kafka.nodes, *users],
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.ready: Resources = [run.job, *users]
        self.register_outputs({})

    def _user(self, principal: Principal) -> k8s.core.v1.Secret:
        generated = GeneratedSecret(
            principal.name,
            self.site,
            GeneratedSecretArgs("kafka", lambda: {"password": random_password()}),
            pulumi.ResourceOptions(parent=self),
        )
        return generated.secret


def description(args: PlainKafkaSetupArgs) -> KafkaSetup:
    """The Job's input."""
    plan = args.kafka.args.plan
    quotas = {principal.name: quota_of(plan, principal) for principal in args.principals}
    return KafkaSetup(
        brokers=plan.brokers,
        replication_factor=plan.replication_factor,
        topics=tuple(args.topics),
        users=tuple(args.principals),
        quotas={user: _quota(quota) for user, quota in quotas.items() if quota},
    )


def _quota(quota: QuotaPlan) -> ClientQuota:
    return ClientQuota(quota.producer_bytes_per_second, quota.consumer_bytes_per_second, quota.request_percent)


def command(kafka: PlainKafka) -> list[str]:
    """The Job's command, with files and addresses but no secrets."""
    return [
        *("python", "-m", "weir.incluster.kafka.job"),
        *("--setup", f"{FOLDER}/{DESCRIPTION}"),
        *("--servers", kafka.internal_servers),
        *("--certificate", CERTIFICATE_FOLDER),
        *("--passwords", PASSWORDS_FOLDER),
    ]


def _volumes(args: PlainKafkaSetupArgs) -> list[k8s.core.v1.VolumeArgs]:
    """A node's certificate, because the nodes' listener accepts nothing else, and one password file for each user."""
    sources = {
        "certificate": [
            projected(args.kafka.certificate.secret, {"tls.crt": "tls.crt", "tls.key": "tls.key"}),
            projected(args.kafka.ca_secret, {"ca.crt": "ca.crt"}),
        ],
        "passwords": [projected(principal.name, {"password": principal.name}) for principal in args.principals],
    }
    return [projected_volume(name, each) for name, each in sources.items()]
