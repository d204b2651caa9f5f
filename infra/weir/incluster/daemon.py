"""Shared parts of weir's long-running programs: command line, logins, and a main loop with retries.

If a service requires a login, its options are, for example for Kafka: --kafka-user, --kafka-password-file and
--kafka-ca, or --kafka-certificate and --kafka-key. Cassandra has the same options. A Kafka of somebody else's may also
ask nobody, but encrypt (--kafka-tls), or ask by password without encrypting (--kafka-unencrypted).
"""

from __future__ import annotations

import argparse
import json
import logging
import signal
import threading
from collections.abc import Callable
from pathlib import Path

from cassandra import DriverException
from cassandra.cluster import NoHostAvailable
from confluent_kafka import KafkaException
from pydantic import SecretStr

from weir.config.endpoints import Endpoints, Login
from weir.config.errors import WeirError, parse

RETRY_SECONDS = 5.0
SERVICES = ("kafka", "cassandra")
"""Services that may require a login."""
NOT_THERE_YET = (WeirError, DriverException, NoHostAvailable, KafkaException)


def argument_parser(module: str, description: str, state: str) -> argparse.ArgumentParser:
    """Returns a parser for `--endpoints`, `--pipelines`, `--state`, the logins and the names of pipelines.

    `state` is the help text of the state file. Passwords come from files, because arguments must not contain them.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=description)
    parser.add_argument("--endpoints", type=Path, required=True, help="JSON file with the addresses of the platform")
    parser.add_argument("--pipelines", type=Path, required=True, help="the folder of pipeline folders")
    parser.add_argument("--state", type=Path, required=True, help=state)
    for service in SERVICES:
        add_login(parser, service)
    parser.add_argument("names", nargs="+", help="pipelines")
    return parser


def add_login(parser: argparse.ArgumentParser, service: str) -> None:
    """Adds the options of a service's login, which `login_of` reads."""
    parser.add_argument(f"--{service}-user", default="", help="user name, if the service asks for one")
    parser.add_argument(f"--{service}-password-file", type=Path)
    parser.add_argument(f"--{service}-ca", type=Path, help="CA certificate that signed the servers' certificates")
    parser.add_argument(
        f"--{service}-certificate", type=Path, help="the client's own certificate and key, instead of a password"
    )
    parser.add_argument(f"--{service}-key", type=Path)
    if service == "kafka":
        parser.add_argument("--kafka-tls", action="store_true", help="encrypt, though Kafka asks nobody for a login")
        parser.add_argument("--kafka-unencrypted", action="store_true", help="log in by password without encryption")


def endpoints_of(arguments: argparse.Namespace) -> Endpoints:
    """The platform's addresses, with the logins from the command line.

    Raises:
        ConfigError: the endpoints file is invalid.
    """
    endpoints = parse(Endpoints, json.loads(arguments.endpoints.read_text(encoding="utf-8")), str(arguments.endpoints))
    given = {f"{service}_login": login_of(arguments, service) for service in SERVICES}
    return endpoints.model_copy(update={name: login for name, login in given.items() if login is not None})


def run_until_stopped(log: logging.Logger, run: Callable[[threading.Event], None]) -> None:
    """Calls `run` until SIGTERM or SIGINT sets its event. Calls it again if a service is not available yet."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    log.setLevel(logging.INFO)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    while not stop.is_set():
        try:
            run(stop)
        except NOT_THERE_YET as error:
            log.warning("%s; trying again", error)
            stop.wait(RETRY_SECONDS)


def login_of(arguments: argparse.Namespace, service: str) -> Login | None:
    """The login of `service` from the command line; None where it asks nobody and encrypts nothing."""
    given = vars(arguments)
    user, password_file, ca_file, certificate_file, key_file = (
        given[f"{service}_{name}"] for name in ("user", "password_file", "ca", "certificate", "key")
    )
    if not user and certificate_file is None and not given.get(f"{service}_tls"):
        return None
    password = password_file.read_text(encoding="utf-8").strip() if password_file else ""
    return Login(
        ca_file=ca_file,
        username=user,
        password=SecretStr(password),
        certificate_file=certificate_file,
        key_file=key_file,
        encrypted=not given.get(f"{service}_unencrypted"),
    )
