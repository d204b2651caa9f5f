"""Signed images: what cosign is asked, in which order, and what is refused before and after."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.renderings import DIGESTS, settings_of
from typer.testing import CliRunner, Result

from weir.cli.images import commands
from weir.cli.promote import commands as promotion
from weir.config import versions
from weir.config.image_references import image_reference
from weir.config.images import ImageName, ImagesConfig
from weir.config.stack import load_stack
from weir.config.yaml_text import written

pytestmark = pytest.mark.unit

OWN = ("flink-job", "superset", "weir-jobs")
FORMAT = "--new-bundle-format=false"
RECORDER = """#!/bin/sh
if [ "$1" = version ]; then echo "GitVersion:    $SAYS"; exit; fi
echo "$*" >> "$RECORD"
if echo "$*" | grep -qF -- "${REFUSES:-nothing}"; then
  printf '%s\\n' "WARNING: tlog" "Error: no matching attestations: wrong key" \\
    "error during command execution: no matching attestations: wrong key" >&2
  exit 1
fi
"""


@dataclass(frozen=True)
class Bench:
    """A repository of stack files, a key, bills, and a cosign that writes down what it is asked."""

    folder: Path

    def write(self, stack: str, images: dict[str, Any]) -> Path:
        file = self.folder / f"Pulumi.{stack}.yaml"
        file.write_text(written({"config": settings_of(stack) | {"weir:images": images}}))
        return file

    def bill(self, name: str, document: Any) -> Path:
        path = self.folder / "bills" / f"{name}.cdx.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(document))
        return path

    @property
    def asked(self) -> list[str]:
        record = self.folder / "record"
        return record.read_text().splitlines() if record.exists() else []

    def sign(self, file: Path, *more: str) -> Result:
        return self.run("sign", str(file), "--key", str(self.folder / "cosign.key"), *more)

    def run(self, *command: str) -> Result:
        return CliRunner().invoke(commands, [*command])


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    program = tmp_path / "bin" / "cosign"
    program.parent.mkdir()
    program.write_text(RECORDER)
    program.chmod(0o755)
    for name in ("cosign.key", "cosign.pub"):
        (tmp_path / name).touch()
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    monkeypatch.delenv("COSIGN", raising=False)
    for name, value in (("RECORD", f"{tmp_path}/record"), ("SAYS", "v3.0.2"), ("COSIGN_PASSWORD", "canary")):
        monkeypatch.setenv(name, value)
    made = Bench(tmp_path)
    for image in ImageName:
        made.bill(image.value, {"bomFormat": "CycloneDX"})
    return made


def reference(name: str, **images: Any) -> str:
    return image_reference(ImagesConfig.model_validate({"digests": DIGESTS, **images}), ImageName(name))


def questions(references: list[str], key: str, transport: str = "") -> list[str]:
    """What cosign is asked about each image."""
    options = f"{transport}{FORMAT} --insecure-ignore-tlog=true --key {key}"
    return [
        f"{question} {image}"
        for image in references
        for question in (f"verify {options}", f"verify-attestation {options} --type cyclonedx")
    ]


def test_own_images_are_signed_by_digest_and_get_their_bills(bench: Bench) -> None:
    result = bench.sign(bench.write("dev", {"digests": DIGESTS}), "--bills", str(bench.folder / "bills"))
    options = f"{FORMAT} --use-signing-config=false --tlog-upload=false --yes --key {bench.folder}/cosign.key"
    assert bench.asked == [
        line
        for name in OWN
        for line in (
            f"sign {options} {reference(name)}",
            f"attest {options} --replace --type cyclonedx --predicate {bench.folder}/bills/{name}.cdx.json "
            f"{reference(name)}",
        )
    ]
    assert all("@sha256:" in line for line in bench.asked)
    assert result.exit_code == 0
    assert result.output.splitlines() == [f"{name}: signed, with its SBOM  {reference(name)}" for name in OWN]


def test_the_password_is_in_the_environment_and_nowhere_else(bench: Bench) -> None:
    result = bench.sign(bench.write("dev", {"digests": DIGESTS}), "--bills", str(bench.folder / "bills"))
    assert "canary" not in "".join(bench.asked) + result.output


def test_below_a_registry_of_ones_own_every_image_is_ones_own(bench: Bench) -> None:
    images = {"digests": DIGESTS, "registry_prefix": "registry.example.com/weir"}
    bench.run("verify", str(bench.write("dev", images)), "--key", f"{bench.folder}/cosign.pub", "--plain-http")
    names = (*OWN, "postgresql", "registry", "trino", "valkey")
    references = [reference(name, registry_prefix="registry.example.com/weir") for name in sorted(names)]
    assert bench.asked == questions(references, f"{bench.folder}/cosign.pub", "--allow-http-registry ")


def test_an_image_by_tag_is_neither_signed_nor_verified(bench: Bench) -> None:
    some = {name: digest for name, digest in DIGESTS.items() if name not in {"superset", "trino"}}
    file = bench.write("dev", {"digests": some})
    for result in (
        bench.sign(file, "--bills", str(bench.folder / "bills")),
        bench.run("verify", str(file), "--key", f"{bench.folder}/cosign.pub"),
    ):
        assert result.exit_code == 1
        assert str(result.exception) == (
            "images.digests: superset missing, and only digests are signed; run `weir images pin dev`"
        )
    assert bench.asked == []


@pytest.mark.parametrize(
    ("refuses", "faults"),
    [
        ("", {}),
        ("verify --new", dict.fromkeys(OWN, "signature")),
        ("--type cyclonedx", dict.fromkeys(OWN, "SBOM")),
        (f"--type cyclonedx {reference('superset')}", {"superset": "SBOM"}),
        (f".pub {reference('flink-job')}", {"flink-job": "signature"}),
    ],
)
def test_verification_names_each_image_and_what_it_lacks(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, refuses: str, faults: dict[str, str]
) -> None:
    monkeypatch.setenv("REFUSES", refuses)
    file = bench.write("dev", {"digests": DIGESTS, "signature_key_file": "cosign.pub"})
    result = bench.run("verify", str(file))
    said = {name: f"{what} not verified (no matching attestations: wrong key)" for name, what in faults.items()}
    assert result.output.splitlines() == [
        f"{name}: {said.get(name, 'signature and SBOM verified')}  {reference(name)}" for name in OWN
    ]
    assert result.exit_code == bool(faults)
    if faults:
        assert str(result.exception) == (
            f"not verified with {bench.folder}/cosign.pub: {', '.join(faults)}; "
            "if you built them, `weir images sign` signs them"
        )


def test_what_cosign_refuses_to_sign_is_an_error_in_its_words(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFUSES", "attest")
    result = bench.sign(bench.write("dev", {"digests": DIGESTS}), "--bills", str(bench.folder / "bills"))
    assert str(result.exception) == (
        f"`cosign attest` of {reference('flink-job')} failed: no matching attestations: wrong key"
    )
    assert len(bench.asked) == 2


def test_nothing_is_signed_before_all_bills_are_there(bench: Bench) -> None:
    file, bills = bench.write("dev", {"digests": DIGESTS}), bench.folder / "bills"
    bench.bill("superset", {"spdxVersion": "SPDX-2.3"})
    assert "superset.cdx.json: no CycloneDX document in JSON" in str(bench.sign(file, "--bills", str(bills)).exception)
    (bills / "superset.cdx.json").unlink()
    assert str(bench.sign(file, "--bills", str(bills)).exception).startswith(
        f"{bills}: superset.cdx.json missing; `weir images build --bills {bills}` writes those of "
    )
    assert bench.asked == []


def test_a_key_needs_its_file_and_its_password_unless_it_is_elsewhere(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, bills = str(bench.write("dev", {"digests": DIGESTS})), ("--bills", str(bench.folder / "bills"))
    monkeypatch.delenv("COSIGN_PASSWORD")
    assert str(bench.sign(Path(file), *bills).exception).startswith("COSIGN_PASSWORD: not set; export")
    assert "--key lost.key: no such file" in str(bench.run("sign", file, "--key", "lost.key", *bills).exception)
    assert "--key: lost.pub does not exist" in str(bench.run("verify", file, "--key", "lost.pub").exception)
    assert "images.signature_key_file: not set for dev" in str(bench.run("verify", file).exception)
    assert bench.asked == []
    assert bench.run("sign", file, "--key", "awskms:///alias/weir", *bills).exit_code == 0
    assert bench.run("verify", file, "--key", "awskms:///alias/weir").exit_code == 0


@pytest.mark.parametrize("says", ["v2.6.1", "v33.0.0", "devel"])
def test_another_major_version_of_cosign_is_refused(bench: Bench, monkeypatch: pytest.MonkeyPatch, says: str) -> None:
    monkeypatch.setenv("SAYS", says)
    file = bench.write("dev", {"digests": DIGESTS, "signature_key_file": "cosign.pub"})
    refused = str(bench.run("verify", str(file)).exception)
    assert (
        f"cosign: it says {says.replace('devel', 'no version')}, and weir needs version 3; install cosign 3" in refused
    )
    assert bench.asked == []


def test_a_missing_cosign_is_named_with_the_way_to_get_it(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    file = bench.write("dev", {"digests": DIGESTS, "signature_key_file": "cosign.pub"})
    monkeypatch.setenv("PATH", str(bench.folder))
    assert str(bench.run("verify", str(file)).exception) == (
        "cosign: not found on PATH; install cosign 3 (tested: "
        f"{versions.COSIGN}) from https://github.com/sigstore/cosign/releases, or with "
        f"`go install github.com/sigstore/cosign/v3/cmd/cosign@v{versions.COSIGN}`, or name the program with "
        "COSIGN=/path/to/cosign"
    )
    monkeypatch.setenv("COSIGN", str(bench.folder / "bin" / "cosign"))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    assert bench.run("verify", str(file)).exit_code == 0


@pytest.fixture
def promoting(bench: Bench) -> Path:
    """The file of staging, which is about to take dev's images."""
    bench.write("dev", {"digests": {name: DIGESTS[name] for name in (*OWN, "trino")}})
    return bench.write("staging", {"signature_key_file": "cosign.pub"})


def test_a_promotion_lets_in_images_that_the_stacks_key_signed(bench: Bench, promoting: Path) -> None:
    result = CliRunner().invoke(promotion, [str(promoting)])
    assert result.exit_code == 0, result.output
    assert load_stack(promoting).images.digests.keys() == {*OWN, "trino"}
    assert bench.asked == questions([reference(name) for name in OWN], f"{bench.folder}/cosign.pub")


def test_a_promotion_without_news_asks_nothing(bench: Bench, promoting: Path) -> None:
    for _ in range(2):
        assert CliRunner().invoke(promotion, [str(promoting)]).exit_code == 0
    assert len(bench.asked) == 2 * len(OWN)


def test_an_image_that_gets_its_digest_later_is_no_hindrance(bench: Bench, promoting: Path) -> None:
    bench.write("dev", {"digests": {"superset": DIGESTS["superset"]}})
    assert CliRunner().invoke(promotion, [str(promoting)]).exit_code == 0
    assert bench.asked == questions([reference("superset")], f"{bench.folder}/cosign.pub")


def test_a_promotion_refuses_an_image_without_a_signature_or_bill(
    bench: Bench, promoting: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = promoting.read_text()
    monkeypatch.setenv("REFUSES", f"cyclonedx {reference('weir-jobs')}")
    result = CliRunner().invoke(promotion, [str(promoting)])
    assert str(result.exception) == (
        "images.signature_key_file: staging takes only images signed by it. weir-jobs: SBOM not verified (no "
        "matching attestations: wrong key). Sign them where they were built: `weir images sign dev`"
    )
    assert promoting.read_text() == before


def test_what_ci_built_comes_into_the_first_environment_unsigned(bench: Bench) -> None:
    file = bench.write("dev", {"signature_key_file": "cosign.pub"})
    result = CliRunner().invoke(promotion, [str(file), "--digest", f"flink-job={DIGESTS['flink-job']}"])
    assert result.exit_code == 0
    assert bench.asked == []
