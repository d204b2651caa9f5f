"""Clients of a pipeline: which are refused, what each may do, and how sizing counts them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.catalog.with_clients import ANALYTICS, CLIENTS, FEED, OPERATORS, PARTNER, flights_with
from tests.sizing.stacks import AVAILABLE, rates, stack_of

from weir.catalog.checks_clients import group_count
from weir.catalog.engine_names import consumer_group, letters_transactional_id
from weir.catalog.environment import resolve
from weir.catalog.pipeline import PIPELINE_FILE, program_files
from weir.catalog.principals import AccessRule, KafkaResource, Principal, principals_of
from weir.catalog.shared_names import shared_names
from weir.catalog.spec import Engine
from weir.config.errors import ConfigError
from weir.config.repository import REPOSITORY
from weir.config.yaml_text import without
from weir.sizing import PlatformPlan, plan_for
from weir.sizing.quotas import quota_of

pytestmark = pytest.mark.unit

ROWS = "flights.table.flights-enriched"
LISTENER = {
    "type": "loadbalancer",
    "bootstrap_host": "kafka.example.com",
    "broker_host": "broker-{nodeId}.kafka.example.com",
    "allowed_cidrs": ["203.0.113.0/24"],
}
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"a": {"role": "producer"}}, "clients.a: set exactly one of namespace and outside: true"),
    ({"a": {**FEED, "outside": True}}, "clients.a: set exactly one of namespace and outside: true"),
    ({"a": {**PARTNER, "pod_labels": {"app": "a"}}}, "clients.a: pod_labels: pods are found in a namespace"),
    ({"a": {"role": "consumer", "namespace": "b"}}, "clients.a: groups: missing; name the consumer's groups"),
    ({"a": {**FEED, "groups": ["b"]}}, "clients.a: groups: only for a consumer"),
    ({"a": {**FEED, "topics": ["flights.events"]}}, "clients.a: topics: only for a consumer"),
    ({"a": {**OPERATORS, "groups": ["b"]}}, "clients.a: groups: only for a consumer"),
    ({"a": {**ANALYTICS, "groups": ["b", "b"]}}, "clients.a.groups: 'b' is listed twice"),
    ({"a": {**ANALYTICS, "groups": ["*"]}}, "clients.a.groups.0: does not match"),
    ({"Feed": FEED}, "clients.Feed.'[key]': does not match"),
    ({"a_b": FEED}, "clients.a_b.'[key]': does not match"),
    ({"a": {**FEED, "quota_bytes_per_second": 1023}}, "clients.a.quota_bytes_per_second: below the minimum 1024"),
    ({"producer": FEED}, "clients.producer: 'weir-flights-producer' is a Kafka user of weir itself"),
    ({"monitor": FEED}, "clients.monitor: 'weir-flights-monitor' is a Kafka user of weir itself"),
    ({"loader": FEED}, "clients.loader: 'weir-flights-loader' is a Kafka user of weir itself"),
    ({"references": FEED}, "clients.references: 'weir-flights-references' is a Kafka user of weir itself"),
    ({"a": {**ANALYTICS, "groups": ["weir-flights"]}}, "clients.a.groups: 'weir-flights' starts with 'weir-'"),
    ({"a": {**ANALYTICS, "groups": ["connect-x"]}}, "clients.a.groups: 'connect-x' starts with 'connect-'"),
    ({"a": {**ANALYTICS, "groups": ["loader-x"]}}, "clients.a.groups: 'loader-x' starts with 'loader-'"),
    ({"a": {**ANALYTICS, "groups": ["letters-x"]}}, "clients.a.groups: 'letters-x' starts with 'letters-'"),
    ({"a": ANALYTICS, "b": ANALYTICS}, "clients.b.groups: 'analytics' is already that of client 'a'"),
    (
        {"a": {**ANALYTICS, "topics": ["other"]}},
        "clients.a.topics: the pipeline has no topic 'other'; it has flights.e",
    ),
    ({"a": {**ANALYTICS, "topics": [ROWS]}}, "clients.a.topics: engine flink writes tables to Cassandra alone"),
]


@pytest.mark.parametrize(("clients", "told"), REFUSED, ids=[told[:70] for _, told in REFUSED])
def test_a_client_that_cannot_be_is_refused(tmp_path: Path, clients: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError) as refused:
        flights_with(tmp_path, clients)
    (problem,) = refused.value.problems
    assert problem.startswith(told)


def test_kafkas_super_user_is_no_client(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"clients\.node: 'weir-kafka-node' is a Kafka user of weir itself"):
        flights_with(tmp_path, {"node": FEED}, name="kafka")


@pytest.mark.parametrize(("length", "taken"), [(14, True), (15, False)])
def test_a_user_fits_into_a_label_of_kubernetes(tmp_path: Path, length: int, taken: bool) -> None:
    name = "p" * 43
    if taken:
        assert flights_with(tmp_path, {"c" * length: FEED}, name=name).spec.clients
        return
    with pytest.raises(ConfigError, match=r"has 64 characters, but Kubernetes takes 63; shorten the name"):
        flights_with(tmp_path, {"c" * length: FEED}, name=name)


def user(found: tuple[Principal, ...], name: str) -> Principal:
    return next(principal for principal in found if principal.name == name)


def test_a_producer_may_write_the_source_topic_and_nothing_else(tmp_path: Path) -> None:
    feed = user(principals_of(flights_with(tmp_path, CLIENTS)), "weir-flights-feed")
    assert feed.rules == (AccessRule(KafkaResource.TOPIC, "flights.events", ("Write", "Describe")),)


def test_a_consumer_reads_the_source_in_its_groups_by_default(tmp_path: Path) -> None:
    analytics = user(principals_of(flights_with(tmp_path, CLIENTS)), "weir-flights-analytics")
    assert analytics.rules == (
        AccessRule(KafkaResource.TOPIC, "flights.events", ("Read", "Describe")),
        AccessRule(KafkaResource.GROUP, "analytics", ("Read", "Describe")),
    )


@pytest.mark.parametrize("engine", list(Engine))
def test_who_works_on_letters_may_do_that_and_nothing_else(tmp_path: Path, engine: Engine) -> None:
    pipeline = flights_with(tmp_path, {"operators": OPERATORS}, engine=engine.value)
    assert user(principals_of(pipeline), "weir-flights-operators").rules == (
        AccessRule(KafkaResource.TOPIC, "flights.dead-letters", ("Read", "Write", "Describe")),
        AccessRule(KafkaResource.TOPIC, "flights.events", ("Write", "Describe")),
        AccessRule(KafkaResource.GROUP, "letters-flights", ("Read", "Describe")),
        AccessRule(KafkaResource.TRANSACTIONAL_ID, "letters-flights", ("Write", "Describe")),
    )


@pytest.mark.parametrize("engine", list(Engine))
def test_no_job_ends_the_transactions_of_who_works_on_letters(tmp_path: Path, engine: Engine) -> None:
    """A restarted job of Flink ends every open transaction that begins as its own do."""
    pipeline = flights_with(tmp_path, {"operators": OPERATORS}, engine=engine.value)
    ids = [
        rule
        for principal in principals_of(pipeline)
        for rule in principal.rules
        if rule.resource is KafkaResource.TRANSACTIONAL_ID and rule.prefix
    ]
    assert ids
    assert not [rule for rule in ids if letters_transactional_id(pipeline).startswith(rule.name)]
    assert not letters_transactional_id(pipeline).startswith(consumer_group(pipeline))


def test_who_works_on_letters_is_no_reader_of_the_stream(tmp_path: Path) -> None:
    assert group_count(flights_with(tmp_path, {"operators": OPERATORS}).spec) == 0


def test_on_kafka_streams_a_consumer_reads_the_results_that_it_names(tmp_path: Path) -> None:
    clients = {"analytics": {**ANALYTICS, "topics": [ROWS, "flights.dead-letters"]}}
    found = principals_of(flights_with(tmp_path, clients, engine="kafka-streams"))
    topics = [rule for rule in user(found, "weir-flights-analytics").rules if rule.resource is KafkaResource.TOPIC]
    assert [rule.name for rule in topics] == [ROWS, "flights.dead-letters"]
    assert {rule.operations for rule in topics} == {("Read", "Describe")}


def test_two_pipelines_share_neither_a_user_nor_a_group(tmp_path: Path) -> None:
    one = flights_with(tmp_path, {"b-feed": FEED, "analytics": ANALYTICS})
    events, letters = {"topic": "b.events"}, {"topic": "b.dead", "retention_hours": 1}
    source = {**one.spec.source.model_dump(mode="json"), **events}
    other = flights_with(
        tmp_path, {"feed": FEED, "a": ANALYTICS}, name="flights_b", source=source, dead_letters=letters
    )
    assert list(shared_names([one, other])) == [
        "flights_b: name: Kafka user 'weir-flights-b-feed' would also be the user of pipeline 'flights'; rename one "
        "of them",
        "flights_b: clients.a.groups: 'analytics' is already a group of a client of pipeline 'flights', and only one "
        "user may have it; choose another",
    ]


PLACES: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"partner": PARTNER}, {}, "flights: clients.partner.outside: Kafka has no address outside the cluster; add"),
    (
        {"feed": {**FEED, "namespace": "weir-test"}},
        {"kubernetes": {"name_prefix": "weir-test"}},
        "flights: clients.feed.namespace: 'weir-test' is the platform's own",
    ),
]


@pytest.mark.parametrize(("clients", "stack", "told"), PLACES)
def test_a_client_that_nothing_lets_in_is_refused(
    tmp_path: Path, clients: dict[str, Any], stack: dict[str, Any], told: str
) -> None:
    pipeline = flights_with(tmp_path, clients)
    with pytest.raises(ConfigError) as refused:
        resolve(stack_of(**stack), [pipeline])
    (problem,) = refused.value.problems
    assert problem.startswith(told)


def test_an_outside_client_comes_by_the_listener_or_aivens_address(tmp_path: Path) -> None:
    pipeline = flights_with(tmp_path, {"partner": PARTNER})
    aiven = {"provider": "aiven", "aiven": {"project": "acme", "cloud_name": "aws-eu-west-1"}}
    assert resolve(stack_of(kafka={"external_listener": LISTENER}), [pipeline]).pipelines
    assert resolve(stack_of(AVAILABLE, kafka=aiven), [pipeline]).pipelines


def test_on_one_machine_clients_change_nothing(tmp_path: Path) -> None:
    pipeline = flights_with(tmp_path, {"partner": PARTNER})
    assert resolve(stack_of(target="embedded"), [pipeline]).pipelines


def sized(folder: Path, clients: dict[str, Any], **workload: Any) -> PlatformPlan:
    settings = rates(100_000, 50)
    settings["pipelines"]["flights"] |= workload
    return plan_for(resolve(stack_of(AVAILABLE, workload=settings), [flights_with(folder, clients)]))


def test_each_group_of_a_client_is_sized_as_a_reader(tmp_path: Path) -> None:
    groups = [f"group-{number}" for number in range(10)]
    named = sized(tmp_path / "named", {"a": {**ANALYTICS, "groups": groups}})
    assert named.kafka == sized(tmp_path / "counted", {}, extra_consumer_groups=10).kafka
    assert named.kafka.broker.cpu_cores > sized(tmp_path / "none", {}).kafka.broker.cpu_cores
    assert (
        named.kafka == sized(tmp_path / "both", {"a": {**ANALYTICS, "groups": groups}}, extra_consumer_groups=10).kafka
    )


def test_producers_and_readers_of_dead_letters_alone_are_not(tmp_path: Path) -> None:
    letters = {**ANALYTICS, "topics": ["flights.dead-letters"]}
    assert sized(tmp_path / "some", {"feed": FEED, "a": letters}).kafka == sized(tmp_path / "none", {}).kafka


def test_fewer_planned_groups_than_clients_have_are_refused(tmp_path: Path) -> None:
    clients = {"analytics": ANALYTICS, "more": {**ANALYTICS, "groups": ["more"]}}
    with pytest.raises(ConfigError) as refused:
        sized(tmp_path, clients, extra_consumer_groups=1)
    (problem,) = refused.value.problems
    assert problem.startswith("workload.extra_consumer_groups: 1 is fewer than the 2 groups of clients")


def test_a_client_has_its_own_quota_or_the_pipelines_for_each_group(tmp_path: Path) -> None:
    own = {"role": "producer", "namespace": "operations", "quota_bytes_per_second": 5000}
    pipeline = flights_with(
        tmp_path, {"feed": FEED, "own": own, "partner": {**PARTNER, "namespace": "a", "outside": False}}
    )
    plan = plan_for(resolve(stack_of(AVAILABLE, workload=rates(100_000, 50)), [pipeline])).kafka
    job = plan.quotas["flights"]
    found = principals_of(pipeline)
    limits = {name: quota_of(plan, user(found, f"weir-flights-{name}")) for name in ("feed", "own", "partner")}
    assert {
        name: limit and (limit.producer_bytes_per_second, limit.consumer_bytes_per_second)
        for name, limit in limits.items()
    } == {
        "feed": (job.producer_bytes_per_second, job.consumer_bytes_per_second),
        "own": (5000, 5000),
        "partner": (job.producer_bytes_per_second, 2 * job.consumer_bytes_per_second),
    }


def test_a_new_client_leaves_the_files_of_programs_as_they_are(tmp_path: Path) -> None:
    before, after = (flights_with(tmp_path / name, clients) for name, clients in (("a", {}), ("b", CLIENTS)))
    assert program_files(before) == program_files(after)
    origin = REPOSITORY / "pipelines" / "flights" / PIPELINE_FILE
    assert "workload:" in program_files(before)[PIPELINE_FILE]
    assert without(origin.read_text(), "clients") == origin.read_text()


CUTS = [
    ("a: 1\n# of b\nb:\n  c: 2\n\n# of d\nd: 3\n", "a: 1\n\n# of d\nd: 3\n"),
    ("a: 1\nb: {c: 2}\n", "a: 1\n"),
    ("b: 1\na: 2\n", "a: 2\n"),
    ("a: {b: 1}\n", "a: {b: 1}\n"),
    ("{a: 1, b: 2}\n", "{a: 1, b: 2}\n"),
    ("a: |\n  b: 1\nc: 2\n", "a: |\n  b: 1\nc: 2\n"),
]


@pytest.mark.parametrize(("text", "left"), CUTS)
def test_a_key_is_cut_with_the_comments_above_it(text: str, left: str) -> None:
    assert without(text, "b") == left


def test_several_keys_are_cut_as_one_after_the_other() -> None:
    text = "# of a\na: 1\n# of b\nb:\n  c: 2\n# of d\nd: 3\ne: 4\n"
    assert without(text, "d", "b", "x") == without(without(text, "b"), "d") == "# of a\na: 1\ne: 4\n"
