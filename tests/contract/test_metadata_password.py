"""A rotated password reaches a PostgreSQL that has data already: the command of its pod, on a real server."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.ports import free_port

from weir.components.superset.stores import set_password

pytestmark = [pytest.mark.contract, pytest.mark.timeout(120)]

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
OLD, NEW = "the first", """it's "new" `id` $HOME \\n"""
# PostgreSQL does not run as root.
USER = "postgres" if os.geteuid() == 0 else None


@dataclass(frozen=True)
class Server:
    """A server with the user and the database `superset`, whose socket asks for no password, as in the image."""

    folder: Path
    port: int

    def run(self, *command: str, check: bool = True, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": f"{PROGRAMS[-1]}:/usr/bin:/bin", "PGPORT": str(self.port), "PGHOST": str(self.folder)}
        return subprocess.run(
            command,
            env=environment | variables,
            cwd=self.folder,
            check=check,
            capture_output=True,
            text=True,
            user=USER,
        )

    def lets_in(self, password: str) -> bool:
        """Whether `superset` gets in over the network."""
        return (
            self.run(
                "psql", "-U", "superset", "-c", "SELECT 1", check=False, PGHOST="127.0.0.1", PGPASSWORD=password
            ).returncode
            == 0
        )


@pytest.fixture
def server() -> Iterator[Server]:
    if not PROGRAMS:
        pytest.skip("no PostgreSQL is installed here")
    # Not pytest's folder, into which only its own user may look; and a socket's path is at most 107 characters long.
    folder = Path(tempfile.mkdtemp(prefix="weir-pg-"))
    folder.chmod(0o777)
    found = Server(folder, free_port())
    (folder / "password").write_text(OLD)
    try:
        found.run("initdb", "-D", "data", "-U", "superset", "--pwfile=password", "--auth-host=scram-sha-256")
        options = f"-k {folder} -h 127.0.0.1 -p {found.port} -c fsync=off"
        found.run("pg_ctl", "-D", "data", "-w", "-o", options, "-l", "log", "start")
        found.run("createdb", "-U", "superset", "superset")
        yield found
        found.run("pg_ctl", "-D", "data", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def test_the_server_takes_the_password_in_the_file_whenever_it_starts(server: Server) -> None:
    assert (server.lets_in(OLD), server.lets_in(NEW)) == (True, False)
    file = server.folder / "password"
    file.write_text(NEW + "\n")
    done = server.run("sh", "-c", set_password(str(file)))
    assert (done.stdout, done.stderr) == ("", "")
    assert (server.lets_in(OLD), server.lets_in(NEW)) == (False, True)
