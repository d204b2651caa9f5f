"""The set-up job for a Kafka without an operator: applies the topics, users, ACLs and quotas of a file.

It can be run at any time and repeatedly. It reads secrets from files and never prints one.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from weir.catalog.kafka_setup import KafkaSetup
from weir.clients.kafka_admin import Access, wait_for_brokers
from weir.config.errors import WeirError
from weir.config.jobs import mounted_secrets, tell
from weir.incluster.kafka.quotas import apply_quotas
from weir.incluster.kafka.topics import TopicRules, apply_topics
from weir.incluster.kafka.users import apply_rules, set_passwords


def main(arguments: list[str] | None = None) -> int:
    """Runs the job. Returns 0 if Kafka matches the file, 1 if something must be fixed first."""
    options = _options(arguments)
    try:
        wanted = KafkaSetup.from_json(options.setup.read_text(encoding="utf-8"))
        passwords = _passwords(wanted, mounted_secrets(options.passwords))
        apply(Access(options.servers, options.certificate), wanted, passwords, options.wait_seconds)
    except WeirError as error:
        tell(str(error))
        return 1
    return 0


def apply(access: Access, wanted: KafkaSetup, passwords: dict[str, str], wait_seconds: float) -> None:
    """Applies topics, then users, their ACLs and their quotas, and prints the changes.

    Raises:
        WeirError: there are too few brokers, or the file conflicts with what exists; earlier changes are kept.
    """
    brokers = wait_for_brokers(access, wanted.brokers, wait_seconds, tell)
    client = access.client()
    apply_topics(client, wanted.topics, TopicRules(wanted.replication_factor, may_grow=True), tell)
    set_passwords(client, passwords)
    apply_rules(client, wanted.users, tell)
    apply_quotas(brokers[0], access.certificate, wanted.quotas, tell)
    tell(f"topics, ACLs, quotas and the passwords of {len(passwords)} users match the plan")


def _passwords(wanted: KafkaSetup, found: dict[str, str]) -> dict[str, str]:
    """The passwords of the wanted users. Fails for a missing one, before anything is changed."""
    missing = [user.name for user in wanted.users if not found.get(user.name)]
    if missing:
        raise WeirError(f"passwords of {', '.join(missing)}: missing; mount one file per user, named after the user")
    return {user.name: found[user.name] for user in wanted.users}


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m weir.incluster.kafka.job", description=__doc__)
    parser.add_argument("--setup", type=Path, required=True, help="the desired topics, users and quotas, as JSON")
    parser.add_argument("--servers", required=True, help="host:port of brokers, separated by commas")
    parser.add_argument("--certificate", type=Path, help="folder with an administrator's tls.crt, tls.key and ca.crt")
    parser.add_argument("--passwords", type=Path, help="folder with one file per user, which contains its password")
    parser.add_argument("--wait-seconds", type=float, default=600, help="how long to wait for the brokers")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
