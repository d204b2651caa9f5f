"""What really exists after provisioning is what the plan says: one definition of topics and tables for both targets."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.admin._resource import ResourceType

from weir.catalog.environment import load_environment
from weir.clients.cassandra import Access, admin_session
from weir.incluster.database.describe import existing_schema
from weir.local import provision
from weir.local.service import Context
from weir.sizing import PlatformPlan, plan_for

pytestmark = pytest.mark.contract


@pytest.fixture(scope="module")
def ctx(platform_of: Callable[..., Context]) -> Context:
    return platform_of("kafka", "cassandra", "registry", "flink")


@pytest.fixture(scope="module")
def plan(ctx: Context) -> PlatformPlan:
    """The plan of the stack, provisioned."""
    environment = load_environment(ctx.repository / "pipelines", ctx.stack)
    found = plan_for(environment)
    provision.provision(ctx.endpoints, environment.pipelines, found)
    return found


def test_topics_have_the_plans_partitions_copies_and_settings(ctx: Context, plan: PlatformPlan) -> None:
    client = AdminClient({"bootstrap.servers": ctx.endpoints.kafka_bootstrap_servers, "log_level": 0})
    existing = client.list_topics(timeout=30).topics
    for topic in plan.kafka.topics:
        partitions = existing[topic.name].partitions
        assert len(partitions) == topic.partitions
        assert {len(partition.replicas) for partition in partitions.values()} == {plan.kafka.replication_factor}
        (described,) = client.describe_configs([ConfigResource(ResourceType.TOPIC, topic.name)]).values()
        settings = {name: entry.value for name, entry in described.result(30).items()}
        assert {name: settings[name] for name in topic.config} == dict(topic.config)


def test_tables_have_the_plans_columns_keys_and_lifetimes(ctx: Context, plan: PlatformPlan) -> None:
    access = Access.of(ctx.endpoints)
    with admin_session(access) as session:
        existing = existing_schema(session).tables
    for table in plan.cassandra.tables:
        found = existing[table.qualified_name]
        assert found.columns == {name: kind.value for name, kind in table.columns.items()}
        assert found.partition_key == table.partition_key
        assert found.options["default_time_to_live"] == table.ttl_seconds
        assert found.options["gc_grace_seconds"] == table.gc_grace_seconds
