"""How a test double is served as a plugin of Pulumi: on a free port that is printed, until the engine stops or ends."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from concurrent import futures

import grpc

# A rendered dashboard or a custom resource's state is larger than the four megabytes of gRPC's default.
LARGEST_MESSAGE_BYTES = 1 << 28
LOOK_AFTER_THE_ENGINE_SECONDS = 2


def serve(register: Callable[[grpc.Server], None], threads: int = 64) -> None:
    """Serves what `register` adds to a server. Every request may wait for a resource, so there are many threads."""
    sizes = [(f"grpc.max_{way}_message_length", LARGEST_MESSAGE_BYTES) for way in ("receive", "send")]
    server = grpc.server(futures.ThreadPoolExecutor(threads), options=sizes)
    register(server)
    port = server.add_insecure_port("127.0.0.1:0")
    for number in (signal.SIGINT, signal.SIGTERM):
        # At once: the engine waits ten seconds for a plugin that goes on.
        signal.signal(number, lambda *_: os._exit(0))
    engine = os.getppid()
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    # An engine that was killed says nothing.
    while os.getppid() == engine:
        server.wait_for_termination(LOOK_AFTER_THE_ENGINE_SECONDS)
    os._exit(0)
