"""The log of Trino's queries: one line of JSON for each, on standard output.

    python -m weir.incluster.query_log --port 8099

Trino's HTTP event listener sends what it knows of a finished query; this keeps who asked what, when, from where, and
which columns were read. It listens on loopback: it runs in the pod of Trino's coordinator.
"""

from __future__ import annotations

import argparse
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TextIO

LOOPBACK = "127.0.0.1"
LONGEST_QUERY = 10_000
"""Characters of a query that the log keeps: container runtimes split lines of more than 16 KiB."""
LARGEST_EVENT_BYTES = 16 * 2**20


def line_of(event: dict[str, Any]) -> dict[str, Any]:
    """What the log keeps of a QueryCompletedEvent (`io.trino.spi.eventlistener`)."""
    metadata, context = event["metadata"], event["context"]
    inputs = (event.get("ioMetadata") or {}).get("inputs") or []
    failure = event.get("failureInfo") or {}
    return {
        "time": event.get("createTime"),
        "user": context.get("user"),
        "groups": sorted(context.get("groups") or []),
        "address": context.get("remoteClientAddress"),
        "client": context.get("source") or context.get("userAgent"),
        "query_id": metadata.get("queryId"),
        "state": metadata.get("queryState"),
        "error": (failure.get("errorCode") or {}).get("name"),
        "read": {
            f"{each.get('schema', each.get('schemaName'))}.{each.get('table')}": sorted(
                column if isinstance(column, str) else column["name"] for column in each.get("columns") or []
            )
            for each in inputs
        },
        "query": str(metadata.get("query", ""))[:LONGEST_QUERY],
    }


def server(port: int, output: TextIO) -> ThreadingHTTPServer:
    """A server that writes a line to `output` for each event that is posted to it."""

    class Receiver(BaseHTTPRequestHandler):
        """Takes events."""

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            if not 0 < length <= LARGEST_EVENT_BYTES:
                return self.send_error(413)
            try:
                line = line_of(json.loads(self.rfile.read(length)))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                return self.send_error(400, type(error).__name__)
            output.write(json.dumps(line) + "\n")
            output.flush()
            self.send_response(204)
            return self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: every line of the output is a query."""

    return ThreadingHTTPServer((LOOPBACK, port), Receiver)


def main() -> None:
    """Runs until it is stopped."""
    parser = argparse.ArgumentParser(prog="python -m weir.incluster.query_log", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="where Trino's event listener sends events")
    server(parser.parse_args().port, sys.stdout).serve_forever()


if __name__ == "__main__":
    main()
