"""Superset: the dashboards. One process with threads; its metadata is one SQLite file in the data folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from weir.config.errors import WeirError
from weir.embedded.service import LOOPBACK, Context, Service, ask_http

ADMIN = "admin"
PASSWORD_SECRET = "superset-admin-password"  # noqa: S105 - the name of a file
THREADS = 8
METADATA_TIMEOUT_SECONDS = 300

_HERE = Path(__file__).parent
_DATABASE = "superset.db"


def service(ctx: Context) -> Service:
    """Superset on loopback, with the administrator `admin` and a generated password."""
    return Service(
        name="superset",
        version=ctx.toolchain.versions["superset"],
        command=(
            str(_python(ctx)),
            "-m",
            "gunicorn",
            f"--bind={LOOPBACK}:{ctx.ports.superset}",
            # One worker: SQLite has one writer, and the short result cache lies in the process.
            "--workers=1",
            "--worker-class=gthread",
            f"--threads={THREADS}",
            "--timeout=120",
            "--graceful-timeout=3",
            "--no-control-socket",
            "superset.app:create_app()",
        ),
        address=ctx.endpoints.superset_url,
        environment=_environment(ctx, ctx.paths.data("superset"))
        | {"WEIR_SUPERSET_ADMIN_PASSWORD_FILE": str(password_file(ctx))},
        prepare=lambda: _prepare(ctx),
        ready=lambda: _ready(ctx),
        ready_timeout_seconds=180,
        stop_grace_seconds=10,
    )


def password_file(ctx: Context) -> Path:
    """The file (mode 0600) that holds the password of `admin`."""
    return ctx.secret_file(PASSWORD_SECRET)


def _ready(ctx: Context) -> None:
    ask_http(f"{ctx.endpoints.superset_url}/health", timeout_seconds=5)


def _python(ctx: Context) -> Path:
    return ctx.toolchain.home("superset") / "bin" / "python"


def _environment(ctx: Context, home: Path) -> dict[str, str]:
    return {
        "PYTHONPATH": str(_HERE.parent.parent),
        "PYTHONUNBUFFERED": "1",
        "SUPERSET_CONFIG_PATH": str(_HERE / "superset_config.py"),
        "SUPERSET_HOME": str(home),
        "TZ": "UTC",
        "WEIR_SUPERSET_HOME": str(home),
        "WEIR_SUPERSET_SECRET_KEY_FILE": str(ctx.secret_file("superset-secret-key")),
    }


def _prepare(ctx: Context) -> None:
    """Sees to a metadata database of this version: from the template when there is none, migrated when it is older."""
    home = ctx.paths.data("superset")
    database, stamp = home / _DATABASE, home / "version"
    version = ctx.toolchain.home("superset").name
    if not database.exists():
        _copy(_template(ctx), database)
    elif not stamp.exists() or stamp.read_text(encoding="utf-8") != version:
        _copy(database, home / f"{_DATABASE}.before-migration")
        _migrate(ctx, home)
    stamp.write_text(version, encoding="utf-8")


def _template(ctx: Context) -> Path:
    """A fresh metadata database, made once per version and machine: migrating an empty one takes 20 to 40 s."""
    template = ctx.toolchain.cache / f"superset-metadata-{ctx.toolchain.home('superset').name}.db"
    if not template.exists():
        with tempfile.TemporaryDirectory(dir=ctx.toolchain.cache, prefix=".superset-metadata-") as scratch:
            _migrate(ctx, Path(scratch))
            (Path(scratch) / _DATABASE).replace(template)
    return template


def _migrate(ctx: Context, home: Path) -> None:
    # Inherits what marks it as this platform's process, so that a stop in the middle finds it.
    environment = {**os.environ, **_environment(ctx, home)}
    command = [str(_python(ctx)), "-m", "weir.embedded.superset_metadata"]
    with ctx.paths.log("superset").open("ab") as log:
        result = subprocess.run(
            command, env=environment, cwd=home, stdout=log, stderr=log, timeout=METADATA_TIMEOUT_SECONDS, check=False
        )
    if result.returncode != 0:
        raise WeirError(
            f"superset: making its metadata database in {home} failed (exit {result.returncode}); "
            f"the reason is at the end of {ctx.paths.log('superset')}"
        )


def _copy(source: Path, target: Path) -> None:
    staging = target.with_name(f".{target.name}.new")
    shutil.copyfile(source, staging)
    staging.chmod(0o600)  # it holds a hash of the password and every session's filters
    staging.replace(target)
