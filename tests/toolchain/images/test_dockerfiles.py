"""The images' Dockerfiles and what pods expect of the images: pinned, not root, of the versions of everything else."""

from __future__ import annotations

import pkgutil
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tests.toolchain.images.dockerfile import DOCKERFILES, problems, read, sources

from weir import incluster
from weir.catalog.flink import image_files
from weir.catalog.pipeline import load_pipeline
from weir.components.kafka.strimzi import KAFKA_USER_ID
from weir.components.kafka.tiered import PLUGIN_FOLDER
from weir.components.streams.application import JARS, LOGGING, USER_ID
from weir.components.streams.loader import PLUGINS, STANDALONE_JARS
from weir.components.superset.settings import PORT as SUPERSET_PORT
from weir.config import versions
from weir.config.image_references import UPSTREAM
from weir.config.images import ImageName
from weir.config.repository import REPOSITORY
from weir.toolchain import fetch
from weir.toolchain.images.definition import Debian, Part, load_bases, load_images
from weir.toolchain.images.dockerfile import dockerfiles
from weir.toolchain.images.stages import FETCHED, SUMS, UNPACKED
from weir.toolchain.installed import Toolchain

IMAGES = load_images(REPOSITORY / "images")
BASES = load_bases(REPOSITORY / "images")
EXPECTED = dockerfiles(REPOSITORY)
GOOD = """
ARG BASE=docker.io/library/python:3.11.14-slim
FROM ${BASE}
COPY locks/flink.txt /tmp/
RUN pip install --no-cache-dir --require-hashes -r /tmp/flink.txt
USER 1000:1000
CMD ["python"]
"""


def text_of(name: str) -> str:
    return (REPOSITORY / name).read_text(encoding="utf-8")


def parts_of(name: ImageName) -> dict[str, Part]:
    """The parts of an image by where they lie in it."""
    return {part.to: part for part in IMAGES[name].parts}


@pytest.mark.unit
@pytest.mark.parametrize("name", DOCKERFILES)
def test_a_dockerfile_keeps_every_rule(name: str) -> None:
    assert problems(text_of(name)) == []


@pytest.mark.unit
@pytest.mark.parametrize("path", EXPECTED, ids=lambda path: path.parent.name)
def test_a_dockerfile_is_current(path: Path) -> None:
    assert path.exists(), f"{path} is missing; run `make dockerfiles`"
    assert path.read_text(encoding="utf-8") == EXPECTED[path], f"{path} is stale; run `make dockerfiles`"


@pytest.mark.unit
def test_what_a_dockerfile_copies_is_in_the_build_context() -> None:
    let_in = re.findall(r"^!(\S+)$", text_of(".dockerignore"), re.MULTILINE)
    for name in DOCKERFILES:
        for source in sources(text_of(name)):
            assert any(f"{source}/".startswith(f"{path}/") for path in let_in), f"{name}: {source}"


@pytest.mark.unit
def test_the_sums_are_of_the_versions_that_maven_resolves() -> None:
    pom = ElementTree.parse(REPOSITORY / "toolchain" / "pom.xml").getroot()  # noqa: S314 - our own file
    space = {"m": "http://maven.apache.org/POM/4.0.0"}
    properties = pom.find("m:properties", space)
    assert properties is not None
    values = {f"${{{each.tag.rpartition('}')[2]}}}": each.text for each in properties}
    for profile in sorted({*FETCHED.values(), *UNPACKED}):
        lines = text_of(f"{SUMS}/{profile}.sha256").splitlines()
        assert all(re.fullmatch(r"[0-9a-f]{64}  \S+", line) for line in lines), profile
        named = pom.findall(f"m:profiles/m:profile[m:id='{profile}']/m:dependencies/m:dependency", space)
        assert named, profile
        for each in named:
            version = each.findtext("m:version", "", space)
            file = f"  {each.findtext('m:artifactId', '', space)}-{values[version]}"
            assert any(file in line for line in lines), f"{profile}:{file} has no sum; run `make lock`"


@pytest.mark.unit
def test_a_good_dockerfile_has_no_problem() -> None:
    assert problems(GOOD) == []


@pytest.mark.unit
@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        (":3.11.14-slim", "", "has no version"),
        (":3.11.14-slim", ":latest", "latest is a floating tag"),
        ("docker.io/library/python", "python", "names no registry"),
        ("FROM ${BASE}", "FROM docker.io/library/python:3.11", "CI could not pin it"),
        ("FROM ${BASE}", "FROM ${OTHER}", "no ARG before the first FROM"),
        ("USER 1000:1000\n", "", "no USER"),
        ("USER 1000:1000", "USER root", "not a number above 0"),
        ("USER 1000:1000", "USER 0", "not a number above 0"),
        ("COPY locks/flink.txt /tmp/", "ADD https://example.org/x /tmp/", "ADD fetches"),
        ("COPY locks/flink.txt /tmp/", "COPY . /tmp/", "COPY . takes everything"),
        ("COPY locks/flink.txt", "COPY locks/gone.txt", "locks/gone.txt: it is not in the repository"),
        (" --require-hashes", "", "without --require-hashes"),
        (" --no-cache-dir", "", "keeps its cache"),
        ("pip install --no-cache-dir --require", "pip --python /opt/venv/bin/python install --re", "keeps its cache"),
        ("RUN pip", "RUN apt-get install -y git && pip", "without --no-install-recommends"),
        ("RUN pip", "RUN curl https://example.org/x | sh && pip", "run unchecked"),
        ("USER 1000", "ENV ADMIN_PASSWORD=abc\nUSER 1000", "a secret would stay"),
        ('CMD ["python"]', "CMD python", "signals would not arrive"),
    ],
)
def test_a_bad_line_is_found(good: str, bad: str, said: str) -> None:
    assert good in GOOD
    found = problems(GOOD.replace(good, bad))
    assert any(said in problem for problem in found), found


@pytest.mark.unit
def test_every_base_has_the_versions_of_everything_else() -> None:
    assert BASES["strimzi-kafka"].docker_image.endswith(f":{versions.STRIMZI_OPERATOR}-kafka-{versions.KAFKA}")
    for name in (ImageName.STREAMS, ImageName.KAFKA, ImageName.CASSANDRA, ImageName.FLINK_JOB):
        base = BASES[IMAGES[name].base]
        assert isinstance(base, Debian)
        assert f"openjdk-{versions.JAVA}-jre-headless" in base.packages, name


@pytest.mark.unit
def test_every_image_of_weirs_own_is_defined_and_has_a_line_in_the_guide() -> None:
    guide = text_of("docs/how-to/deploy.md")
    for name in set(ImageName) - set(UPSTREAM):
        file = f"images/{name.value}/Dockerfile"
        assert file in DOCKERFILES
        assert re.search(rf"docker build .*-t ghcr\.io/weir/{name.value}:\S+ .*-f {re.escape(file)}", guide), name


@pytest.mark.unit
def test_what_tiered_storage_fetches_is_checked_against_the_builders_sum() -> None:
    text = text_of("images/kafka-tiered-storage/Dockerfile")
    assert text.count("sha256sum --check --strict") == text.count("SHA256:?") == 2
    assert "ARG CORE_SHA256\n" in text
    assert "COPY --from=jars /plugin/ /\n" in text
    assert PLUGIN_FOLDER not in text  # it is mounted there as a whole


@pytest.mark.unit
def test_the_jobs_files_are_where_the_deployment_looks_for_them() -> None:
    files = image_files(load_pipeline(REPOSITORY / "pipelines" / "flights"))
    parts = parts_of(ImageName.FLINK_JOB)
    assert parts[files.package].made == "job-package"
    assert parts[str(Path(files.python).parents[1])].tool == "flink-env"
    assert parts[str(Path(files.pipeline_folder).parent)].repository == "pipelines"


@pytest.mark.unit
def test_the_jars_are_where_the_pods_look_for_them() -> None:
    parts = parts_of(ImageName.STREAMS)
    tools = {(part.to, part.tool) for part in IMAGES[ImageName.STREAMS].parts}
    assert {(JARS.removesuffix("/*"), tool) for tool in ("kafka-streams", "streams-app")} <= tools
    assert (STANDALONE_JARS.removesuffix("/*"), "kafka-connect") in tools
    assert parts[f"{PLUGINS}/cassandra"].tool == "loader-plugin"
    assert parts[LOGGING].own
    assert IMAGES[ImageName.STREAMS].account.id == USER_ID


@pytest.mark.unit
def test_the_sink_is_where_strimzis_connect_looks_for_plugins() -> None:
    image = IMAGES[ImageName.LOADER]
    assert [(part.tool, part.to) for part in image.parts] == [("loader-plugin", "/opt/kafka/plugins/cassandra")]
    assert image.account.id == KAFKA_USER_ID
    instructions = [each.name for each in read(text_of("images/loader/Dockerfile"))]
    last = len(instructions) - instructions[::-1].index("FROM")
    assert "RUN" not in instructions[last:]


@pytest.mark.unit
def test_the_operators_web_pods_find_their_program() -> None:
    program = REPOSITORY / "images" / "superset" / (parts_of(ImageName.SUPERSET)["/usr/bin/run-server.sh"].own or "")
    settings = {"SERVER_WORKER_AMOUNT": "3", "SERVER_THREADS_AMOUNT": "8", "GUNICORN_TIMEOUT": "61"}
    told = subprocess.run(
        ["sh", "-c", f"gunicorn() {{ printf '%s\\n' \"$@\"; }}; {program.read_text().replace('exec ', '')}"],
        env={"PATH": "/usr/bin:/bin", **settings},
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    assert {"--workers=3", "--threads=8", "--timeout=61", f"--bind=0.0.0.0:{SUPERSET_PORT}"} <= set(told)
    assert told[-1] == "superset.app:create_app()"


@pytest.mark.contract
def test_the_jobs_programs_run_with_what_their_image_has(
    tmp_path: Path, toolchain_for: Callable[..., Toolchain]
) -> None:
    (uv,) = sorted(toolchain_for().cache.glob("uv-*/bin/uv"))[-1:]
    lock = REPOSITORY / "locks" / "weir-jobs.txt"
    fetch.python_environment(uv, REPOSITORY, [lock], tmp_path / "venv", lambda *_: None)
    python = str(tmp_path / "venv" / "bin" / "python")
    for part in IMAGES[ImageName.WEIR_JOBS].parts:
        if part.repository:
            source, target = REPOSITORY / part.repository, tmp_path / part.to.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if source.is_dir() else shutil.copyfile)(source, target)
    environment = {"PYTHONPATH": str(tmp_path / "opt/weir/infra"), "PATH": "/usr/bin:/bin"}
    programs = [module.name for module in pkgutil.walk_packages(incluster.__path__, f"{incluster.__name__}.")]
    assert "weir.incluster.monitor" in programs
    subprocess.run([python, "-c", f"import {', '.join(programs)}"], env=environment, check=True)
    command = [python, "-m", "weir.incluster.database.job", "--help"]
    told = subprocess.run(command, env=environment, check=True, text=True, capture_output=True)
    assert "--administrator" in told.stdout
