# pyright: reportMissingImports=false
"""Superset's settings that are the same on every target: features, macros, cookies, content policy, colours.

A target's own configuration file takes them all by `from weir.superset.settings import *` and adds its addresses.
"""

from __future__ import annotations

from typing import Any

from superset.utils.log import AbstractEventLogger

from weir.superset.access import rows_where
from weir.superset.macros import month_starts

APP_NAME = "weir"

FEATURE_FLAGS = {"ENABLE_TEMPLATE_PROCESSING": True, "DRILL_BY": False, "DRILL_TO_DETAIL": False}
JINJA_CONTEXT_ADDONS = {"month_starts": month_starts, "rows_where": rows_where}

ROW_LIMIT = 10_000
SQL_MAX_ROW = 10_000
DASHBOARD_AUTO_REFRESH_MODE = "fetch"
SUPERSET_WEBSERVER_TIMEOUT = 60

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
}

EXTRA_CATEGORICAL_COLOR_SCHEMES = [
    {
        "id": "weir",
        "description": "Deep water to warning lights; adjacent colours are distinguishable for colour-blind people",
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
