"""The images' Dockerfiles: pinned, small, not root, and of the versions that everything else has."""

from __future__ import annotations

import re
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.images.dockerfile import DOCKERFILES, problems, read

from weir.catalog.flink import JOB_MODULE, image_files
from weir.catalog.pipeline import load_pipeline
from weir.components.kafka_tiered import PLUGIN_FOLDER
from weir.components.streams_application import JARS, LOGGING
from weir.components.streams_loader import PLUGINS, STANDALONE_JARS
from weir.config import versions
from weir.config.image_references import UPSTREAM
from weir.config.images import ImageName
from weir.embedded import fetch
from weir.embedded.context import REPOSITORY
from weir.embedded.service import Toolchain

FLINK = "flink-jobs/dedup_join/Dockerfile"
STREAMS = "kafka-streams/Dockerfile"
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


def default_of(name: str, argument: str) -> str:
    """The default of an ARG."""
    (value,) = [
        each.text.removeprefix(f"{argument}=")
        for each in read(text_of(name))
        if each.name == "ARG" and each.text.startswith(f"{argument}=")
    ]
    return value


@pytest.mark.unit
@pytest.mark.parametrize("name", DOCKERFILES)
def test_a_dockerfile_keeps_every_rule(name: str) -> None:
    assert problems(text_of(name)) == []


@pytest.mark.unit
def test_a_good_dockerfile_has_no_problem() -> None:
    assert problems(GOOD) == []


@pytest.mark.unit
@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        (":3.11.14-slim", "", "has no version"),
        (":3.11.14-slim", ":latest", "latest is whatever is newest"),
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
def test_every_image_has_the_versions_of_everything_else() -> None:
    assert default_of(FLINK, "FLINK_IMAGE").split(":")[1].startswith(f"{versions.FLINK}-java{versions.JAVA}")
    assert default_of(STREAMS, "STRIMZI_IMAGE").endswith(f":{versions.STRIMZI_OPERATOR}-kafka-{versions.KAFKA}")
    assert default_of(STREAMS, "JAVA_IMAGE").split(":")[1].startswith(f"{versions.JAVA}.")
    superset = "images/superset/Dockerfile"
    assert default_of(superset, "SUPERSET_IMAGE").rpartition(":")[2] == versions.SUPERSET
    for name in (FLINK, "images/schema-job/Dockerfile"):
        assert default_of(name, "PYTHON_IMAGE").split(":")[1].startswith(f"{versions.PYTHON}.")


@pytest.mark.unit
def test_every_image_that_is_not_upstreams_has_a_dockerfile_and_a_line_in_the_guide() -> None:
    elsewhere = {ImageName.FLINK_JOB: FLINK, ImageName.STREAMS: STREAMS, ImageName.LOADER: STREAMS}
    guide = text_of("docs/how-to/deploy.md")
    for name in set(ImageName) - set(UPSTREAM):
        file = elsewhere.get(name, f"images/{name.value}/Dockerfile")
        assert file in DOCKERFILES
        assert re.search(rf"docker build -f {re.escape(file)} .*-t ghcr\.io/weir/{name.value}:", guide), name


@pytest.mark.unit
def test_what_is_fetched_for_tiered_storage_is_checked_against_a_sum_that_the_builder_gives() -> None:
    text = text_of("images/kafka-tiered-storage/Dockerfile")
    assert text.count("sha256sum --check --strict") == text.count("SHA256:?") == 2
    assert "ARG CORE_SHA256\n" in text
    assert "COPY --from=jars /plugin/ /\n" in text
    assert PLUGIN_FOLDER not in text  # it is mounted there as a whole


@pytest.mark.unit
def test_the_jobs_files_are_where_the_deployment_looks_for_them() -> None:
    files = image_files(load_pipeline(REPOSITORY / "pipelines" / "flights"))
    text = text_of(FLINK)
    assert f"COPY --from=environment {files.package} {files.package}" in text
    assert files.python.startswith("/opt/venv/")
    assert f"COPY pipelines {Path(files.pipeline_folder).parent}" in text


@pytest.mark.unit
def test_the_jars_are_where_the_pods_look_for_them() -> None:
    text = text_of(STREAMS)
    for folder in (JARS.removesuffix("*"), STANDALONE_JARS.removesuffix("*"), f"{PLUGINS}/"):
        assert f"COPY --from=jars {folder} {folder}" in text
    assert f"COPY kafka-streams/log4j2.properties {LOGGING}" in text


@pytest.mark.unit
@pytest.mark.parametrize("name", [FLINK, STREAMS])
def test_every_module_of_the_build_is_copied_into_it(name: str) -> None:
    modules = re.findall(r"<module>([^<]+)</module>", text_of("pom.xml"))
    copied = [each.text.split()[0] for each in read(text_of(name)) if each.name == "COPY"]
    assert modules
    assert [module for module in modules if not any(module.startswith(f"{folder}/") for folder in copied)] == []


@pytest.mark.unit
def test_the_zip_is_made_by_the_command_of_the_dockerfile(tmp_path: Path) -> None:
    target = tmp_path / "opt" / "job.zip"
    subprocess.run(
        ["python3", "-I", "-c", "import sys, runpy; sys.path.insert(0, sys.argv.pop(1)); "
         "runpy.run_module('weir.embedded.job_package', run_name='__main__')",
         str(REPOSITORY / "infra"), str(REPOSITORY), str(target)],
        check=True,
    )  # fmt: skip
    assert f"{JOB_MODULE.replace('.', '/')}.py" in zipfile.ZipFile(target).namelist()


@pytest.mark.contract
def test_the_schema_jobs_programs_run_with_what_its_image_has(
    tmp_path: Path, toolchain_for: Callable[..., Toolchain]
) -> None:
    (uv,) = sorted(toolchain_for().cache.glob("uv-*/bin/uv"))[-1:]
    lock = REPOSITORY / "locks" / "schema-job.txt"
    fetch.python_environment(uv, REPOSITORY, [lock], tmp_path / "venv", lambda *_: None)
    python = str(tmp_path / "venv" / "bin" / "python")
    environment = {"PYTHONPATH": str(REPOSITORY / "infra"), "PATH": "/usr/bin:/bin"}
    for module in ("weir.database.job", "weir.registry.subjects", "weir.proof.references"):
        subprocess.run([python, "-c", f"import {module}"], env=environment, check=True)
    told = subprocess.run([python, "-m", "weir.database.job", "--help"], env=environment, check=True, text=True,
                          capture_output=True)  # fmt: skip
    assert "--administrator" in told.stdout
