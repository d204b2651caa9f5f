"""One number in a stack file changes exactly the fields that follow from it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.renderings import rendered, rendered_with

from weir.programs.changes import pairs

pytestmark = pytest.mark.unit

PIPELINE = "weir:workload.pipelines.flights"
RETENTION = "weir:retention.pipelines.flights"
SPREAD = r"template\.pod\.topologySpreadConstraints\[\d\].*"
# Stack, settings, and by object every field that may change; every object named must change.
CASES = [
    pytest.param(
        "prod",
        {f"{PIPELINE}.peak_events_per_second": 100_000},
        {
            "KafkaNodePool brokers": r"spec\.(replicas|resources\..*|jvmOptions\..*|storage\.volumes\[0\]\.size)",
            "KafkaTopic flights.events": r"spec\.(partitions|config\.(retention|segment)\.bytes)",
            "KafkaTopic flights.dead-letters": r"spec\.config\.(retention|segment)\.bytes",
            **{f"KafkaUser weir-flights{role}": r"spec\.quotas\..*ByteRate" for role in ("", "-monitor", "-producer")},
            "FlinkDeployment flights": (
                r"spec\.(job\.parallelism|taskManager\..*|jobManager\..*|flinkConfiguration\.(job\.autoscaler\.vertex\..*"
                r"|taskmanager\.numberOfTaskSlots|pipeline\.max-parallelism))"
            ),
        },
        id="peak_events_per_second",
    ),
    pytest.param(
        "prod",
        {f"{RETENTION}.source_retention_hours": 96},
        {
            "KafkaTopic flights.events": r"spec\.config\.(retention|segment)\.(ms|bytes)",
            "KafkaNodePool brokers": r"spec\.storage\.volumes\[0\]\.size",
        },
        id="source_retention_hours",
    ),
    pytest.param(
        "prod",
        {f"{RETENTION}.dead_letters_retention_hours": 48},
        {
            "KafkaTopic flights.dead-letters": r"spec\.config\.(retention|segment)\.(ms|bytes)",
            "KafkaNodePool brokers": r"spec\.storage\.volumes\[0\]\.size",
        },
        id="dead_letters_retention_hours",
    ),
    pytest.param(
        "dev",
        {"weir:availability.zones": ["zone-a", "zone-b", "zone-c"]},
        {
            "Kafka kafka": r"spec\.kafka\.rack",
            "KafkaNodePool brokers": rf"spec\.(replicas|storage\.volumes\[0\]\.size|{SPREAD})",
            "KafkaNodePool controllers": rf"spec\.(replicas|{SPREAD})",
        },
        id="zones",
    ),
    pytest.param(
        "prod",
        {"weir:flink.checkpoint_interval_seconds": 20},
        {"FlinkDeployment flights": r"spec\.flinkConfiguration\.execution\.checkpointing\.(interval|min-pause)"},
        id="checkpoint_interval_seconds",
    ),
    pytest.param(
        "prod",
        {"weir:kubernetes.cost_center": "4711"},
        {"*": r"(metadata|spec.*\.metadata)\.labels\.weir\.io/cost-center"},
        id="cost_center",
    ),
]
OWN_KINDS = ("Kafka", "KafkaNodePool", "KafkaTopic", "KafkaUser", "FlinkDeployment", "Namespace")


@pytest.mark.parametrize(("stack", "changes", "expected"), CASES)
def test_a_number_changes_exactly_what_follows_from_it(stack: str, changes: dict[str, Any], expected: dict[str, str]):
    after = rendered_with(stack, changes)
    found = {pair.label: pair.fields() for pair in pairs(rendered(stack).resources, after.resources)}
    touched = {label: fields for label, fields in found.items() if fields and label.split()[0] in OWN_KINDS}
    unexpected = [
        f"{label} {field}"
        for label, fields in touched.items()
        for field in fields
        if not re.fullmatch(expected.get(label) or expected.get("*", "never"), field.path)
    ]
    assert unexpected == []
    assert touched
    assert [label for label in expected if label != "*" and label not in touched] == []
