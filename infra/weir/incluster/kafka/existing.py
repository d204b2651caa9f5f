"""A Kafka that is not weir's: checked before anything starts, then given weir's own topics, and nothing else.

As a Job: `python -m weir.incluster.kafka.existing`. `weir up` and `weir doctor` call the same functions.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.admin._resource import ResourceType

from weir.catalog.existing_own_topics import own_topic_shortfalls
from weir.catalog.existing_topics import (
    ExistingSetup,
    ForeignTopic,
    FoundTopic,
    Shortfall,
    rights_shortfalls,
    schema_shortfalls,
    topic_shortfalls,
)
from weir.catalog.principals import AccessRule, KafkaResource
from weir.clients import registry
from weir.clients.kafka_admin import RETRY_SECONDS, TIMEOUT_SECONDS, Access, Tell, reason, wait_for_brokers
from weir.config.endpoints import Endpoints
from weir.config.errors import WeirError, parse
from weir.config.existing import login_problems
from weir.config.jobs import tell
from weir.incluster.daemon import add_login, login_of
from weir.incluster.kafka.topics import TopicRules, apply_topics

if TYPE_CHECKING:
    from confluent_kafka.admin import AdminClient
    from confluent_kafka.admin._acl import AclOperation

REACH = "correct url, or let this reach it"
LOG_IN = "correct username and weir:registry_password, or ask its owner to allow reading"
REGISTRY_FIELD = "registry.provider"
"""What makes the topics that no pipeline names."""
ABSENT = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError.GROUP_ID_NOT_FOUND)
NOT_YET = (KafkaError.COORDINATOR_NOT_AVAILABLE, KafkaError.COORDINATOR_LOAD_IN_PROGRESS, KafkaError.NOT_COORDINATOR)
DENIED = (KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED)


def set_up(endpoints: Endpoints, wanted: ExistingSetup, say: Tell, wait_seconds: float = TIMEOUT_SECONDS) -> None:
    """Checks the Kafka and the registry at `endpoints`; then makes and configures weir's own topics.

    Raises:
        WeirError: it does not answer, or lists every shortfall. Nothing was changed then, unless rights are missing on
            topics that it has just made.
    """
    access = Access.of(endpoints)
    wait_for_brokers(access, 1, wait_seconds, say)
    client = access.client()
    refuse(check(client, endpoints.registry_url, wanted), say, "nothing was started or changed, because:")
    apply_topics(client, wanted.topics, TopicRules(wanted.replication_factor, may_grow=False), say)
    # What exists only now could not be asked about before.
    refuse(missing_rights(client, wanted.rights), say, "weir's own topics are there, but nothing may start, because:")
    say(f"{len(wanted.sources)} topics of others fit their pipelines, and weir's own are as planned")


def refuse(found: Iterable[Shortfall], say: Tell, heading: str) -> None:
    """Says each warning.

    Raises:
        WeirError: something must be mended first.
    """
    if problems := refused(found, lambda line: say(f"warning: {line}")):
        raise WeirError("\n".join([heading, *(f"  {each}" for each in problems)]))


def refused(found: Iterable[Shortfall], warn: Tell) -> list[str]:
    """What must be mended first; all else goes to `warn`."""
    every = list(found)
    for shortfall in every:
        if not shortfall.refused:
            warn(str(shortfall))
    return [str(shortfall) for shortfall in every if shortfall.refused]


def check(client: AdminClient, registry_url: str, wanted: ExistingSetup) -> list[Shortfall]:
    """Everything that does not fit; it changes nothing.

    Raises:
        WeirError: Kafka does not answer.
    """
    found = [shortfall for source in wanted.sources for shortfall in _source(client, registry_url, source)]
    for topic in wanted.topics:
        field = wanted.fields.get(topic.name, REGISTRY_FIELD)
        found += own_topic_shortfalls(topic, field, describe(client, topic.name))
    return [*found, *missing_rights(client, wanted.rights)]


def _source(client: AdminClient, registry_url: str, source: ForeignTopic) -> list[Shortfall]:
    shortfalls = topic_shortfalls(source, describe(client, source.topic))
    if source.subject is None:
        return shortfalls
    return [*shortfalls, *_schemas(registry_url, source, source.subject)]


def _schemas(registry_url: str, source: ForeignTopic, subject: str) -> list[Shortfall]:
    """A registry that does not answer, or refuses the login, hides nothing that was found in Kafka."""
    try:
        return schema_shortfalls(source, registry.versions_of(registry_url, subject))
    except registry.NoAnswerError as error:
        return [Shortfall(f"{source.pipeline}: registry.existing", str(error), REACH, answered=False)]
    except WeirError as error:
        return [Shortfall(f"{source.pipeline}: registry.existing", str(error), LOG_IN)]


def describe(client: AdminClient, topic: str) -> FoundTopic | None:
    """The topic; None where it does not exist, or is hidden from this login.

    Raises:
        WeirError: Kafka does not answer.
    """
    described = _one(client.describe_topics(TopicCollection([topic])))
    if described is None:
        return None
    configured = _one(client.describe_configs([ConfigResource(ResourceType.TOPIC, topic)]))
    settings = None if configured is None else {name: entry.value for name, entry in configured.items()}
    return FoundTopic(len(described.partitions), settings)


def missing_rights(client: AdminClient, rights: Iterable[AccessRule]) -> list[Shortfall]:
    """What the client's login may not do, of `rights`, on the topics and groups that there are.

    Raises:
        WeirError: Kafka does not answer.
    """
    asked = list(rights)
    allowed: dict[AccessRule, frozenset[str] | None] = {}
    for rule in asked:
        with suppress(_AbsentError):
            allowed[rule] = _allowed(client, rule)
    return rights_shortfalls(asked, allowed)


class _AbsentError(Exception):
    """There is no such topic or group yet."""


def _allowed(client: AdminClient, rule: AccessRule) -> frozenset[str] | None:
    """The operations; None where the broker does not tell.

    Raises:
        _AbsentError: nothing can be asked about what does not exist.
    """
    try:
        described = _described(client, rule)
    except KafkaException as error:
        if error.args[0].code() in ABSENT:
            raise _AbsentError from None
        if error.args[0].code() in DENIED:
            return frozenset()
        raise _unreachable(error) from None
    allowed = described.authorized_operations
    return None if allowed is None else frozenset(_protocol_name(operation) for operation in allowed)


def _described(client: AdminClient, rule: AccessRule) -> Any:
    """The topic or the group. The first question about a group makes a new Kafka choose who coordinates it."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while True:
        try:
            if rule.resource is KafkaResource.TOPIC:
                return _answer(client.describe_topics(TopicCollection([rule.name]), include_authorized_operations=True))
            return _answer(client.describe_consumer_groups([rule.name], include_authorized_operations=True))
        except KafkaException as error:
            if error.args[0].code() not in NOT_YET or time.monotonic() > deadline:
                raise
            time.sleep(RETRY_SECONDS)


def _protocol_name(operation: AclOperation) -> str:
    """`DESCRIBE_CONFIGS` as rules name it: `DescribeConfigs`."""
    return operation.name.title().replace("_", "")


def _one(futures: Mapping[Any, Future[Any]]) -> Any:
    """The answer; None where there is no such thing, or this login may not know."""
    try:
        return _answer(futures)
    except KafkaException as error:
        if error.args[0].code() in (*ABSENT, *DENIED):
            return None
        raise _unreachable(error) from None


def _answer(futures: Mapping[Any, Future[Any]]) -> Any:
    (future,) = futures.values()
    try:
        return future.result(TIMEOUT_SECONDS)
    except TimeoutError:
        raise WeirError(f"Kafka gave no answer within {TIMEOUT_SECONDS} s; check that it is reachable") from None


def _unreachable(error: KafkaException) -> WeirError:
    return WeirError(f"Kafka cannot be asked about its topics: {reason(error)}")


def main(arguments: list[str] | None = None) -> int:
    """Runs the Job. Returns 0 if everything fits, 1 if something must be mended first."""
    options = _options(arguments)
    try:
        wanted = ExistingSetup.from_json(options.setup.read_text(encoding="utf-8"))
        document = json.loads(options.endpoints.read_text(encoding="utf-8"))
        endpoints = parse(Endpoints, document, str(options.endpoints))
        _require_usable(options)
        endpoints = endpoints.model_copy(update={"kafka_login": login_of(options, "kafka")})
        set_up(endpoints, wanted, tell, options.wait_seconds)
    except WeirError as error:
        tell(str(error))
        return 1
    return 0


def _require_usable(options: argparse.Namespace) -> None:
    if problems := login_problems(_text(options.kafka_password_file), _text(options.kafka_key)):
        raise WeirError("\n".join(problems))


def _text(file: Path | None) -> str | None:
    return None if file is None else file.read_text(encoding="utf-8")


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m weir.incluster.kafka.existing", description=__doc__)
    parser.add_argument("--setup", type=Path, required=True, help="what must hold, and weir's own topics, as JSON")
    parser.add_argument("--endpoints", type=Path, required=True, help="JSON file with the addresses of the platform")
    parser.add_argument("--wait-seconds", type=float, default=120, help="how long to wait for Kafka")
    add_login(parser, "kafka")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
