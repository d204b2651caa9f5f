# pyright: reportMissingImports=false
"""Who looked at which dashboard, exported what, or changed it: a line of JSON for each event on standard output."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import Any

from flask import g, has_request_context, request
from sqlalchemy.exc import SQLAlchemyError
from superset.utils.log import AbstractEventLogger


class EventLog(AbstractEventLogger):
    """It keeps what happened and to what, never what was sent: forms have passwords in them, and chart data has rows.

    Superset's own DBEventLogger writes a row for every chart into the metadata database, where nobody removes them.
    """

    def log(
        self,
        user_id: int | None,
        action: str,
        dashboard_id: int | None,
        duration_ms: int | None,
        slice_id: int | None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        """Writes one line; `args` and `kwargs` are what Superset passes besides."""
        line = {
            "event": "superset",
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "user": _user_name(),
            "user_id": user_id,
            "address": request.remote_addr if has_request_context() else None,
            "action": action,
            "dashboard_id": dashboard_id,
            "chart_id": slice_id,
            "path": request.path if has_request_context() else None,
            "duration_ms": duration_ms,
        }
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


def _user_name() -> str | None:
    """Of whoever sent the request; None outside of one, and where the session has let go of the user."""
    try:
        return getattr(getattr(g, "user", None), "username", None) if has_request_context() else None
    except SQLAlchemyError:
        return None
