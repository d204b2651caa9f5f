"""A real Cassandra that asks for passwords and certificates, on which the schema-and-roles job ran."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.incluster.database.node import (
    ADMINISTRATOR,
    DATABASE,
    PASSWORDS,
    SECRET,
    cluster_settings,
    run_job,
)
from tests.platforms import free_ports_stack
from tests.secured_cassandra import secured_node

from weir.clients.cassandra import Access, admin_session
from weir.config.repository import REPOSITORY
from weir.config.stack import load_stack
from weir.local.service import CASSANDRA_DATACENTER, LOOPBACK, Context, Paths
from weir.toolchain.installed import Toolchain

if TYPE_CHECKING:
    from cassandra.cluster import Session


@pytest.fixture(scope="package")
def ctx(tmp_path_factory: pytest.TempPathFactory, toolchain_for: Callable[..., Toolchain]) -> Context:
    folder = tmp_path_factory.mktemp("secured")
    stack = load_stack(free_ports_stack(folder))
    return Context(REPOSITORY, Paths(folder / "weir"), stack.embedded.ports, stack, toolchain_for("cassandra"))


@pytest.fixture(scope="package")
def access(ctx: Context) -> Iterator[Access]:
    """A fresh node as its superuser-to-be: passwords, permissions and TLS on, as in the cluster."""
    with secured_node(ctx, cluster_settings) as ca_file:
        yield Access((f"{LOOPBACK}:{ctx.ports.cassandra}",), CASSANDRA_DATACENTER, ADMINISTRATOR, SECRET, ca_file)


@pytest.fixture(scope="package")
def files(access: Access, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files as the pod has them mounted."""
    folder = tmp_path_factory.mktemp("mounted")
    (folder / "database.json").write_text(DATABASE.to_json(), encoding="utf-8")
    for name, secrets in (
        ("administrator", {"username": access.user, "password": access.password}),
        ("roles", PASSWORDS),
    ):
        (folder / name).mkdir()
        (folder / name / "..data").mkdir()
        for key, value in secrets.items():
            (folder / name / key).write_text(value + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="package")
def first_run(access: Access, files: Path) -> subprocess.CompletedProcess[str]:
    """The job on an empty cluster; whatever else a test does comes after it."""
    return run_job(access, files)


@pytest.fixture
def administrator(access: Access, first_run: subprocess.CompletedProcess[str]) -> Iterator[Session]:
    assert first_run.returncode == 0, first_run.stdout + first_run.stderr
    with admin_session(access) as session:
        yield session
