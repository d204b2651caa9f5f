"""The zip of the job's modules."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from weir.config.repository import REPOSITORY
from weir.toolchain.job_package import build_job_package

pytestmark = pytest.mark.unit


def copied_sources(folder: Path) -> Path:
    """The repository's sources at another path, written at another time."""
    for part in ("infra/weir", "flink-jobs/dedup_join"):
        shutil.copytree(REPOSITORY / part, folder / part, copy_function=shutil.copyfile)
    return folder


def test_the_same_sources_give_the_same_bytes(tmp_path):
    first = build_job_package(REPOSITORY, tmp_path / "a.zip")
    second = build_job_package(copied_sources(tmp_path / "elsewhere"), tmp_path / "b.zip")
    assert first.read_bytes() == second.read_bytes()


def test_a_changed_module_changes_the_package(tmp_path):
    sources = copied_sources(tmp_path / "sources")
    before = build_job_package(sources, tmp_path / "before.zip").read_bytes()
    with (sources / "infra/weir/catalog/spec.py").open("a") as file:
        file.write("\n")
    assert build_job_package(sources, tmp_path / "after.zip").read_bytes() != before


def test_it_holds_the_job_the_configuration_and_the_catalog_alone(tmp_path):
    with zipfile.ZipFile(build_job_package(REPOSITORY, tmp_path / "job.zip")) as archive:
        names = archive.namelist()
    assert {"dedup_join/main.py", "weir/__init__.py", "weir/config/stack.py", "weir/catalog/pipeline.py"} <= set(names)
    assert {"/".join(name.split("/")[:2]) for name in names if name.startswith("weir/")} == {
        *("weir/__init__.py", "weir/config", "weir/catalog"),
    }
    assert all(name.endswith(".py") for name in names)


def test_it_runs_from_the_zip_with_nothing_else_of_weir(tmp_path):
    package = build_job_package(REPOSITORY, tmp_path / "job.zip")
    script = f"""
import sys
sys.path = [{str(package)!r}, *(path for path in sys.path if "infra" not in path)]
from pathlib import Path
from dedup_join.statements import job_statements
from weir.catalog.pipeline import load_pipeline
import weir.catalog
assert {str(package)!r} in weir.catalog.__file__
load_pipeline(Path({str(REPOSITORY / "pipelines" / "flights")!r}))
"""
    subprocess.run([sys.executable, "-c", script], check=True, cwd=tmp_path)
