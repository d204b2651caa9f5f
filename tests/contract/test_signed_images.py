"""Images in a real registry, signed and verified by the real cosign with key pairs."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.cluster import programs
from tests.ports import free_port
from tests.renderings import settings_of
from tests.waiting import wait_until
from typer.testing import CliRunner, Result

from weir.cli.images import commands
from weir.cli.promote import commands as promotion
from weir.clients.cosign import Cosign
from weir.config.images import ImageName
from weir.config.repository import REPOSITORY
from weir.config.stack import load_stack
from weir.config.yaml_text import written
from weir.toolchain.images.bill import Component, bill
from weir.toolchain.images.build import MANIFEST, image_config, image_manifest
from weir.toolchain.images.definition import ImageDefinition, load_images
from weir.toolchain.images.layers import Layer, LayerStore, write_entries

# cosign is compiled: nine minutes on two busy cores.
pytestmark = [pytest.mark.contract, pytest.mark.long, pytest.mark.timeout(3600)]
OWN = (ImageName.FLINK_JOB, ImageName.SUPERSET, ImageName.WEIR_JOBS)
DEFINITIONS = load_images(REPOSITORY / "images")
PARTS = [Component("pkg:pypi/weir@0.1.0", "weir", "0.1.0")]


@dataclass(frozen=True)
class Images:
    """A registry, and the folder of stack files, keys and bills."""

    folder: Path
    registry: str

    def push(self, name: ImageName, content: bytes) -> str:
        """An image of weir's with one file in its only layer; its digest."""
        store = LayerStore(self.folder / "store")
        definition = DEFINITIONS[name]
        files = [("/content", content)]
        layers = [store.layer(f"{name} {content!r}", lambda target: write_entries(target, files=files))]
        return push(store, definition, layers, f"http://{self.registry}/v2/weir/{name.value}")

    def stack(self, name: str, digests: dict[ImageName, str], **images: Any) -> Path:
        file = self.folder / f"Pulumi.{name}.yaml"
        settings = {"own_registry": f"{self.registry}/weir", "digests": {n.value: d for n, d in digests.items()}}
        file.write_text(written({"config": settings_of(name) | {"weir:images": settings | images}}))
        return file

    def sign(self, file: Path) -> Result:
        options = ["--key", f"{self.folder}/own.key", "--bills", f"{self.folder}/bills"]
        return CliRunner().invoke(commands, ["sign", str(file), *options])

    def verify(self, file: Path, key: str = "own.pub") -> Result:
        return CliRunner().invoke(commands, ["verify", str(file), "--key", f"{self.folder}/{key}"])


def push(store: LayerStore, definition: ImageDefinition, layers: list[Layer], repository: str) -> str:
    config = store.keep(json.dumps(image_config(definition, layers)).encode())
    manifest = store.keep(json.dumps(image_manifest(definition, config, layers)).encode())
    with httpx.Client(base_url=repository) as client:
        for blob in (config, *layers):
            begun = client.post(f"{repository}/blobs/uploads/").raise_for_status()
            client.put(
                begun.headers["Location"],
                params={"digest": f"sha256:{blob.digest}"},
                content=store.path(blob).read_bytes(),
            ).raise_for_status()
        client.put(
            f"{repository}/manifests/latest",
            content=store.path(manifest).read_bytes(),
            headers={"Content-Type": MANIFEST},
        ).raise_for_status()
    return f"sha256:{manifest.digest}"


@pytest.fixture(scope="module")
def programs_folder() -> Path:
    return programs.ensure("cosign")["cosign"]


@pytest.fixture(scope="module")
def registry(programs_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    log = tmp_path_factory.mktemp("registry") / "registry.log"
    with log.open("wb") as stream:
        command = [programs_folder / "registry", "-port", str(port)]
        process = subprocess.Popen(command, stdout=stream, stderr=subprocess.STDOUT)
    try:
        wait_until("the registry", lambda: b"serving on port" in log.read_bytes(), 60)
        yield f"localhost:{port}"
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def images(registry: str, programs_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Images:
    """Two key pairs, and a bill for each image."""
    monkeypatch.setenv("PATH", str(programs_folder), prepend=":")
    monkeypatch.delenv("COSIGN", raising=False)
    monkeypatch.setenv("COSIGN_PASSWORD", "the key's password")
    # No login of the developer's, and no trust that an earlier run kept.
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    for pair in ("own", "stranger"):
        subprocess.run(["cosign", "generate-key-pair", "--output-key-prefix", pair], cwd=tmp_path, check=True)
    (tmp_path / "bills").mkdir()
    for name in OWN:
        title, licenses = DEFINITIONS[name].title, DEFINITIONS[name].licenses
        (tmp_path / "bills" / f"{name.value}.cdx.json").write_bytes(bill(title, name.value, licenses, PARTS))
    return Images(tmp_path, registry)


@pytest.fixture
def signed(images: Images) -> dict[ImageName, str]:
    """The digests of three images with signatures and bills, which no other test has."""
    digests = {name: images.push(name, str(images.folder).encode()) for name in OWN}
    result = images.sign(images.stack("dev", digests))
    assert result.exit_code == 0, result.exception
    return digests


def test_signed_images_are_verified_by_their_key_and_no_other(images: Images, signed: dict[ImageName, str]) -> None:
    file = images.stack("dev", signed)
    good, stranger = images.verify(file), images.verify(file, "stranger.pub")
    assert good.exit_code == 0, good.output
    assert [line.partition("  ")[0] for line in good.output.splitlines()] == [
        f"{name.value}: signature and SBOM verified" for name in OWN
    ]
    assert stranger.exit_code == 1
    assert "flink-job, superset, weir-jobs" in str(stranger.exception)
    assert stranger.output.count("signature not verified") == stranger.output.count("SBOM not verified") == len(OWN)


def test_signing_again_leaves_one_signature_and_one_bill(images: Images, signed: dict[ImageName, str]) -> None:
    assert images.sign(images.stack("dev", signed)).exit_code == 0
    digest = signed[ImageName.WEIR_JOBS].replace(":", "-")
    manifests = f"http://{images.registry}/v2/weir/weir-jobs/manifests"
    for suffix in ("sig", "att"):
        assert len(httpx.get(f"{manifests}/{digest}.{suffix}").raise_for_status().json()["layers"]) == 1, suffix


def test_another_digest_of_a_signed_image_is_unsigned(images: Images, signed: dict[ImageName, str]) -> None:
    other = images.push(ImageName.SUPERSET, b"another content of " + str(images.folder).encode())
    assert other != signed[ImageName.SUPERSET]
    result = images.verify(images.stack("dev", signed | {ImageName.SUPERSET: other}))
    assert result.exit_code == 1
    assert [line.split(":")[0] for line in result.output.splitlines() if "signature not verified" in line] == [
        "superset"
    ]
    assert str(result.exception).startswith(f"not verified with {images.folder}/own.pub: superset; ")


def test_a_bill_is_no_signature_and_a_signature_no_bill(images: Images) -> None:
    cosign = Cosign(str(shutil.which("cosign")), os.environ)
    own = str(images.folder / "own.key")
    with_bill, with_signature = (
        f"{images.registry}/weir/{name.value}@{images.push(name, b'half of ' + str(images.folder).encode())}"
        for name in OWN[:2]
    )
    cosign.attach_bill(with_bill, own, images.folder / "bills" / "flink-job.cdx.json")
    cosign.sign(with_signature, own)
    public = str(images.folder / "own.pub")
    refusals = {
        image: (bool(cosign.refusal_of_signature(image, public)), bool(cosign.refusal_of_bill(image, public)))
        for image in (with_bill, with_signature)
    }
    assert refusals == {with_bill: (True, False), with_signature: (False, True)}


def test_the_attached_bill_is_the_one_that_was_given(images: Images, signed: dict[ImageName, str]) -> None:
    image = f"{images.registry}/weir/weir-jobs@{signed[ImageName.WEIR_JOBS]}"
    options = [
        "--new-bundle-format=false",
        "--insecure-ignore-tlog=true",
        "--key",
        f"{images.folder}/own.pub",
        "--type",
        "cyclonedx",
    ]
    told = subprocess.run(
        ["cosign", "verify-attestation", *options, image], check=True, capture_output=True, text=True
    ).stdout
    statement = json.loads(base64.b64decode(json.loads(told)["payload"]))
    assert statement["predicate"] == json.loads((images.folder / "bills" / "weir-jobs.cdx.json").read_text())
    assert statement["subject"][0]["digest"]["sha256"] == signed[ImageName.WEIR_JOBS].removeprefix("sha256:")


def test_a_wrong_password_signs_nothing(images: Images, monkeypatch: pytest.MonkeyPatch) -> None:
    file = images.stack("dev", {name: images.push(name, b"never signed") for name in OWN})
    monkeypatch.setenv("COSIGN_PASSWORD", "another one")
    result = images.sign(file)
    assert result.exit_code == 1
    assert "decryption failed" in str(result.exception)
    assert images.verify(file).output.count("signature not verified") == len(OWN)


def test_a_promotion_takes_what_the_stacks_key_signed(images: Images, signed: dict[ImageName, str]) -> None:
    images.stack("dev", signed)
    own, stranger = ({"signature_key_file": f"{pair}.pub"} for pair in ("own", "stranger"))
    refused = CliRunner().invoke(promotion, [str(images.stack("staging", {}, **stranger))])
    assert "staging takes only images signed by it. flink-job: signature not verified" in str(refused.exception)
    file = images.stack("staging", {}, **own)
    taken = CliRunner().invoke(promotion, [str(file)])
    assert taken.exit_code == 0, taken.exception
    assert load_stack(file).images.digests == signed
