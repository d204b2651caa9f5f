"""Bad configuration, kind by kind: each is refused with its field, what is wrong, and what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.sizing.stacks import AVAILABLE, SMALL, merged

from weir.catalog.environment import load_environment
from weir.config.errors import ConfigError
from weir.config.security import SecretName
from weir.config.stack import load_stack, setting_names, stack_from_pulumi

pytestmark = pytest.mark.unit

REPOSITORY = Path(__file__).parents[2]
SIGN_IN = {"issuer_url": "https://id.example", "client_id": "weir", "groups": {"administrators": ["admins"]}}
READERS = {"administrators": ["admins"], "readers_of": {"trains": ["staff"]}}
AIVEN = {"project": "weir", "cloud_name": "aws-eu-west-1"}


def written(folder: Path, settings: dict[str, Any]) -> Path:
    path = folder / "Pulumi.test.yaml"
    path.write_text(yaml.safe_dump({"config": {f"weir:{name}": value for name, value in settings.items()}}))
    return path


REFUSED: dict[str, tuple[dict[str, Any], list[str]]] = {
    "min ISR not below the copies": (
        {"availability": {"kafka_replication_factor": 3, "kafka_min_in_sync_replicas": 3}},
        ["availability", "kafka_min_in_sync_replicas 3 is not below kafka_replication_factor 3", "lower it"],
    ),
    "min ISR above the only copy": (
        {"availability": {"kafka_min_in_sync_replicas": 2}},
        ["kafka_min_in_sync_replicas 2 is above kafka_replication_factor 1", "lower it"],
    ),
    "more copies than brokers": (
        {
            "availability": {"kafka_replication_factor": 3, "kafka_min_in_sync_replicas": 2},
            "resources": {"kafka": {"brokers": 2}},
        },
        ["resources.kafka.brokers 2 is below availability.kafka_replication_factor 3", "raise the brokers"],
    ),
    "more copies than nodes": (
        {"availability": {"cassandra_replication_factor": 3}, "resources": {"cassandra": {"nodes_per_rack": 2}}},
        ["resources.cassandra.nodes_per_rack 2 in 1 rack(s)", "fewer than availability.cassandra_replication_factor 3"],
    ),
    "two zones for three copies": (
        {"availability": {"zones": ["a", "b"], "cassandra_replication_factor": 3}},
        ["cassandra_replication_factor 3 is above the 2 zones", "add zones, or list only one"],
    ),
    "a zone named twice": ({"availability": {"zones": ["a", "a"]}}, ["zones: a zone is listed twice"]),
    "highly available with one copy": (
        {"availability": {"highly_available": True}},
        ["highly_available needs kafka_replication_factor", "at least 3", "set highly_available to false"],
    ),
    "an even quorum": (
        {"resources": {"kafka": {"controllers": 4}}},
        ["resources.kafka.controllers 4 is even", "no more failures than one of 3", "use an odd number"],
    ),
    "parallelism where sizing decides it": (
        {"flink": {"parallelism": 4}},
        ["flink.parallelism: sizing sets it on kubernetes", "resources.flink.<pipeline>.parallelism"],
    ),
    "threads that sizing decides": (
        {"streams": {"threads": 8}},
        ["streams.threads: sizing sets it on kubernetes", "resources.streams.<pipeline>"],
    ),
    "an application of no pipeline": (
        {"resources": {"streams": {"orders": {"instances": 2}}}},
        ["resources.streams.orders: the stack runs no pipeline with this name", "add it to pipelines"],
    ),
    "parallelism above max parallelism": (
        {"flink": {"max_parallelism": 8}, "resources": {"flink": {"flights": {"parallelism": 9}}}},
        ["resources.flink.flights.parallelism 9 is above flink.max_parallelism 8", "savepoints unusable"],
    ),
    "checkpoints slower than transactions": (
        {"flink": {"checkpoint_interval_seconds": 600}},
        [
            "transaction_timeout_seconds 900 is not above",
            "checkpoint_interval_seconds 600",
            "raise it, or lower the others",
        ],
    ),
    "horizon shorter than the topic's retention": (
        {"retention": {"pipelines": {"flights": {"source_retention_hours": 500}}}},
        ["retention.pipelines.flights", "horizon_hours: 192 is shorter than source.retention_hours 500", "raise it"],
    ),
    "rows that expire before a dashboard shows them": (
        {"retention": {"pipelines": {"flights": {"aggregates_ttl_days": {"traffic_by_day": 30}}}}},
        [
            "flights.traffic_by_day: rows are kept for 30 days",
            "dashboard flights",
            "opens with a range of 366",
            "raise the table's ttl",
        ],
    ),
    "a total that does not exist": (
        {"retention": {"pipelines": {"flights": {"aggregates_ttl_days": {"traffic": 30}}}}},
        ["aggregates_ttl_days.traffic: the pipeline has no aggregate with this name", "traffic_by_day"],
    ),
    "a legal hold with an expiry": (
        {"retention": {"pipelines": {"flights": {"legal_hold": True, "rows_ttl_days": 5}}}},
        [
            "retention.pipelines.flights",
            "rows_ttl_days: legal_hold keeps everything, but an expiry is set too",
            "remove",
        ],
    ),
    "a pipeline that is not run": (
        {"workload": {"pipelines": {"trains": {"peak_events_per_second": 5}}}},
        ["workload.pipelines.trains: the stack runs no pipeline with this name (it runs flights)"],
    ),
    "a peak below the mean": (
        {"workload": {"pipelines": {"flights": {"peak_events_per_second": 5, "mean_events_per_second": 6}}}},
        ["workload.pipelines.flights", "peak_events_per_second: 5 is below mean_events_per_second 6"],
    ),
    "Cassandra at Aiven": (
        {"cassandra": {"provider": "aiven"}},
        ["cassandra.provider", "Aiven ended its Cassandra service", "use k8ssandra"],
    ),
    "Aiven without a project": ({"kafka": {"provider": "aiven"}}, ["kafka: aiven: missing", "project and cloud_name"]),
    "Aiven's settings for another provider": (
        {"kafka": {"aiven": AIVEN}},
        ["kafka: aiven: only for provider aiven, but provider is strimzi", "remove it, or set provider to aiven"],
    ),
    "Aiven with one copy": (
        {"kafka": {"provider": "aiven", "aiven": AIVEN}},
        ["availability.kafka_replication_factor: Aiven topics need at least 2 copies"],
    ),
    "backups to nowhere": (
        {"retention": {"backups": {"enabled": True}}},
        ["retention.backups.enabled: needs a bucket", "storage.object_storage is missing"],
    ),
    "backups' identity beside a key": (
        {"storage": {"object_storage": {"bucket": "weir-test", "backup_account_annotations": {"role": "backups"}}}},
        ["object_storage.backup_account_annotations", "workload_identity, which is false"],
    ),
    "a protected bucket that nobody says how to encrypt": (
        {"availability": {"protect": True}, "storage": {"object_storage": {"bucket": "weir-test"}}},
        ["storage.object_storage.encryption: missing, but availability.protect is true", "set `algorithm` to aes256"],
    ),
    "a KMS without a key": (
        {"storage": {"object_storage": {"bucket": "weir-test", "encryption": {"algorithm": "kms"}}}},
        ["storage.object_storage.encryption", "kms_key_id: missing, but the algorithm is kms", "give the key's id"],
    ),
    "a key that nobody uses": (
        {
            "storage": {
                "object_storage": {"bucket": "weir-test", "encryption": {"algorithm": "aes256", "kms_key_id": "a"}}
            }
        },
        ["kms_key_id: the algorithm is aes256, which uses no such key", "remove the key"],
    ),
    "a bucket's name": (
        {"storage": {"object_storage": {"bucket": "Weir_Bucket"}}},
        ["storage.object_storage.bucket", "'Weir_Bucket'"],
    ),
    "tags where data is protected": (
        {"availability": {"protect": True}, "images": {"require_digests": False}},
        ["images.require_digests: false", "availability.protect is true", "weir images pin"],
    ),
    "a digest that is none": ({"images": {"digests": {"trino": "latest"}}}, ["images.digests.trino", "'latest'"]),
    "login without a host": (
        {"superset": {"sign_in": SIGN_IN}},
        ["superset: sign_in", "set host"],
    ),
    "login in clear": (
        {"superset": {"host": "weir.example", "sign_in": {**SIGN_IN, "issuer_url": "http://id.example"}}},
        ["superset.sign_in.issuer_url", "'http://id.example'"],
    ),
    "login without administrators": (
        {"superset": {"host": "weir.example", "sign_in": {**SIGN_IN, "groups": {"administrators": []}}}},
        ["superset.sign_in.groups.administrators"],
    ),
    "login without an ID token": (
        {"superset": {"host": "weir.example", "sign_in": {**SIGN_IN, "scopes": ["email"]}}},
        ["superset.sign_in.scopes", "openid is missing"],
    ),
    "readers of no pipeline": (
        {"superset": {"host": "weir.example", "sign_in": {**SIGN_IN, "groups": READERS}}},
        ["superset.sign_in.groups.readers_of.trains: no such pipeline in this stack"],
    ),
    "a protected dashboard behind one password": (
        {"availability": {"protect": True}, "superset": {"host": "weir.example"}},
        ["superset.sign_in: missing", "must not depend on a single password"],
    ),
    "a promotion from itself": (
        {"promotions": {"from_environment": "test"}},
        ["promotions.from_environment: 'test' is this environment"],
    ),
    "a job's name that is too long": (
        {"pipelines": ["p" * 46]},
        ["has 46 characters", "a FlinkDeployment's name may have at most 45", "shorten it"],
    ),
    "an environment that is no name": ({"environment": "Prod_1"}, ["environment", "'Prod_1'"]),
    "a plaintext secret": (
        {"superset_secret_key": "hunter2"},
        ["superset_secret_key: a plaintext secret", "pulumi config set --secret weir:superset_secret_key"],
    ),
    "a misspelt setting": (
        {"retention": {"health_ttl_day": 3}},
        ["retention.health_ttl_day: unknown field", "known here", "health_ttl_days"],
    ),
    "yes for a number of hours": (
        {"retention": {"pipelines": {"flights": {"source_retention_hours": True}}}},
        ["retention.pipelines.flights", "source_retention_hours is true, which is not a number"],
    ),
    "more events than any service takes": (
        {"workload": {"pipelines": {"flights": {"peak_events_per_second": 2e9}}}},
        ["workload.pipelines.flights.peak_events_per_second"],
    ),
    "a unit that is none": ({"retention": {"health_ttl_days": "2 weeks"}}, ["retention.health_ttl_days", "'2 weeks'"]),
}


@pytest.mark.parametrize(("changes", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_it_is_refused_and_the_message_says_what_to_do(
    tmp_path: Path, changes: dict[str, Any], words: list[str]
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_environment(REPOSITORY / "pipelines", load_stack(written(tmp_path, merged(SMALL, changes))))
    for word in words:
        assert word in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_every_broken_rule_between_groups_is_told_at_once(tmp_path: Path) -> None:
    changes = {"retention": {"backups": {"enabled": True}}, "promotions": {"from_environment": "test"}}
    with pytest.raises(ConfigError) as caught:
        load_stack(written(tmp_path, merged(SMALL, changes)))
    assert len(caught.value.problems) == 2


def test_a_secret_is_known_to_be_there_and_its_value_is_nowhere(tmp_path: Path) -> None:
    secrets = {"cache_password": {"secure": "v1:canary"}}
    stack = load_stack(written(tmp_path, {**SMALL, **secrets}))
    assert stack.given_secrets == {SecretName.CACHE_PASSWORD}
    assert "canary" not in repr(stack)
    assert "given_secrets" not in stack.model_dump()


def test_secrets_of_services_that_exist_must_be_given(tmp_path: Path) -> None:
    changes = {
        "superset": {"cache": {"host": "cache", "port": 6379}},
        "storage": {"object_storage": {"bucket": "weir-test"}},
    }
    with pytest.raises(ConfigError) as caught:
        load_stack(written(tmp_path, merged(SMALL, changes)))
    assert caught.value.problems == [
        "cache_password: missing; superset.cache needs it. Run `pulumi config set --secret weir:cache_password`",
        *(
            f"{name}: missing; storage.object_storage needs it. Run `pulumi config set --secret weir:{name}`, or set "
            "storage.object_storage.workload_identity"
            for name in ("object_storage_access_key", "object_storage_secret_key")
        ),
    ]
    given = {name: {"secure": "v1:x"} for name in SecretName}
    assert load_stack(written(tmp_path, {**merged(SMALL, changes), **given})).given_secrets == set(SecretName)


@pytest.mark.parametrize("name", ["local", "dev", "staging", "prod"])
def test_pulumis_settings_give_the_same_stack_as_the_file(name: str) -> None:
    import json  # noqa: PLC0415

    path = REPOSITORY / "stacks" / f"Pulumi.{name}.yaml"
    config = yaml.safe_load(path.read_text())["config"]
    values = {
        key.removeprefix("weir:"): value if isinstance(value, str) else json.dumps(value)
        for key, value in config.items()
    }
    assert values.keys() <= set(setting_names())
    assert stack_from_pulumi(values, "pulumi") == load_stack(path)


def test_settings_of_providers_stand_in_the_same_file(tmp_path: Path) -> None:
    path = written(tmp_path, SMALL)
    path.write_text(path.read_text() + "  kubernetes:context: kind\n  aiven:apiToken: {secure: abc}\n")
    assert load_stack(path).environment == "test"


def test_production_is_redundant_and_protected_and_staging_has_its_shape() -> None:
    production, staging = (load_stack(REPOSITORY / "stacks" / f"Pulumi.{name}.yaml") for name in ("prod", "staging"))
    assert production.availability == staging.availability
    assert production.availability.highly_available
    assert production.availability.protect
    assert len(production.availability.zones) == 3
    for name in ("kafka", "cassandra", "security"):
        assert getattr(production, name) == getattr(staging, name)


def test_a_highly_available_stack_is_accepted(tmp_path: Path) -> None:
    assert load_stack(written(tmp_path, AVAILABLE)).availability.highly_available
