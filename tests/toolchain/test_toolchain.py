"""Finding a JDK, reading versions, unpacking, and saying what went wrong."""

from __future__ import annotations

import errno
import io
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from weir.config.errors import WeirError
from weir.config.repository import REPOSITORY
from weir.toolchain import fetch, toolchain
from weir.toolchain.java import find_jdk17
from weir.toolchain.toolchain import cache_folder

pytestmark = pytest.mark.unit


def jdk(home: Path, version: str, *programs: str) -> Path:
    (home / "bin").mkdir(parents=True)
    for name in programs or ("java", "javac"):
        (home / "bin" / name).write_text("#!/bin/sh\n")
        (home / "bin" / name).chmod(0o755)
    (home / "release").write_text(f'IMPLEMENTOR="x"\nJAVA_VERSION="{version}"\n')
    return home


def test_java_home_comes_first(tmp_path: Path) -> None:
    chosen = jdk(tmp_path / "chosen", "17.0.1")
    jdk(tmp_path / "jvm" / "java-17", "17.0.9")
    assert find_jdk17({"JAVA_HOME": str(chosen), "PATH": ""}, tmp_path / "jvm") == chosen


def test_a_wrong_java_is_passed_over(tmp_path: Path) -> None:
    wrong, right = jdk(tmp_path / "wrong", "21.0.4"), jdk(tmp_path / "jvm" / "java-17-x", "17.0.9")
    environment = {"JAVA_HOME": str(wrong), "PATH": str(wrong / "bin")}
    assert find_jdk17(environment, tmp_path / "jvm") == right


def test_every_unfit_java_is_named_with_what_is_wrong(tmp_path: Path) -> None:
    wrong = jdk(tmp_path / "wrong", "21.0.4")
    jdk(tmp_path / "jvm" / "java-17-jre", "17.0.9", "java")
    environment = {"JAVA_HOME": str(tmp_path / "nowhere"), "PATH": str(wrong / "bin")}
    with pytest.raises(WeirError) as refused:
        find_jdk17(environment, tmp_path / "jvm")
    text = str(refused.value)
    assert f"JAVA_HOME = {tmp_path / 'nowhere'}: it has no working bin/java" in text
    assert f"java on the PATH = {wrong}: it is Java 21.0.4" in text
    assert "it is a JRE, without javac" in text
    assert "apt-get install openjdk-17-jdk-headless" in text


def test_no_java_at_all_says_so(tmp_path: Path) -> None:
    with pytest.raises(WeirError, match="no Java found"):
        find_jdk17({"PATH": str(tmp_path)}, tmp_path)


def test_the_cache_can_be_moved(tmp_path: Path) -> None:
    assert cache_folder({"WEIR_CACHE": str(tmp_path)}) == tmp_path
    assert cache_folder({"XDG_CACHE_HOME": str(tmp_path)}) == tmp_path / "weir"


def test_versions_stand_in_one_file_and_a_change_makes_a_new_folder(tmp_path: Path) -> None:
    pom = fetch.Pom(REPOSITORY / "toolchain" / "pom.xml")
    assert pom.version("flink-jars") == fetch.locked_version(REPOSITORY / "locks" / "flink.txt", "apache-flink")
    changed = tmp_path / "pom.xml"
    changed.write_text(pom.path.read_text().replace(pom.version("kafka"), "9.9.9"))
    assert fetch.Pom(changed).version("kafka") == "9.9.9"
    assert fetch.Pom(changed).digest("kafka") != pom.digest("kafka")


def test_a_missing_version_is_named() -> None:
    with pytest.raises(WeirError, match=r"properties\.zookeeper\.version is missing"):
        fetch.Pom(REPOSITORY / "toolchain" / "pom.xml").version("zookeeper")


def test_an_archive_is_unpacked_without_its_top_folder_and_with_hard_links(tmp_path: Path) -> None:
    archive = tmp_path / "a.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        file = tarfile.TarInfo("server-1/lib/a.jar")
        file.size = 3
        tar.addfile(file, io.BytesIO(b"jar"))
        link = tarfile.TarInfo("server-1/plugin/x/a.jar")
        link.type, link.linkname = tarfile.LNKTYPE, "server-1/lib/a.jar"
        tar.addfile(link)
    folder = tmp_path / "out"
    folder.mkdir()
    fetch.unpack(archive, folder, lambda *_: None)
    assert (folder / "plugin" / "x" / "a.jar").read_bytes() == b"jar"
    assert sorted(path.name for path in folder.iterdir()) == ["lib", "plugin"]


def test_an_archive_cannot_write_outside(tmp_path: Path) -> None:
    archive = tmp_path / "a.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.addfile(tarfile.TarInfo("../../outside"))
    (tmp_path / "out").mkdir()
    with pytest.raises(tarfile.OutsideDestinationError):
        fetch.unpack(archive, tmp_path / "out", lambda *_: None)


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "the disk of .* is full"),
        (subprocess.CalledProcessError(1, ["mvn"], output="No space left on device"), "the disk of .* is full"),
        (subprocess.CalledProcessError(1, ["mvn"], output="Unknown host repo.example"), "is not in the cache"),
        (subprocess.CalledProcessError(2, ["uv"], output="error: dns error"), "is not in the cache"),
        (subprocess.CalledProcessError(1, ["/usr/bin/mvn"], output="[ERROR] bad syntax"), "`mvn` failed"),
    ],
)
def test_failures_say_what_to_do(failure: Exception, message: str, tmp_path: Path) -> None:
    with pytest.raises(WeirError, match=message), fetch.clear_errors("trino", tmp_path):
        raise failure


def test_a_command_shows_its_lines_and_keeps_the_last_ones() -> None:
    seen: list[str] = []
    with pytest.raises(subprocess.CalledProcessError) as failed:
        fetch.run_and_follow(["sh", "-c", "printf 'Progress (1)\\rone\\n'; echo two; exit 4"], {}, seen.append)
    assert [line.strip() for line in seen] == ["Progress (1)", "one", "two"]
    assert failed.value.output == "one\ntwo"


def test_pruning_deletes_other_versions_but_not_what_runs_or_is_not_weirs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEIR_CACHE", str(tmp_path))
    monkeypatch.setattr(toolchain, "find_or_install_jdk17", lambda _: jdk(tmp_path / "jdk", "17.0.1"))
    old, used, foreign = (tmp_path / name for name in ("kafka-3.9.1-0123456789", "flink-2.1.0-0123456789", "my-notes"))
    for folder in (old, used, foreign):
        folder.mkdir()
    runs = subprocess.Popen([sys.executable, "-c", "input()", str(used)], stdin=subprocess.PIPE)
    try:
        assert toolchain.prune(REPOSITORY) == [old]
    finally:
        runs.communicate(b"\n")
    assert not old.exists()
    assert used.exists()
    assert foreign.exists()
