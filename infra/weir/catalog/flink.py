"""The Flink configuration and arguments of a pipeline's job: the same on every target.

What a target adds is its own: memory, parallelism, addresses, and the paths of state and programs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from weir.catalog.pipeline import Pipeline
from weir.config.endpoints import Endpoints
from weir.config.flink import TOLERABLE_FAILED_CHECKPOINTS, FlinkConfig, StateBackend

PYTHON_DRIVER = "org.apache.flink.client.python.PythonDriver"
JOB_MODULE = "dedup_join.main"

# `env.java.default-opts.all` of Flink 2.2's own conf/config.yaml: its serializers reflect into the JDK.
JDK17_FLAGS = (
    *(
        f"--add-exports={package}=ALL-UNNAMED"
        for package in (
            "java.rmi/sun.rmi.registry",
            "java.security.jgss/sun.security.krb5",
            *(f"jdk.compiler/com.sun.tools.javac.{name}" for name in ("api", "file", "parser", "tree", "util")),
        )
    ),
    *(
        f"--add-opens=java.base/java.{name}=ALL-UNNAMED"
        for name in (
            *("lang", "net", "io", "nio", "lang.reflect", "text", "time", "util"),
            *("util.concurrent", "util.concurrent.atomic", "util.concurrent.locks"),
        )
    ),
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
)

# How long a record may wait in a half-full network buffer, once on its way to a row and twice to a total. Sending one
# costs the same however little is in it, and a pipeline with four totals has five exchanges.
BUFFER_TIMEOUT = "10 ms"
RETAINED_CHECKPOINTS = 3


@dataclass(frozen=True)
class JobFiles:
    """Where the files of a job lie for the process that submits it: on this machine, or inside an image."""

    python: str
    """The interpreter of the Flink environment."""
    package: str
    """The zip of the job's Python modules."""
    pipeline_folder: str


@dataclass(frozen=True)
class ClientSecurity:
    """How the job's clients say who they are, by the clients' own names. Values name files; a secret is in none.

    Empty where the platform listens on loopback alone.
    """

    kafka: Mapping[str, str] = field(default_factory=dict)
    """Properties of Kafka's clients."""
    cassandra: Mapping[str, str] = field(default_factory=dict)
    """Options of the Cassandra connector."""
    registry: Mapping[str, str] = field(default_factory=dict)
    """Options of the Avro format."""


NO_SECURITY = ClientSecurity()


def image_files(pipeline: Pipeline) -> JobFiles:
    """Where the files of a job lie inside its image (`images/flink-job/image.yaml`)."""
    return JobFiles(
        python="/opt/venv/bin/python",
        package="/opt/weir/job.zip",
        pipeline_folder=f"/opt/weir/pipelines/{pipeline.name}",
    )


def flink_configuration(stack: FlinkConfig, pipeline: Pipeline) -> dict[str, str]:
    """`flinkConfiguration`, by Flink's own names and in its own units. State lives on local paths the target names."""
    return {
        "pipeline.name": pipeline.name,
        "pipeline.max-parallelism": str(stack.max_parallelism),
        # Chained operators pass rows on without copying them, because none of weir's operators keeps or changes a row.
        "pipeline.object-reuse": "true",
        # Nothing in the job waits for event time.
        "pipeline.auto-watermark-interval": "0 ms",
        "execution.buffer-timeout.interval": BUFFER_TIMEOUT,
        "execution.checkpointing.mode": "EXACTLY_ONCE",
        "execution.checkpointing.interval": f"{stack.checkpoint_interval_seconds} s",
        # A checkpoint of much heap state may take longer than the interval; the job must get on between two.
        "execution.checkpointing.min-pause": f"{stack.checkpoint_interval_seconds * 500} ms",
        "execution.checkpointing.timeout": f"{stack.checkpoint_timeout_seconds} s",
        # A checkpoint without in-flight rows is small and fits any later version of the job.
        "execution.checkpointing.unaligned.enabled": "false",
        "execution.checkpointing.max-concurrent-checkpoints": "1",
        "execution.checkpointing.num-retained": str(RETAINED_CHECKPOINTS),
        "execution.checkpointing.tolerable-failed-checkpoints": str(TOLERABLE_FAILED_CHECKPOINTS),
        "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
        **_state_backend(stack.state_backend),
        # Retried forever: a broken broker or node comes back, and the events wait in Kafka.
        "restart-strategy.type": "exponential-delay",
        "restart-strategy.exponential-delay.initial-backoff": "1 s",
        # Not longer: this wait is added to every recovery, and asking again costs a broken dependency little.
        "restart-strategy.exponential-delay.max-backoff": "10 s",
        "restart-strategy.exponential-delay.backoff-multiplier": "2.0",
        "restart-strategy.exponential-delay.jitter-factor": "0.1",
        "restart-strategy.exponential-delay.reset-backoff-threshold": "60 s",
    }


def job_arguments(
    files: JobFiles,
    endpoints: Endpoints,
    stack: FlinkConfig,
    pipeline: Pipeline,
    security: ClientSecurity = NO_SECURITY,
) -> list[str]:
    """The arguments of `PYTHON_DRIVER`: Flink's options first, then the job's.

    The horizon is the environment's, which may differ from that of the pipeline file beside the job.
    """
    contact_points = [
        part for point in endpoints.cassandra_contact_points for part in ("--cassandra-contact-point", point)
    ]
    return [
        *("-pyclientexec", files.python),
        *("-pyfs", files.package),
        *("-pym", JOB_MODULE),
        *("--pipeline", files.pipeline_folder),
        *("--kafka-bootstrap-servers", endpoints.kafka_bootstrap_servers),
        *("--registry-url", endpoints.registry_url),
        *contact_points,
        *("--cassandra-datacenter", endpoints.cassandra_datacenter),
        *("--transaction-timeout-seconds", str(stack.transaction_timeout_seconds)),
        *("--deduplication-horizon-hours", str(pipeline.spec.deduplication.horizon_hours)),
        *_options("--kafka-property", security.kafka),
        *_options("--cassandra-option", security.cassandra),
        *_options("--registry-option", security.registry),
    ]


def _options(option: str, values: Mapping[str, str]) -> list[str]:
    return [part for name, value in values.items() for part in (option, f"{name}={value}")]


def _state_backend(backend: StateBackend) -> dict[str, str]:
    if backend is StateBackend.HASHMAP:
        return {"state.backend.type": backend.value}
    return {
        "state.backend.type": backend.value,
        "execution.checkpointing.incremental": "true",
        # Most keys of a deduplication are new: a bloom filter answers that without reading a file.
        "state.backend.rocksdb.use-bloom-filter": "true",
    }
