"""Superset as a process with the settings that its pods get, except for addresses: sign-in, roles, dashboards."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.components.serving import IMAGE, SUPERSET
from tests.keycloak import CLIENT_SECRET, wait_for

from weir.catalog.dashboard import load_dashboard
from weir.components.superset import settings as shared
from weir.components.superset.dashboards import setup_files
from weir.components.superset.settings import SupersetArgs
from weir.config.repository import REPOSITORY
from weir.config.sign_in import SignIn
from weir.config.superset import GivenDatabase, GivenService
from weir.local import installation
from weir.local.service import LOOPBACK
from weir.local.superset import METADATA

# What an operator would add.
CONNECTIONS = """
SECRET_KEY = "of a Superset that lives as long as a test"
SQLALCHEMY_DATABASE_URI = "sqlite:///{database}"
SQLALCHEMY_ENGINE_OPTIONS = {{"connect_args": {{"timeout": 30}}}}
"""
SIGN_IN = SignIn.model_validate(
    {
        "issuer_url": "https://login.example.org/realms/company/",
        "client_id": "weir",
        "groups": {
            "administrators": ["platform"],
            "editors": ["analysts"],
            "readers": ["staff"],
            "readers_of": {"flights": ["ops"]},
        },
    }
)
SECURE, CLEAR = f"https://{LOOPBACK}", f"http://{LOOPBACK}"
"""Stacks take secure addresses alone; a test's provider and Superset have none."""


@dataclass(frozen=True)
class ClusterSuperset:
    """A home folder with a fresh metadata database, and the environment of a pod."""

    home: Path
    port: int
    args: SupersetArgs

    @property
    def url(self) -> str:
        return f"{CLEAR}:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        toolchain = installation.ensure(REPOSITORY, ["superset-image"], lambda *_: None)
        (drivers,) = toolchain.home("superset-image").glob("lib/python3*/site-packages")
        of_pod = {str(entry.name): str(entry.value) for entry in shared.environment(self.args, connections=False)}
        return {
            "PATH": "/usr/bin:/bin",
            **{name: value.replace(SECURE, CLEAR) for name, value in of_pod.items()},
            "PYTHONPATH": os.pathsep.join([str(REPOSITORY / "infra"), str(drivers)]),
            "PYTHONUNBUFFERED": "1",
            "SUPERSET_CONFIG_PATH": str(self.home / shared.CONFIG_FILE),
            "SUPERSET_HOME": str(self.home),
            "WEIR_SUPERSET_SECRETS_FOLDER": str(self.home),
            "WEIR_TRINO_FOLDER": str(self.home / "without-certificate"),
        }

    def run(self, *arguments: str) -> str:
        """What Superset's Python prints when it runs with `arguments`."""
        done = subprocess.run(
            [str(_python()), *arguments],
            env=self.environment,
            cwd=self.home,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def set_up(self) -> None:
        """Does what the dashboards' job does."""
        assets = self.home / "assets"
        assets.mkdir()
        for name, content in setup_files(self.args).items():
            (assets / name).write_text(str(content), encoding="utf-8")
        password = str(self.home / shared.ADMIN_PASSWORD)
        self.run("-m", "weir.superset.setup", "--password-file", password, "--assets", str(assets))

    @contextmanager
    def serving(self) -> Iterator[None]:
        """The web server; ready when this returns, ended afterwards."""
        log = self.home / "superset.log"
        command = [str(_python()), "-m", "gunicorn", f"--bind={LOOPBACK}:{self.port}", "--worker-class=gthread"]
        command += ["--threads=8", "--timeout=120", "--no-control-socket", "superset.app:create_app()"]
        with (
            log.open("wb") as output,
            subprocess.Popen(command, env=self.environment, cwd=self.home, stdout=output, stderr=output) as process,
        ):
            try:
                wait_for(f"{self.url}/health", process, log)
                yield
            finally:
                process.terminate()


def cluster_superset(home: Path, port: int, sign_in: SignIn, trino_url: str) -> ClusterSuperset:
    """Superset with the flights dashboard, not set up yet."""
    toolchain = installation.ensure(REPOSITORY, ["superset-metadata"], lambda *_: None)
    shutil.copyfile(toolchain.home("superset-metadata") / METADATA, home / METADATA)
    secrets = {shared.GUEST_TOKEN: "guests", shared.ADMIN_PASSWORD: "weir's own", shared.SIGN_IN_SECRET: CLIENT_SECRET}
    for name, value in secrets.items():
        (home / name).write_text(value, encoding="utf-8")
    connections = CONNECTIONS.format(database=home / METADATA)
    (home / shared.CONFIG_FILE).write_text(shared.CONFIG + connections, encoding="utf-8")
    args = SupersetArgs(
        plan=SUPERSET,
        image=IMAGE,
        metadata=GivenDatabase(host="unused", port=5432),
        cache=GivenService(host="unused", port=6379),
        trino_url=trino_url,
        dashboards=(load_dashboard(REPOSITORY / "dashboards" / "flights"),),
        certificates=None,
        given={shared.SIGN_IN_SECRET: CLIENT_SECRET},
        host=f"{LOOPBACK}:{port}",
        sign_in=sign_in,
    )
    return ClusterSuperset(home, port, args)


def _python() -> Path:
    return installation.ensure(REPOSITORY, ["superset"], lambda *_: None).home("superset") / "bin" / "python"
