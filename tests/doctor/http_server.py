"""A small HTTP server: a function answers every request, and what was asked is remembered."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Answer:
    """What the server sends."""

    status: int
    document: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


Respond = Callable[[str, Mapping[str, str]], Answer]
"""From path and headers."""


@dataclass
class Server:
    """Where it is, and the requests so far, as `GET /path`."""

    address: str
    requests: list[str] = field(default_factory=list)

    @property
    def host(self) -> str:
        return self.address.removeprefix("http://")


@contextmanager
def running(respond: Respond, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    found = Server("")

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            found.requests.append(f"{self.command} {self.path}")
            answer = respond(self.path, {name.title(): value for name, value in self.headers.items()})
            body = json.dumps(answer.document).encode()
            self.send_response(answer.status)
            for name, value in {"Content-Type": "application/json", **answer.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_HEAD = _answer  # noqa: N815 - the names that the base class calls

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.address = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
