"""The log of Trino's queries: what a line says, and what is refused. Its events come from a real Trino elsewhere."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from weir.incluster.query_log import LONGEST_QUERY, line_of, server

pytestmark = pytest.mark.unit

EVENT: dict[str, Any] = {
    "createTime": "2026-03-01T10:00:00Z",
    "metadata": {"queryId": "q1", "queryState": "FAILED", "query": "SELECT origin FROM flights"},
    "context": {
        "user": "ana",
        "groups": ["new-york"],
        "remoteClientAddress": "192.0.2.7",
        "source": "trino-jdbc",
        "userAgent": "driver",
    },
    "ioMetadata": {"inputs": [{"schema": "flights", "table": "flights", "columns": ["origin", "dest"]}]},
    "failureInfo": {"errorCode": {"name": "EXCEEDED_TIME_LIMIT"}},
}


@contextmanager
def listening(output: io.StringIO) -> Iterator[str]:
    with server(0, output) as receiver:
        thread = threading.Thread(target=receiver.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{receiver.server_address[1]}/"
        finally:
            receiver.shutdown()
            thread.join()


def test_a_line_says_who_read_what_when_and_from_where() -> None:
    assert line_of(EVENT) == {
        "time": "2026-03-01T10:00:00Z",
        "user": "ana",
        "groups": ["new-york"],
        "address": "192.0.2.7",
        "client": "trino-jdbc",
        "query_id": "q1",
        "state": "FAILED",
        "error": "EXCEEDED_TIME_LIMIT",
        "read": {"flights.flights": ["dest", "origin"]},
        "query": "SELECT origin FROM flights",
    }


def test_a_long_query_is_cut() -> None:
    long = {**EVENT, "metadata": {"query": "x" * (LONGEST_QUERY + 1)}}
    assert line_of(long)["query"] == "x" * 10_000


def test_each_event_is_a_line_and_what_is_none_is_refused() -> None:
    output = io.StringIO()
    with listening(output) as url, httpx.Client(trust_env=False) as trino:
        statuses = [trino.post(url, json=EVENT).status_code for _ in range(2)]
        statuses += [trino.post(url, content=content).status_code for content in (b"", b"{}", b"[1]", b"no JSON")]
    assert statuses == [204, 204, 413, 400, 400, 400]
    assert [json.loads(line)["user"] for line in output.getvalue().splitlines()] == ["ana", "ana"]
