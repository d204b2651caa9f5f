# pyright: reportMissingImports=false
"""Superset's configuration, read by Superset's own Python through SUPERSET_CONFIG_PATH.

It holds no value of one machine: those come in through the environment variables that `superset.py` sets, secrets
as the names of files.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from weir.superset import settings
from weir.superset.administrator import see_to_administrator
from weir.superset.settings import *  # noqa: F403 - how Superset's configuration files build on each other


def _secret(variable: str) -> str:
    return Path(os.environ[variable]).read_text(encoding="utf-8").strip()


DATA_DIR = Path(os.environ["WEIR_SUPERSET_HOME"])
SECRET_KEY = _secret("WEIR_SUPERSET_SECRET_KEY_FILE")
GUEST_TOKEN_JWT_SECRET = SECRET_KEY
SQLALCHEMY_DATABASE_URI = f"sqlite:///{DATA_DIR / 'superset.db'}"
# Threads of one process share the file; a writer waits for another instead of failing.
SQLALCHEMY_ENGINE_OPTIONS = {"connect_args": {"timeout": 30}}

# Figures are live: a result is shared by viewers who ask in the same moment and is never older than this.
DATA_CACHE_CONFIG = {"CACHE_TYPE": "SimpleCache", "CACHE_DEFAULT_TIMEOUT": 5, "CACHE_THRESHOLD": 200}
CELERY_CONFIG = None
# Plain HTTP on loopback.
TALISMAN_CONFIG = {**settings.TALISMAN_CONFIG, "force_https": False, "session_cookie_secure": False}
# Its only use is a login form on loopback.
RATELIMIT_ENABLED = False


def FLASK_APP_MUTATOR(app: Any) -> None:  # noqa: N802 - Superset's name
    """Sees to it that the administrator can log in with the password in the file."""
    if "WEIR_SUPERSET_ADMIN_PASSWORD_FILE" in os.environ:
        see_to_administrator(app, _secret("WEIR_SUPERSET_ADMIN_PASSWORD_FILE"))
