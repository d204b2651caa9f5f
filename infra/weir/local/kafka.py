"""The Kafka broker: one KRaft node that is broker and controller."""

from __future__ import annotations

import base64
import struct
import subprocess
import uuid
from pathlib import Path

from weir.catalog.sizes import KAFKA_MESSAGE_BYTES
from weir.config.errors import WeirError
from weir.config.properties_text import properties
from weir.local import jvm
from weir.local.service import LOOPBACK, Context, NotReady, Service, connected, receive

METADATA_API = 3
QUIET_LOGGERS = ("kafka.log.LogCleaner", "org.apache.kafka.storage.internals.log", "state.change.logger")


def service(ctx: Context) -> Service:
    """The broker on loopback, without authentication: only this machine reaches it."""
    config = ctx.paths.config("kafka") / "server.properties"
    logging = ctx.paths.config("kafka") / "log4j2.properties"
    archive = jvm.class_archive(ctx, "kafka", ctx.toolchain.classpath("kafka"))
    return Service(
        name="kafka",
        version=ctx.toolchain.versions["kafka"],
        command=(
            *_java(ctx, logging),
            *archive.flags,
            *jvm.heap(ctx.stack.embedded.memory.kafka_heap_mib),
            # Kafka's own defaults (bin/kafka-run-class.sh): short pauses, early concurrent marking.
            "-XX:MaxGCPauseMillis=20",
            "-XX:InitiatingHeapOccupancyPercent=35",
            "kafka.Kafka",
            str(config),
        ),
        address=f"{LOOPBACK}:{ctx.ports.kafka}",
        prepare=lambda: _prepare(ctx, config, (*_java(ctx, logging), *archive.reading_flags), logging),
        ready=lambda: _ready(ctx),
        ready_timeout_seconds=90,
        # A controlled shutdown flushes the logs; without it the next start recovers every segment.
        stop_grace_seconds=60,
        after_stop=archive.keep,
    )


def settings(ctx: Context) -> dict[str, object]:
    """The broker's server.properties."""
    broker = f"{LOOPBACK}:{ctx.ports.kafka}"
    controller = f"{LOOPBACK}:{ctx.ports.kafka_controller}"
    written = (pipeline.written_bytes for pipeline in ctx.pipelines())
    largest = max(written, default=KAFKA_MESSAGE_BYTES)
    return {
        "process.roles": "broker,controller",
        "node.id": 1,
        # A static quorum: a dynamic one writes the port into its metadata, and ours may change between starts.
        "controller.quorum.voters": f"1@{controller}",
        "listeners": f"PLAINTEXT://{broker},CONTROLLER://{controller}",
        "advertised.listeners": f"PLAINTEXT://{broker}",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "log.dirs": ctx.paths.data("kafka") / "logs",
        # Topics come from the pipelines alone: a misspelt name must fail, not make a topic.
        "auto.create.topics.enable": False,
        # One broker holds one replica; few partitions, for each internal one costs start time.
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "transaction.state.log.num.partitions": 4,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        "default.replication.factor": 1,
        "min.insync.replicas": 1,
        "unclean.leader.election.enable": False,
        # As on other targets; here no copy has to follow.
        "message.max.bytes": largest,
        "replica.fetch.max.bytes": largest,
        # Flink's transactions live as long as the stack says; the broker must allow it.
        "transaction.max.timeout.ms": ctx.stack.flink.transaction_timeout_seconds * 1000,
        "log.retention.check.interval.ms": ctx.stack.embedded.retention_check_seconds * 1000,
        "group.initial.rebalance.delay.ms": 0,
        "num.network.threads": 3,
        "num.io.threads": 4,
        "num.recovery.threads.per.data.dir": 2,
        # The default of 128 MiB is a quarter of this heap; internal topics are all that is compacted here.
        "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024,
    }


def _java(ctx: Context, logging: Path) -> tuple[str, ...]:
    return (
        jvm.java(ctx.toolchain.java17),
        "-cp",
        ctx.toolchain.classpath("kafka"),
        *jvm.COMMON_FLAGS,
        f"-Dlog4j2.configurationFile={logging}",
    )


def _prepare(ctx: Context, config: Path, java: tuple[str, ...], logging: Path) -> None:
    config.write_text(properties(settings(ctx)), encoding="utf-8")
    logging.write_text(jvm.log4j2(QUIET_LOGGERS), encoding="utf-8")
    if (ctx.paths.data("kafka") / "logs" / "meta.properties").exists():
        return
    # A cluster id is 16 random bytes in URL-safe base 64; one that begins with a dash would be read as an option.
    cluster_id = "w" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode()[1:22]
    command = [
        *java,
        "-XX:TieredStopAtLevel=1",
        "kafka.tools.StorageTool",
        "format",
        "-t",
        cluster_id,
        "-c",
        str(config),
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise WeirError(f"kafka: formatting the storage failed: {(result.stderr or result.stdout).strip()[-2000:]}")


def _ready(ctx: Context) -> None:
    """A Metadata request, version 4 (https://kafka.apache.org/protocol): no topics, none to be created."""
    body = struct.pack(">hhih", METADATA_API, 4, 0, -1) + struct.pack(">i?", 0, False)
    with connected(ctx.ports.kafka) as connection:
        connection.sendall(struct.pack(">i", len(body)) + body)
        (size,) = struct.unpack(">i", receive(connection, 4))
        _correlation, _throttle_milliseconds, brokers = struct.unpack_from(">iii", receive(connection, size))
    if brokers == 0:
        raise NotReady("the broker has not registered with its controller yet")
