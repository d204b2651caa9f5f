"""Every stack, rendered by the real program: valid, complete, in order, without a secret in clear."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests import schemas
from tests.renderings import (
    AIVEN,
    AIVEN_PRICES,
    KUBERNETES_STACKS,
    manifest,
    rendered,
    rendered_from,
    rendered_with,
    settings_of,
)

from weir.components.base import ENVIRONMENT_LABEL, OWNER_LABEL
from weir.config.errors import ConfigError, WeirError
from weir.programs.recording import SECRET
from weir.programs.rendering import INDEX, STACKS, from_json, pulumi_settings, render, to_json, write

pytestmark = pytest.mark.unit

PLAIN_KAFKA = {"weir:kafka.provider": "plain"}


@pytest.mark.parametrize("stack", KUBERNETES_STACKS)
def test_every_manifest_of_a_stack_is_valid_with_unknown_fields_as_errors(stack: str):
    found = {
        f"{resource.inputs['kind']} {resource.name}": problems
        for resource in rendered(stack).manifests
        if (problems := schemas.problems(resource.inputs))
    }
    assert found == {}


TIERED = {"weir:retention.tiered_storage": {"enabled": True, "local_retention_hours": 12}}


def test_with_tiered_storage_brokers_keep_hours_and_the_bucket_the_rest():
    rendering = rendered_with("prod", TIERED)
    kafka, brokers, controllers = (
        manifest(rendering, kind, name)
        for kind, name in (("Kafka", "kafka"), ("KafkaNodePool", "brokers"), ("KafkaNodePool", "controllers"))
    )
    assert [schemas.problems(entry) for entry in (kafka, brokers, controllers)] == [[], [], []]
    manager = kafka["spec"]["kafka"]["tieredStorage"]["remoteStorageManager"]
    assert manager["config"]["storage.s3.bucket.name"] == "weir-prod"
    assert kafka["metadata"]["annotations"]["weir.io/bucket-encryption"] == "aes256"
    (mount,) = brokers["spec"]["template"]["kafkaContainer"]["volumeMounts"]
    assert manager["classPath"] == f"{mount['mountPath']}/*"
    assert "kafkaContainer" not in controllers["spec"]["template"]
    topic = manifest(rendering, "KafkaTopic", "flights.events")["spec"]["config"]
    assert (topic["remote.storage.enable"], topic["local.retention.ms"]) == ("true", str(12 * 3_600_000))


def test_a_plain_kafka_refuses_tiered_storage():
    with pytest.raises(WeirError, match="not supported by provider plain"):
        rendered_with("prod", {**PLAIN_KAFKA, **TIERED})


@pytest.mark.parametrize(
    "changes", [PLAIN_KAFKA, {"weir:kafka": AIVEN, "weir:prices": AIVEN_PRICES}], ids=["plain", "aiven"]
)
def test_every_manifest_is_valid_with_another_provider_of_kafka(changes: dict[str, Any]):
    found = [
        (resource.name, problems)
        for resource in rendered_with("prod", changes).manifests
        if (problems := schemas.problems(resource.inputs))
    ]
    assert found == []


def paths_of(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The objects below a manifest's spec that are closed: fields of Kubernetes, not a person's own keys."""
    if isinstance(value, dict):
        yield path
        for key, item in value.items():
            yield from paths_of(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from paths_of(item, (*path, index))


OPEN = re.compile(
    r"config$|flinkConfiguration|[lL]abels$|annotations$|data$|requests$|limits$|jvmOptions|-XX|hard$|default"
)


@pytest.mark.parametrize("kind", ["Kafka", "KafkaNodePool", "KafkaTopic", "KafkaUser", "FlinkDeployment", "Deployment"])
def test_a_wrong_field_anywhere_in_a_manifest_is_caught(kind: str):
    original = next(item.inputs for item in rendered("prod").manifests if item.inputs["kind"] == kind)
    mutated = 0
    for path in paths_of(original["spec"], ("spec",)):
        if any(OPEN.search(str(part)) for part in path):
            continue
        broken = copy.deepcopy(original)
        place = broken
        for part in path:
            place = place[part]
        place["weirMisspelt"] = 1
        assert schemas.problems(broken), f"{kind} {path}: an unknown field is not noticed"
        mutated += 1
    assert mutated >= 1


@pytest.mark.parametrize("stack", KUBERNETES_STACKS)
def test_every_object_has_a_pinned_name_an_owner_and_the_right_namespace(stack: str):
    for resource in rendered(stack).manifests:
        metadata = resource.inputs["metadata"]
        assert metadata["name"], resource.urn
        assert metadata["labels"][OWNER_LABEL] == "data-platform", resource.urn
        assert metadata["labels"][ENVIRONMENT_LABEL] == stack, resource.urn


@pytest.mark.parametrize("stack", KUBERNETES_STACKS)
def test_whatever_is_in_the_namespace_comes_after_it(stack: str):
    rendering = rendered(stack)
    resources = {resource.urn: resource for resource in rendering.resources}
    namespace = next(item.urn for item in rendering.manifests if item.inputs["kind"] == "Namespace")

    def before(urn: str) -> set[str]:
        direct = set(resources[urn].dependencies) & set(resources)
        return direct.union(*(before(other) for other in direct)) if direct else set()

    for resource in rendering.manifests:
        if resource.inputs["metadata"].get("namespace") == rendering.resources[0].inputs.get("metadata", {}).get(
            "name"
        ):
            continue
        if resource.inputs["metadata"].get("namespace"):
            assert namespace in before(resource.urn), resource.urn


@pytest.mark.parametrize("stack", KUBERNETES_STACKS)
def test_a_job_starts_after_its_topics_schemas_and_users(stack: str):
    resources = {resource.urn: resource for resource in rendered(stack).resources}
    job = next(item for item in rendered(stack).manifests if item.inputs["kind"] == "FlinkDeployment")
    # The operators' charts, which it also comes after, are no objects of Kubernetes.
    before = [resources[urn].inputs for urn in job.dependencies if "kind" in resources[urn].inputs]
    kinds = {
        (entry["kind"], entry["metadata"]["name"].removesuffix("-" + entry["metadata"]["name"].rpartition("-")[2]))
        for entry in before
    }
    names = {entry["metadata"]["name"] for entry in before}
    assert {"flights.events", "flights.dead-letters", "weir-flights", "kafka", "flink", "registry"} <= names
    assert ("Job", "registry-schemas") in kinds


@pytest.mark.parametrize(("stack", "kept"), [("dev", False), ("staging", True), ("prod", True)])
def test_data_is_protected_and_outlives_the_stack_outside_development(stack: str, kept: bool):
    kinds = {"Kafka", "KafkaNodePool", "KafkaTopic", "FlinkDeployment", "Namespace"}
    holders = [
        resource
        for resource in rendered(stack).manifests
        if resource.inputs["kind"] in kinds and not resource.name.endswith("-operators")
    ]
    assert {resource.inputs["kind"] for resource in holders} == kinds
    assert {(resource.protect, resource.retain_on_delete) for resource in holders} == {(kept, kept)}


def test_no_secret_is_in_a_rendering_outside_secrets():
    canary = "canary-9c2e"
    settings = {
        **settings_of("dev"),
        "weir:superset_secret_key": {"secure": canary},
        "weir:kafka": {"provider": "plain"},
    }
    rendering = rendered_from("dev", settings)
    assert canary not in "".join(rendering.files().values())
    secrets = [resource.inputs for resource in rendering.manifests if resource.inputs["kind"] == "Secret"]
    assert secrets
    assert {
        value for secret in secrets for value in {**secret.get("stringData", {}), **secret.get("data", {})}.values()
    } == {SECRET}


def test_the_embedded_stack_makes_nothing_in_a_cluster():
    assert rendered("local").resources == ()


def test_two_renderings_are_the_same_byte_for_byte():
    again = render_again("prod")
    assert rendered("prod").files() == again


def render_again(stack: str) -> dict[str, str]:

    return render(STACKS / f"Pulumi.{stack}.yaml").files()


def test_files_are_one_for_each_object_and_the_index_gives_their_order(tmp_path: Path):
    rendering = rendered("dev")
    paths = write(rendering, tmp_path / "out")
    order = (tmp_path / "out" / INDEX).read_text().splitlines()
    assert [str(path.relative_to(tmp_path / "out")) for path in paths] == order
    assert len(order) == len([resource for resource in rendering.resources if resource.custom])
    assert order.index("weir-dev/kafka.kafka.yaml") < order.index("weir-dev/kafkatopic.flights.events.yaml")
    text = (tmp_path / "out" / "weir-dev" / "kafkatopic.flights.events.yaml").read_text()
    assert yaml.safe_load(text) == manifest(rendering, "KafkaTopic", "flights.events")
    assert text.startswith("apiVersion: kafka.strimzi.io/v1\nkind: KafkaTopic\nmetadata:\n")


def test_a_rendering_takes_the_place_of_an_older_one_and_of_nothing_else(tmp_path: Path):
    write(rendered("dev"), tmp_path / "out")
    write(rendered("staging"), tmp_path / "out")
    assert not (tmp_path / "out" / "weir-dev" / "kafka.kafka.yaml").exists()
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "mine.txt").touch()
    with pytest.raises(WeirError, match="not empty"):
        write(rendered("dev"), foreign)


def test_another_process_gets_the_same_resources():
    resources = rendered("dev").resources
    assert from_json(to_json(resources)) == resources


def test_settings_reach_the_program_as_pulumi_hands_them_over():
    settings = {"weir:environment": "dev", "weir:pipelines": ["a"], "weir:x": {"b": True}, "weir:s": {"secure": "v1:"}}
    assert pulumi_settings(settings) == {
        "weir:environment": "dev",
        "weir:pipelines": '["a"]',
        "weir:x": '{"b": true}',
        "weir:s": "",
    }


def test_a_setting_that_nobody_knows_is_refused_by_the_program():
    with pytest.raises(ConfigError, match="paralelism: unknown field"):
        rendered_with("dev", {"weir:paralelism": 3})
