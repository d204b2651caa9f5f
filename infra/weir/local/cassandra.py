"""The Cassandra node: one token, trie memtables and the trie-indexed sstable format."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import yaml

from weir.catalog.sizes import commit_log_segment_mib
from weir.local import jvm
from weir.local.service import CASSANDRA_DATACENTER, LOOPBACK, Context, NotReady, Service, connected, receive

# The native protocol's numbers.
STARTUP, READY, QUERY, RESULT = 0x01, 0x02, 0x07, 0x08
CONSISTENCY_ONE = 0x0001

# Cassandra's conf/jvm17-server.options: off-heap memory, file descriptors and JMX beans by reflection.
JDK17_FLAGS = (
    "-Djdk.attach.allowAttachSelf=true",
    *(
        f"--add-exports={package}=ALL-UNNAMED"
        for package in (
            "java.base/jdk.internal.misc",
            "java.base/jdk.internal.ref",
            "java.base/java.lang.ref",
            "java.base/java.lang.reflect",
            "java.base/sun.nio.ch",
            "java.management.rmi/com.sun.jmx.remote.internal.rmi",
            "java.rmi/sun.rmi.registry",
            "java.rmi/sun.rmi.server",
            "java.sql/java.sql",
            "jdk.unsupported/sun.misc",
        )
    ),
    *(
        f"--add-opens={package}=ALL-UNNAMED"
        for package in (
            "java.base/java.io",
            "java.base/java.lang",
            "java.base/java.lang.module",
            "java.base/java.lang.reflect",
            "java.base/java.nio",
            "java.base/java.util",
            "java.base/java.util.concurrent",
            "java.base/java.util.concurrent.atomic",
            "java.base/jdk.internal.loader",
            "java.base/jdk.internal.math",
            "java.base/jdk.internal.module",
            "java.base/jdk.internal.ref",
            "java.base/jdk.internal.reflect",
            "java.base/jdk.internal.util.jar",
            "java.base/sun.nio.ch",
            "java.rmi/sun.rmi.transport.tcp",
            "jdk.compiler/com.sun.tools.javac.file",
            "jdk.management/com.sun.management.internal",
        )
    ),
)

LOGBACK = """<configuration>
  <appender name="console" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%date{ISO8601} %-5level [%thread] %logger{0} - %msg%n</pattern></encoder>
  </appender>
  <logger name="org.apache.cassandra" level="INFO"/>
  <root level="INFO"><appender-ref ref="console"/></root>
</configuration>
"""


def service(ctx: Context) -> Service:
    """The node on loopback, without authentication and without JMX: only this machine reaches it."""
    folder = ctx.paths.config("cassandra")
    home = ctx.toolchain.home("cassandra")
    (jamm,) = home.glob("jamm-*.jar")
    # Jars first: an archive of classes fits as long as the class path begins as it did when it was made.
    archive = jvm.class_archive(ctx, "cassandra", ctx.toolchain.classpath("cassandra"))
    return Service(
        name="cassandra",
        version=ctx.toolchain.versions["cassandra"],
        command=(
            jvm.java(ctx.toolchain.java17),
            "-cp",
            f"{ctx.toolchain.classpath('cassandra')}:{folder}",
            f"-javaagent:{jamm}",
            *jvm.COMMON_FLAGS,
            *jvm.heap(ctx.stack.embedded.memory.cassandra_heap_mib),
            "-XX:+ParallelRefProcEnabled",
            "-XX:MaxGCPauseMillis=100",
            "-XX:MaxDirectMemorySize=256m",
            "-Xss256k",
            *JDK17_FLAGS,
            # The agent, jamm, measures objects and changes no class, so an archive beside it is sound.
            "-XX:+UnlockDiagnosticVMOptions",
            "-XX:+AllowArchivingWithJavaAgent",
            *archive.flags,
            f"-Dcassandra.config=file://{folder / 'cassandra.yaml'}",
            f"-Dcassandra.storagedir={ctx.paths.data('cassandra')}",
            f"-Dlogback.configurationFile={folder / 'logback.xml'}",
            # Otherwise Cassandra closes its output once it has started, and logs nothing more.
            "-Dcassandra-foreground=yes",
            # A single node need not wait for others.
            "-Dcassandra.skip_wait_for_gossip_to_settle=0",
            "-Dcassandra.ring_delay_ms=0",
            "org.apache.cassandra.service.CassandraDaemon",
        ),
        address=f"{LOOPBACK}:{ctx.ports.cassandra}",
        prepare=lambda: _prepare(ctx, folder),
        ready=lambda: _ready(ctx),
        ready_timeout_seconds=180,
        stop_grace_seconds=60,
        after_stop=archive.keep,
    )


def settings(ctx: Context) -> dict[str, Any]:
    """The node's cassandra.yaml."""
    data = ctx.paths.data("cassandra")
    return {
        "cluster_name": "weir",
        "num_tokens": 1,
        "partitioner": "org.apache.cassandra.dht.Murmur3Partitioner",
        "endpoint_snitch": "GossipingPropertyFileSnitch",
        "seed_provider": [
            {
                "class_name": "org.apache.cassandra.locator.SimpleSeedProvider",
                "parameters": [{"seeds": f"{LOOPBACK}:{ctx.ports.cassandra_storage}"}],
            }
        ],
        "listen_address": LOOPBACK,
        "rpc_address": LOOPBACK,
        "native_transport_port": ctx.ports.cassandra,
        "storage_port": ctx.ports.cassandra_storage,
        "data_file_directories": [str(data / "data")],
        "commitlog_directory": str(data / "commitlog"),
        "hints_directory": str(data / "hints"),
        "saved_caches_directory": str(data / "saved_caches"),
        "cdc_raw_directory": str(data / "cdc_raw"),
        # Trie memtables and the `bti` format hold more in less heap; both need the compatibility mode off.
        "storage_compatibility_mode": "NONE",
        "sstable": {"selected_format": "bti"},
        "memtable": {"configurations": {"default": {"class_name": "TrieMemtable"}}},
        "memtable_allocation_type": "offheap_objects",
        "memtable_heap_space": "128MiB",
        "memtable_offheap_space": "192MiB",
        # A write is answered once it is on disk. With `periodic` a killed process loses what it has answered since the
        # last mark in its commit log, which it sets ten times a second; here no other replica has it.
        "commitlog_sync": "batch",
        # Half a segment is the largest write that a node takes.
        "commitlog_segment_size": f"{_segment_mib(ctx)}MiB",
        "commitlog_total_space": "512MiB",
        "disk_failure_policy": "die",
        "commit_failure_policy": "die",
        "file_cache_size": "64MiB",
        "networking_cache_size": "32MiB",
        "key_cache_size": "16MiB",
        "counter_cache_size": "0MiB",
        "concurrent_reads": 16,
        "concurrent_writes": 32,
        "concurrent_compactors": 1,
        # Other services share these cores: a client waits rather than fails.
        "read_request_timeout": "10s",
        "range_request_timeout": "20s",
        "write_request_timeout": "10s",
        "hinted_handoff_enabled": False,
        # A snapshot at every TRUNCATE and DROP would fill a workstation's disk; the topics hold the truth.
        "auto_snapshot": False,
    }


def _segment_mib(ctx: Context) -> int:
    return commit_log_segment_mib(max((pipeline.written_bytes for pipeline in ctx.pipelines()), default=0))


def _prepare(ctx: Context, folder: Path) -> None:
    (folder / "cassandra.yaml").write_text(yaml.safe_dump(settings(ctx), sort_keys=False), encoding="utf-8")
    (folder / "cassandra-rackdc.properties").write_text(f"dc={CASSANDRA_DATACENTER}\nrack=rack1\n", encoding="utf-8")
    (folder / "logback.xml").write_text(LOGBACK, encoding="utf-8")


def _ready(ctx: Context) -> None:
    """STARTUP and a query, in the native protocol version 4 (doc/native_protocol_v4.spec of Cassandra)."""
    statement = b"SELECT release_version FROM system.local"
    startup = struct.pack(">H", 1) + _text(b"CQL_VERSION") + _text(b"3.0.0")
    query = struct.pack(">I", len(statement)) + statement + struct.pack(">HB", CONSISTENCY_ONE, 0)
    with connected(ctx.ports.cassandra) as connection:
        for opcode, body, expected in ((STARTUP, startup, READY), (QUERY, query, RESULT)):
            connection.sendall(struct.pack(">BBhBI", 4, 0, 0, opcode, len(body)) + body)
            _version, _flags, _stream, answer, size = struct.unpack(">BBhBI", receive(connection, 9))
            receive(connection, size)
            if answer != expected:
                raise NotReady(f"CQL answers with opcode {answer:#04x} instead of {expected:#04x}")


def _text(value: bytes) -> bytes:
    return struct.pack(">H", len(value)) + value
