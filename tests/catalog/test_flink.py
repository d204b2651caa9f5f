"""The Flink configuration and arguments that every target shares."""

from itertools import pairwise
from pathlib import Path

import pytest

from weir.catalog.environment import resolve
from weir.catalog.flink import JobFiles, flink_configuration, job_arguments
from weir.catalog.pipeline import load_pipeline
from weir.config.endpoints import Endpoints
from weir.config.flink import FlinkConfig, StateBackend
from weir.config.stack import StackConfig

pytestmark = pytest.mark.unit

FLIGHTS = load_pipeline(Path(__file__).parents[2] / "pipelines" / "flights")
ENDPOINTS = Endpoints(
    kafka_bootstrap_servers="kafka:9093",
    registry_url="http://registry:8080/apis/ccompat/v7",
    cassandra_contact_points=("cassandra-1:9042", "cassandra-2:9042"),
    cassandra_datacenter="dc1",
    flink_url="http://flink:8081",
    trino_url="http://trino:8080",
    superset_url="http://superset:8088",
)
FILES = JobFiles(python="/opt/env/bin/python", package="/opt/job.zip", pipeline_folder="/opt/pipelines/flights")


def test_checkpoints_are_exactly_once_aligned_and_outlive_the_job():
    configuration = flink_configuration(FlinkConfig(checkpoint_interval_seconds=15), FLIGHTS)
    assert configuration["execution.checkpointing.mode"] == "EXACTLY_ONCE"
    assert configuration["execution.checkpointing.interval"] == "15 s"
    assert configuration["execution.checkpointing.unaligned.enabled"] == "false"
    assert configuration["execution.checkpointing.externalized-checkpoint-retention"] == "RETAIN_ON_CANCELLATION"


def test_the_job_is_named_after_its_pipeline():
    assert flink_configuration(FlinkConfig(), FLIGHTS)["pipeline.name"] == "flights"


def test_heap_state_asks_for_nothing_of_rocksdb():
    configuration = flink_configuration(FlinkConfig(state_backend=StateBackend.HASHMAP), FLIGHTS)
    assert configuration["state.backend.type"] == "hashmap"
    assert not [key for key in configuration if "rocksdb" in key or key.endswith("incremental")]


def test_rocksdb_gets_bloom_filters_and_incremental_checkpoints():
    configuration = flink_configuration(FlinkConfig(state_backend=StateBackend.ROCKSDB), FLIGHTS)
    assert configuration["state.backend.type"] == "rocksdb"
    assert configuration["state.backend.rocksdb.use-bloom-filter"] == "true"
    assert configuration["execution.checkpointing.incremental"] == "true"


@pytest.mark.parametrize("backend", StateBackend)
def test_what_belongs_to_a_target_is_left_to_it(backend):
    configuration = flink_configuration(FlinkConfig(state_backend=backend), FLIGHTS)
    assert not [key for key in configuration if key.startswith(("jobmanager.", "taskmanager.", "rest."))]
    assert not [key for key in configuration if key.endswith("dir") or "memory" in key or "parallelism.default" in key]
    assert not [value for value in configuration.values() if "/" in value or "://" in value]


def test_flinks_own_options_come_before_the_jobs():
    arguments = job_arguments(FILES, ENDPOINTS, FlinkConfig(), FLIGHTS)
    assert arguments[:6] == [
        *("-pyclientexec", "/opt/env/bin/python"),
        *("-pyfs", "/opt/job.zip"),
        *("-pym", "dedup_join.main"),
    ]
    assert arguments[6] == "--pipeline"


def test_every_contact_point_and_the_transaction_timeout_are_passed_on():
    arguments = job_arguments(FILES, ENDPOINTS, FlinkConfig(transaction_timeout_seconds=1200), FLIGHTS)
    points = [value for key, value in pairwise(arguments) if key == "--cassandra-contact-point"]
    assert points == list(ENDPOINTS.cassandra_contact_points)
    assert arguments[arguments.index("--transaction-timeout-seconds") + 1] == "1200"


def test_the_job_remembers_ids_for_as_long_as_the_environment_says():
    stack = StackConfig.model_validate(
        {
            "environment": "test",
            "target": "embedded",
            "pipelines": ["flights"],
            "retention": {"pipelines": {"flights": {"deduplication_horizon_hours": 999}}},
        }
    )
    (here,) = resolve(stack, [FLIGHTS]).pipelines
    arguments = job_arguments(FILES, ENDPOINTS, FlinkConfig(), here)
    assert arguments[arguments.index("--deduplication-horizon-hours") + 1] == "999"
