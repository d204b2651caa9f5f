"""Kafka users: their passwords and ACLs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from confluent_kafka.admin._acl import AclBinding, AclBindingFilter, AclOperation, AclPermissionType
from confluent_kafka.admin._resource import ResourcePatternType, ResourceType
from confluent_kafka.admin._scram import ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion

from weir.catalog.principals import Principal
from weir.clients.kafka_admin import Tell, answers

if TYPE_CHECKING:
    from confluent_kafka.admin import AdminClient

ITERATIONS = 8192
OWN_USERS = "weir-"
"""Users with other names are not managed here and keep their ACLs."""
PREFIX = "User:"
ANYWHERE = "*"
# The library's annotation does not allow None, which means "any".
ANY: Any = None
# ACLs that deny, or that allow a single address, are not weir's: they are neither read nor changed.
EVERY_RULE = AclBindingFilter(
    ResourceType.ANY, ANY, ResourcePatternType.ANY, ANY, ANYWHERE, AclOperation.ANY, AclPermissionType.ALLOW
)


@dataclass(frozen=True, order=True)
class Rule:
    """Allows a user `operation` on one resource, in Kafka's terms."""

    user: str
    operation: str
    kind: str
    pattern: str
    name: str

    def __str__(self) -> str:
        each = "" if self.pattern == ResourcePatternType.LITERAL.name else "*"
        return f"{self.user}: {self.operation} on {self.kind} {self.name}{each}"


def set_passwords(client: AdminClient, passwords: Mapping[str, str]) -> None:
    """Sets each user's SCRAM-SHA-512 password.

    Kafka only stores a salted hash, so a change cannot be detected and the password is always set. Existing connections
    continue.
    """
    how = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, ITERATIONS)
    wanted = [UserScramCredentialUpsertion(user, how, password.encode()) for user, password in passwords.items()]
    if wanted:
        answers("passwords", client.alter_user_scram_credentials(list(wanted)))


def apply_rules(client: AdminClient, users: Iterable[Principal], tell: Tell) -> None:
    """Adds missing ACLs, then removes those of the platform's own users that are no longer needed."""
    wanted = {rule for user in users for rule in rules_of(user)}
    existing = existing_rules(client)
    missing = sorted(wanted - existing)
    stale = sorted(rule for rule in existing - wanted if rule.user.startswith(OWN_USERS))
    if missing:
        answers("rules", client.create_acls([AclBinding(*_values(rule)) for rule in missing]))
    if stale:
        answers("to remove ACLs", client.delete_acls([AclBindingFilter(*_values(rule)) for rule in stale]))
    for rule in missing:
        tell(f"{rule}: allowed")
    for rule in stale:
        tell(f"{rule}: removed, because nothing needs it any more")


def rules_of(user: Principal) -> Iterator[Rule]:
    """One rule for each operation on each resource."""
    for rule in user.rules:
        kind = _constant(rule.resource.value)
        pattern = ResourcePatternType.PREFIXED if rule.prefix else ResourcePatternType.LITERAL
        for operation in rule.operations:
            yield Rule(user.name, _constant(operation), kind, pattern.name, rule.name)


def existing_rules(client: AdminClient) -> set[Rule]:
    """The ACLs that allow an operation from any address."""
    found = answers("to list its ACLs", {"all": client.describe_acls(EVERY_RULE)})["all"]
    return {
        Rule(
            rule.principal.removeprefix(PREFIX),
            rule.operation.name,
            rule.restype.name,
            rule.resource_pattern_type.name,
            rule.name,
        )
        for rule in found
    }


def _constant(name: str) -> str:
    """Converts names: `DescribeConfigs` to `DESCRIBE_CONFIGS`, `transactionalId` to `TRANSACTIONAL_ID`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).upper()


def _values(
    rule: Rule,
) -> tuple[ResourceType, str, ResourcePatternType, str, str, AclOperation, AclPermissionType]:
    """The arguments of the client library's ACLs and filters."""
    return (
        ResourceType[rule.kind],
        rule.name,
        ResourcePatternType[rule.pattern],
        f"{PREFIX}{rule.user}",
        ANYWHERE,
        AclOperation[rule.operation],
        AclPermissionType.ALLOW,
    )
