"""Superset: the dashboards. One process with threads; its metadata is one SQLite file in the data folder."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from weir.config.errors import WeirError
from weir.local.service import LOOPBACK, Context, Service, ask_http
from weir.toolchain import fetch

PASSWORD_SECRET = "superset-admin-password"  # noqa: S105 - the name of a file
THREADS = 8
METADATA = "superset.db"

_HERE = Path(__file__).parent


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
        environment=_environment(ctx.paths.data("superset"), _secret_key(ctx))
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


def _secret_key(ctx: Context) -> Path:
    return ctx.secret_file("superset-secret-key")


def _environment(home: Path, secret_key: Path) -> dict[str, str]:
    return {
        "PYTHONPATH": str(_HERE.parent.parent),
        "PYTHONUNBUFFERED": "1",
        "SUPERSET_CONFIG_PATH": str(_HERE / "superset_config.py"),
        "SUPERSET_HOME": str(home),
        "TZ": "UTC",
        "WEIR_SUPERSET_HOME": str(home),
        "WEIR_SUPERSET_SECRET_KEY_FILE": str(secret_key),
    }


def make_metadata(python: Path, folder: Path, progress: Callable[[str, float | None], None]) -> None:
    """Makes `folder`/METADATA, a fresh metadata database without users: migrating an empty one takes 20 to 40 s.

    Raises:
        CalledProcessError: Superset failed; its last lines are the error's output.
    """
    progress("creating the metadata database", None)
    key = folder / "secret-key"
    key.write_text(secrets.token_urlsafe(32), encoding="utf-8")
    fetch.run_and_follow(_migration(python), {**os.environ, **_environment(folder, key)}, lambda _: None, folder)
    key.unlink()


def _prepare(ctx: Context) -> None:
    """Sees to a metadata database of this version: a copy of the fresh one, or an older one that is migrated."""
    home = ctx.paths.data("superset")
    database, stamp = home / METADATA, home / "version"
    version = ctx.toolchain.home("superset").name
    if not database.exists():
        _copy(ctx.toolchain.home("superset-metadata") / METADATA, database)
    elif not stamp.exists() or stamp.read_text(encoding="utf-8") != version:
        _copy(database, home / f"{METADATA}.before-migration")
        _migrate(ctx, home)
    stamp.write_text(version, encoding="utf-8")


def _migrate(ctx: Context, home: Path) -> None:
    # Inherits what marks it as this platform's process, so that a stop in the middle finds it.
    environment = {**os.environ, **_environment(home, _secret_key(ctx))}
    with ctx.paths.log("superset").open("ab") as log:
        result = subprocess.run(
            _migration(_python(ctx)), env=environment, cwd=home, stdout=log, stderr=log, check=False
        )
    if result.returncode != 0:
        raise WeirError(
            f"superset: migrating the metadata database in {home} failed (exit code {result.returncode}); see the end "
            f"of {ctx.paths.log('superset')}. The previous database is in {METADATA}.before-migration"
        )


def _migration(python: Path) -> list[str]:
    return [str(python), "-m", "weir.superset.metadata"]


def _copy(source: Path, target: Path) -> None:
    staging = target.with_name(f".{target.name}.new")
    shutil.copyfile(source, staging)
    staging.chmod(0o600)  # it holds a hash of the password and every session's filters
    staging.replace(target)
