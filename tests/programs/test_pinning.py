"""Images by digest: a protected stack runs nothing else, and a command asks the registries for what is missing."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.doctor import http_server
from tests.programs.test_streams_workloads import environment_of, whole
from tests.renderings import DIGESTS, PLAIN, REPOSITORY, rendered, rendered_with, settings_of
from typer.testing import CliRunner

from weir.catalog.environment import Environment, load_environment
from weir.cli.images import commands
from weir.config.errors import ConfigError, WeirError
from weir.config.image_references import image_reference
from weir.config.images import ImageName, ImagesConfig
from weir.config.stack import StackConfig, load_stack
from weir.config.yaml_text import written
from weir.programs.guard import require_digests
from weir.programs.pinning import images_used, missing_digests, pinned
from weir.programs.recording import Recorded

pytestmark = pytest.mark.unit

PIPELINES = REPOSITORY / "pipelines"
MANIFEST = {"schemaVersion": 2}
DIGEST = f"sha256:{hashlib.sha256(json.dumps(MANIFEST).encode()).hexdigest()}"
TIERED = {"weir:retention.tiered_storage": {"enabled": True}}


def environment(stack: str, changes: Mapping[str, Any] | None = None) -> Environment:
    settings = {name.removeprefix("weir:"): value for name, value in settings_of(stack).items()}
    for path, value in (changes or {}).items():
        group, _, field = path.removeprefix("weir:").partition(".")
        settings[group] = {**settings.get(group, {}), field: value}
    return load_environment(PIPELINES, StackConfig.model_validate(settings))


def images_in(resources: list[Recorded]) -> list[ImageName]:
    """Whatever stands in a manifest as an image, or as an image's repository."""
    texts = {text for entry in resources for text in strings(entry.inputs)}
    references = {name: image_reference(ImagesConfig(), name) for name in ImageName}
    return sorted(name for name, reference in references.items() if {reference, reference.rpartition(":")[0]} & texts)


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value.partition("@")[0]
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from strings(item)


@pytest.mark.parametrize(("stack", "changes"), [("dev", {}), ("prod", {}), ("dev", PLAIN), ("prod", TIERED)])
def test_the_images_of_an_environment_are_those_of_its_manifests(stack: str, changes: dict[str, Any]) -> None:
    made = rendered_with(stack, changes) if changes else rendered(stack)
    assert images_used(environment(stack, changes)) == images_in(made.manifests)


def test_kafka_streams_runs_images_of_its_own() -> None:
    production = environment_of(load_stack(REPOSITORY / "stacks" / "Pulumi.prod.yaml"))
    assert images_used(production) == images_in(list(whole().values()))
    assert {ImageName.STREAMS, ImageName.LOADER} < set(images_used(production))


def test_a_protected_environment_names_each_image_that_has_a_tag() -> None:
    some = {name: digest for name, digest in DIGESTS.items() if name not in {"trino", "registry"}}
    assert missing_digests(environment("prod", {"images.digests": some})) == (
        "images.digests: registry, trino missing, and only images by digest may run here; pin them in staging first, "
        "run `weir promote prod`, and then `weir images pin prod` for those that run here alone"
    )
    assert missing_digests(environment("prod", {"images.digests": DIGESTS})) == ""


def test_a_development_environment_runs_tags_unless_it_says_otherwise() -> None:
    assert missing_digests(environment("dev")) == ""
    assert missing_digests(environment("dev", {"images.require_digests": True})).endswith("run `weir images pin dev`")


def test_an_update_stops_before_anything_is_made_and_a_rendering_goes_on() -> None:
    with pytest.raises(ConfigError, match=r"stack prod.*\n.*images\.digests: flink-job, postgresql, registry"):
        require_digests(environment("prod"))
    require_digests(environment("dev"))
    assert rendered("prod").manifests


@pytest.fixture
def stacks(tmp_path: Path) -> Path:
    for name in ("dev", "staging", "prod"):
        shutil.copy(REPOSITORY / "stacks" / f"Pulumi.{name}.yaml", tmp_path)
    return tmp_path


def test_the_command_writes_what_the_registry_serves_and_asks_once(stacks: Path) -> None:
    file = stacks / "Pulumi.dev.yaml"
    with http_server.running(lambda *_: http_server.Answer(200, MANIFEST)) as server:
        settings = settings_of("dev") | {"weir:images": {"registry_prefix": server.host}}
        file.write_text(written({"config": settings}))
        command = ["pin", str(file), "--plain-http"]
        dry = CliRunner().invoke(commands, [*command, "--dry-run"])
        assert load_stack(file).images.digests == {}
        first, second = CliRunner().invoke(commands, command), CliRunner().invoke(commands, command)
    used = images_used(environment("dev"))
    assert load_stack(file).images.digests == dict.fromkeys(used, DIGEST)
    assert len(server.requests) == 2 * len(used)
    assert f"GET /v2/trinodb/trino/manifests/{image_reference(ImagesConfig(), ImageName.TRINO).rpartition(':')[2]}" in (
        server.requests
    )
    assert f"trino: by tag -> {DIGEST}" in dry.output
    assert "is updated" in first.output
    assert "every image of Pulumi.dev.yaml has a digest" in second.output


def test_an_environment_that_takes_images_from_another_has_to_promote_them(stacks: Path) -> None:
    with pytest.raises(WeirError, match="prod only takes images that have run in staging: flink-job"):
        pinned(stacks / "Pulumi.prod.yaml", PIPELINES, lambda _: DIGEST)


def test_an_image_that_runs_in_one_environment_alone_is_pinned_there(stacks: Path) -> None:
    file = stacks / "Pulumi.prod.yaml"
    promoted = {name.value: DIGESTS[name] for name in images_used(environment("staging"))}
    settings: dict[str, Any] = settings_of("prod") | {"weir:images": {"digests": promoted}}
    settings["weir:retention"] = settings["weir:retention"] | {"tiered_storage": {"enabled": True}}
    file.write_text(written({"config": settings}))
    pins = pinned(file, PIPELINES, lambda _: DIGEST)
    assert pins.added == {ImageName.KAFKA_TIERED_STORAGE: DIGEST}
    file.write_text(pins.text)
    assert load_stack(file).images.digests == promoted | {"kafka-tiered-storage": DIGEST}


def test_a_registry_that_does_not_answer_leaves_the_file_as_it_was(stacks: Path) -> None:
    file = stacks / "Pulumi.dev.yaml"
    with http_server.running(lambda *_: http_server.Answer(200)) as server:
        settings = settings_of("dev") | {"weir:images": {"registry_prefix": server.host}}
    file.write_text(written({"config": settings}))
    before = file.read_text()
    result = CliRunner().invoke(commands, ["pin", str(file), "--plain-http"])
    assert isinstance(result.exception, WeirError)
    assert "is as it was" in str(result.exception)
    assert file.read_text() == before
