"""The images' definitions: complete, minimal, and the same however they are built."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import cast

import pytest

from weir.config.errors import ConfigError, WeirError
from weir.config.images import ImageName
from weir.config.repository import REPOSITORY
from weir.toolchain.images import library
from weir.toolchain.images.bill import Component, bill, debian_packages
from weir.toolchain.images.build import Builder, account_files, image_config, index_of
from weir.toolchain.images.build import BuiltImage as Built
from weir.toolchain.images.definition import Account, load_bases, load_images
from weir.toolchain.images.layers import Layer, LayerStore, Owner, write_tree
from weir.toolchain.images.sources import Sources, compile_python

pytestmark = pytest.mark.unit
IMAGES = load_images(REPOSITORY / "images")
BASES = load_bases(REPOSITORY / "images")


def test_every_image_but_the_one_of_github_releases_has_a_definition() -> None:
    assert set(IMAGES) == set(ImageName) - {ImageName.KAFKA_TIERED_STORAGE}


def test_the_plain_profile_needs_no_container_engine() -> None:
    assert library.needing_engine(REPOSITORY) == [ImageName.LOADER]  # of Strimzi alone


def test_an_image_on_somebodys_image_is_not_built_without_an_engine(tmp_path: Path) -> None:
    with pytest.raises(WeirError, match="can only be built with a container engine"):
        Builder(LayerStore(tmp_path), cast("Sources", None), BASES).base("strimzi-kafka", lambda _: None)


def test_an_image_on_somebodys_image_has_no_folders_and_links(tmp_path: Path) -> None:
    (tmp_path / "bases.yaml").write_text((REPOSITORY / "images" / "bases.yaml").read_text())
    (tmp_path / "loader").mkdir()
    text = (REPOSITORY / "images" / "loader" / "image.yaml").read_text()
    (tmp_path / "loader" / "image.yaml").write_text(f"{text}folders: [/opt/kafka/logs]\n")
    with pytest.raises(ConfigError, match="no command is run in strimzi-kafka"):
        load_images(tmp_path)


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_runs_as_somebody_and_never_as_root(name: ImageName) -> None:
    user = image_config(IMAGES[name], [])["config"]["User"]
    assert all(int(part) > 0 for part in user.split(":"))


def test_a_definition_with_two_sources_for_a_part_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bases.yaml").write_text((REPOSITORY / "images" / "bases.yaml").read_text())
    folder = tmp_path / "kafka"
    folder.mkdir()
    text = (REPOSITORY / "images" / "kafka" / "image.yaml").read_text()
    (folder / "image.yaml").write_text(text.replace("{tool: kafka,", "{tool: kafka, own: bin,"))
    with pytest.raises(ConfigError, match="tool, own; set exactly one of"):
        load_images(tmp_path)


def test_a_layer_is_made_once_and_its_bytes_follow_from_its_content(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "bin").mkdir(parents=True)
    (source / "bin" / "run").write_text("#!/bin/sh\n")
    (source / "bin" / "run").chmod(0o700)
    (source / "notes.txt").write_text("left out")
    made = []

    def write(target: Path) -> None:
        made.append(target)
        write_tree(target, source, "/opt/x", without=["*.txt"], owner=Owner(7, 8))

    first = LayerStore(tmp_path / "one").layer("key", write)
    store = LayerStore(tmp_path / "two")
    assert store.layer("key", write) == store.layer("key", write) == first
    assert len(made) == 2
    with tarfile.open(store.path(first)) as archive:
        entries = {entry.name: entry for entry in archive}
    assert set(entries) == {"opt/x", "opt/x/bin", "opt/x/bin/run"}
    run = entries["opt/x/bin/run"]
    assert (run.mode, run.uid, run.gid, run.mtime) == (0o755, 7, 8, 0)


def test_modules_have_bytecode_that_is_taken_without_a_look_at_their_dates(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    module = tmp_path / "package" / "module.py"
    module.write_text("def fail():\n    raise ValueError\n")
    (tmp_path / "template.py").write_text("{% not Python %}\n")
    compile_python(tmp_path, "/opt/x")
    (compiled,) = tmp_path.rglob("*.pyc")
    content = compiled.read_bytes()
    assert content[4:8] == (1).to_bytes(4, "little"), "not PEP 552's unchecked hash"
    assert b"/opt/x/package/module.py" in content
    assert str(tmp_path).encode() not in content


def test_an_account_takes_the_place_of_a_packages_own_with_its_number() -> None:
    files = dict(
        account_files(
            Account(name="weir", id=999, home="/opt/weir"), "root:x:0:0::/:/bin/sh\nold:x:999:9::/:/", "old:x:999:"
        )
    )
    assert files["/etc/passwd"].decode() == "root:x:0:0::/:/bin/sh\nweir:x:999:999::/opt/weir:/usr/sbin/nologin\n"
    assert files["/etc/group"].decode() == "weir:x:999:\n"


def test_an_index_names_each_image_as_pods_call_it() -> None:
    layer = Layer("0" * 64, 1)
    index = json.loads(index_of([Built("weir.local/apache/kafka:4.3.1", layer, (), layer, Path("bill"))]))
    (entry,) = index["manifests"]
    assert entry["annotations"]["io.containerd.image.name"] == "weir.local/apache/kafka:4.3.1"


def test_a_bill_lists_installed_packages_and_follows_from_its_parts() -> None:
    status = (
        "Package: dash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 0.5.12-2\n\n"
        "Package: gone\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 1\n"
    )
    parts = list(debian_packages(status))
    assert parts == [Component("pkg:deb/debian/dash@0.5.12-2?arch=amd64", "dash", "0.5.12-2")]
    document = bill("title", "weir.local/x:1", "Apache-2.0", parts)
    assert document == bill("title", "weir.local/x:1", "Apache-2.0", parts)
    assert json.loads(document)["components"][0]["purl"] == parts[0].url
