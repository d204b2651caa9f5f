"""Topics, users, rules and quotas of a plain Kafka: a Job with Kafka's own tools. It may run any number of times."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from weir.catalog.principals import AccessRule, KafkaResource, Principal
from weir.components.base import Component, Resources, Site
from weir.components.job import JobArgs, RunToCompletion
from weir.components.kafka_plain import KAFKA_HOME, TLS_FOLDER, TLS_MODE, USER_ID, PlainKafka, tls_settings
from weir.components.secret import GeneratedSecret, GeneratedSecretArgs, random_password
from weir.config.properties_text import properties
from weir.sizing.plan import PodSize, QuotaPlan, TopicPlan

SETUP_FOLDER = "/etc/weir/kafka-setup"
PASSWORDS_FOLDER = "/etc/weir/kafka-passwords"
SIZE = PodSize(0.5, 512)
TOOLS_HEAP = "-Xmx256m"

# The first broker answers before the cluster can place copies: wait until there are as many as the plan has.
PREAMBLE = f"""\
#!/bin/sh
set -eu
export LOG_DIR=/tmp/logs KAFKA_HEAP_OPTS={TOOLS_HEAP}
bin={KAFKA_HOME}/bin
at="--bootstrap-server $SERVERS"
with="--command-config {SETUP_FOLDER}/admin.properties"
brokers() {{ $bin/kafka-broker-api-versions.sh $at $with 2>/dev/null | grep -c 'id: ' || true; }}
until [ "$(brokers)" -ge "$BROKERS" ]; do echo "waiting for $BROKERS brokers"; sleep 3; done
partitions() {{
  $bin/kafka-topics.sh $at $with --describe --topic "$1" | sed -n 's/.*PartitionCount: *\\([0-9]*\\).*/\\1/p'
}}
grow() {{
  has="$(partitions "$1")"
  if [ "$has" -gt "$2" ]; then echo "topic $1 has $has partitions, more than $2: none can be removed" >&2; exit 1; fi
  if [ "$has" -lt "$2" ]; then $bin/kafka-topics.sh $at $with --alter --topic "$1" --partitions "$2"; fi
}}
password() {{
  umask 077
  printf 'SCRAM-SHA-512=iterations=8192,password=%s\\n' "$(cat {PASSWORDS_FOLDER}/"$1")" > /tmp/credential
  $bin/kafka-configs.sh $at $with --alter --entity-type users --entity-name "$1" --add-config-file /tmp/credential
  rm /tmp/credential
}}
"""
RULES_FILE = "rules.txt"
OWN_USERS = "weir-"
# Of users that are not the platform's own nothing is known here, and nothing is taken from them.
PRUNE = f"""\
$bin/kafka-acls.sh $at $with --list > /tmp/listed
resource='^Current ACLs for .*(resourceType=\\([A-Z_]*\\), name=\\(.*\\), patternType=\\([A-Z]*\\)).*'
rule='^[[:space:]]*(principal=User:\\({OWN_USERS}[^,]*\\), host=\\*, operation=\\([A-Z_]*\\), permissionType=ALLOW).*'
sed -n -e "s/$resource/resource \\1 \\3 \\2/p" -e "s/$rule/rule \\1 \\2/p" /tmp/listed > /tmp/rules
while read -r what first second rest; do
  if [ "$what" = resource ]; then type="$first" pattern="$second" name="$rest"; continue; fi
  operation="$(echo "$second" | tr -d _)"
  if grep -qxF "$first $operation $type $pattern $name" {SETUP_FOLDER}/{RULES_FILE}; then continue; fi
  option="$(echo "$type" | tr A-Z_ a-z-)"
  echo "removing a rule that nobody asks for any more: $first $operation $type $pattern $name"
  $bin/kafka-acls.sh $at $with --remove --force --allow-principal "User:$first" --operation "$operation" \
    --resource-pattern-type "$(echo "$pattern" | tr A-Z a-z)" "--$option" "$name" < /dev/null
done < /tmp/rules
"""


@dataclass(frozen=True)
class PlainKafkaSetupArgs:
    """What there must be. `quotas` is by pipeline."""

    kafka: PlainKafka
    topics: Sequence[TopicPlan]
    principals: Sequence[Principal]
    quotas: Mapping[str, QuotaPlan]
    brokers: int


class PlainKafkaSetup(Component):
    """The Job, and a Secret with a generated password for each user."""

    def __init__(
        self, name: str, site: Site, args: PlainKafkaSetupArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("kafka:PlainKafkaSetup", name, site, opts)
        users = [self._user(principal) for principal in args.principals]
        kafka = args.kafka
        run = RunToCompletion(
            name,
            site,
            JobArgs(
                component="kafka",
                image=kafka.args.image,
                image_pull_policy=kafka.args.image_pull_policy,
                image_pull_secrets=kafka.args.image_pull_secrets,
                command=["/bin/sh", f"{SETUP_FOLDER}/setup.sh"],
                files={
                    "setup.sh": setup_script(args),
                    "admin.properties": _admin_properties(),
                    RULES_FILE: "".join(f"{line}\n" for line in wanted_rules(args.principals)),
                },
                folder=SETUP_FOLDER,
                size=SIZE,
                environment=[
                    k8s.core.v1.EnvVarArgs(name="SERVERS", value=kafka.internal_servers),
                    k8s.core.v1.EnvVarArgs(name="BROKERS", value=str(args.brokers)),
                ],
                volumes=[_certificate(kafka.certificate.secret), _passwords(args.principals)],
                mounts=[
                    k8s.core.v1.VolumeMountArgs(name="tls", mount_path=TLS_FOLDER, read_only=True),
                    k8s.core.v1.VolumeMountArgs(name="passwords", mount_path=PASSWORDS_FOLDER, read_only=True),
                ],
                user_id=USER_ID,
                after=[*kafka.nodes, *users],
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.ready: Resources = [run.job, *users]
        self.register_outputs({})

    def _user(self, principal: Principal) -> pulumi.Resource:
        generated = GeneratedSecret(
            principal.name,
            self.site,
            GeneratedSecretArgs("kafka", lambda: {"password": random_password()}),
            pulumi.ResourceOptions(parent=self),
        )
        return generated.secret


def setup_script(args: PlainKafkaSetupArgs) -> str:
    """The Job's script."""
    lines = [
        *(line for topic in args.topics for line in _topic(topic)),
        *(line for principal in args.principals for line in _user(principal, args.quotas)),
    ]
    return PREAMBLE + "\n".join(lines) + "\n" + PRUNE


def wanted_rules(principals: Sequence[Principal]) -> Iterator[str]:
    """A line for each user, operation and resource, in the words of Kafka's listing."""
    types = {KafkaResource.TRANSACTIONAL_ID: "TRANSACTIONAL_ID"}
    for principal in principals:
        for rule in principal.rules:
            kind = types.get(rule.resource, rule.resource.value.upper())
            pattern = "PREFIXED" if rule.prefix else "LITERAL"
            yield from (f"{principal.name} {each.upper()} {kind} {pattern} {rule.name}" for each in rule.operations)


def _topic(topic: TopicPlan) -> Iterator[str]:
    settings = ",".join(f"{key}={value}" for key, value in topic.config.items())
    name = shlex.quote(topic.name)
    yield (
        f"$bin/kafka-topics.sh $at $with --create --if-not-exists --topic {name} "
        f"--partitions {topic.partitions} --replication-factor {topic.replication_factor}"
    )
    yield f"grow {name} {topic.partitions}"
    yield (
        f"$bin/kafka-configs.sh $at $with --alter --entity-type topics --entity-name {name} "
        f"--add-config {shlex.quote(settings)}"
    )


def _user(principal: Principal, quotas: Mapping[str, QuotaPlan]) -> Iterator[str]:
    name = shlex.quote(principal.name)
    yield f"password {name}"
    for rule in principal.rules:
        yield f"$bin/kafka-acls.sh $at $with --add --force --allow-principal User:{name} {_rule(rule)}"
    quota = quotas.get(principal.pipeline or "")
    if quota is not None:
        limits = (
            f"producer_byte_rate={quota.producer_bytes_per_second},"
            f"consumer_byte_rate={quota.consumer_bytes_per_second},request_percentage={quota.request_percent}"
        )
        yield (
            f"$bin/kafka-configs.sh $at $with --alter --entity-type users --entity-name {name} "
            f"--add-config {shlex.quote(limits)}"
        )


def _rule(rule: AccessRule) -> str:
    option = {KafkaResource.TRANSACTIONAL_ID: "transactional-id"}.get(rule.resource, rule.resource.value)
    operations = " ".join(f"--operation {operation}" for operation in rule.operations)
    pattern = "prefixed" if rule.prefix else "literal"
    return f"{operations} --resource-pattern-type {pattern} --{option} {shlex.quote(rule.name)}"


def _admin_properties() -> str:
    return properties({"security.protocol": "SSL", **tls_settings(TLS_FOLDER)})


def _certificate(secret: str) -> k8s.core.v1.VolumeArgs:
    source = k8s.core.v1.SecretVolumeSourceArgs(secret_name=secret, default_mode=TLS_MODE)
    return k8s.core.v1.VolumeArgs(name="tls", secret=source)


def _passwords(principals: Sequence[Principal]) -> k8s.core.v1.VolumeArgs:
    """The passwords of all users as files of one folder, each of its user's name."""
    sources = [
        k8s.core.v1.VolumeProjectionArgs(
            secret=k8s.core.v1.SecretProjectionArgs(
                name=principal.name, items=[k8s.core.v1.KeyToPathArgs(key="password", path=principal.name)]
            )
        )
        for principal in principals
    ]
    projected = k8s.core.v1.ProjectedVolumeSourceArgs(sources=sources, default_mode=TLS_MODE)
    return k8s.core.v1.VolumeArgs(name="passwords", projected=projected)
