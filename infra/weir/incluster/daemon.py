"""What weir's own processes share: the arguments that name their platform, and a loop that tries again."""

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

from weir.config.endpoints import Endpoints
from weir.config.errors import WeirError, parse

RETRY_SECONDS = 5.0
NOT_THERE_YET = (WeirError, DriverException, NoHostAvailable, KafkaException)


def argument_parser(module: str, description: str, state: str) -> argparse.ArgumentParser:
    """A parser of `--endpoints`, `--pipelines`, `--state` and the pipelines' names; `state` says what the file is."""
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=description)
    parser.add_argument("--endpoints", type=Path, required=True, help="JSON file with the platform's addresses")
    parser.add_argument("--pipelines", type=Path, required=True, help="the folder of pipeline folders")
    parser.add_argument("--state", type=Path, required=True, help=state)
    parser.add_argument("names", nargs="+", help="pipelines")
    return parser


def endpoints_of(arguments: argparse.Namespace) -> Endpoints:
    """The platform's addresses.

    Raises:
        ConfigError: the file says something else.
    """
    return parse(Endpoints, json.loads(arguments.endpoints.read_text(encoding="utf-8")), str(arguments.endpoints))


def run_until_stopped(log: logging.Logger, run: Callable[[threading.Event], None]) -> None:
    """Calls `run` until SIGTERM or SIGINT sets its event; when a service is not there yet, again and again."""
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
