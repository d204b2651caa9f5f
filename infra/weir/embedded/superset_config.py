# pyright: reportMissingImports=false
"""Superset's configuration, read by Superset's own Python through SUPERSET_CONFIG_PATH.

It holds no value of one machine: those come in through the environment variables that `superset.py` sets, secrets
as the names of files.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from superset.utils.log import AbstractEventLogger
from werkzeug.security import check_password_hash

from weir.embedded.superset_macros import month_starts


def _secret(variable: str) -> str:
    return Path(os.environ[variable]).read_text(encoding="utf-8").strip()


DATA_DIR = Path(os.environ["WEIR_SUPERSET_HOME"])
SECRET_KEY = _secret("WEIR_SUPERSET_SECRET_KEY_FILE")
GUEST_TOKEN_JWT_SECRET = SECRET_KEY
SQLALCHEMY_DATABASE_URI = f"sqlite:///{DATA_DIR / 'superset.db'}"
# Threads of one process share the file; a writer waits for another instead of failing.
SQLALCHEMY_ENGINE_OPTIONS = {"connect_args": {"timeout": 30}}

APP_NAME = "weir"
ADMIN = "admin"

FEATURE_FLAGS = {"ENABLE_TEMPLATE_PROCESSING": True, "DRILL_BY": False, "DRILL_TO_DETAIL": False}
JINJA_CONTEXT_ADDONS = {"month_starts": month_starts}

# Figures are live: a result is shared by viewers who ask in the same moment and is never older than this.
DATA_CACHE_CONFIG = {"CACHE_TYPE": "SimpleCache", "CACHE_DEFAULT_TIMEOUT": 5, "CACHE_THRESHOLD": 200}
DASHBOARD_AUTO_REFRESH_MODE = "fetch"
CELERY_CONFIG = None
SUPERSET_WEBSERVER_TIMEOUT = 60
ROW_LIMIT = 10_000
SQL_MAX_ROW = 10_000

SESSION_COOKIE_NAME = "weir_session"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
# The pages load nothing from elsewhere: no fonts, no maps, no usage pixels.
TALISMAN_ENABLED = True
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "object-src": "'none'",
        "frame-ancestors": ["'self'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "font-src": ["'self'", "data:"],
        "script-src": ["'self'", "'strict-dynamic'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,
    "session_cookie_secure": False,
}
# Its only use is a login form on loopback.
RATELIMIT_ENABLED = False

EXTRA_CATEGORICAL_COLOR_SCHEMES = [
    {
        "id": "weir",
        "description": "Deep water to warning lights; neighbours differ for colour-blind eyes too",
        "label": "weir",
        "isDefault": True,
        "colors": [
            "#1B6CA8",
            "#F2A541",
            "#2A9D8F",
            "#D1495B",
            "#7B6DAA",
            "#6BAED6",
            "#8A5A44",
            "#9AC26B",
            "#E78AC3",
            "#52616B",
            "#F4D35E",
            "#0B3C5D",
        ],
    }
]
EXTRA_SEQUENTIAL_COLOR_SCHEMES = [
    {
        "id": "weir_heat",
        "description": "Calm water to late departures",
        "label": "weir heat",
        "isDiverging": False,
        "colors": ["#EDF5FA", "#9CC9E0", "#4F9BC6", "#F2A541", "#D1495B"],
    }
]


class _NoEventLog(AbstractEventLogger):
    """Superset writes a row for every chart it draws; a dashboard that refreshes itself would fill the disk."""

    def log(self, *args: Any, **kwargs: Any) -> None:
        return None


EVENT_LOGGER = _NoEventLog()


def FLASK_APP_MUTATOR(app: Any) -> None:  # noqa: N802 - Superset's name
    """Sees to it that the administrator can log in with the password in the file."""
    password_file = os.environ.get("WEIR_SUPERSET_ADMIN_PASSWORD_FILE")
    if password_file is None:
        return
    password = _secret("WEIR_SUPERSET_ADMIN_PASSWORD_FILE")
    users = app.appbuilder.sm
    user = users.find_user(username=ADMIN)
    if user is None:
        role = users.find_role("Admin")
        users.add_user(ADMIN, "weir", "administrator", "admin@localhost", role, password=password)
    elif not check_password_hash(user.password, password):
        users.reset_password(user.id, password)
