# pyright: reportMissingImports=false
"""What Superset adds in a cluster: secure cookies, the login, its caches, and the certificate that Trino asks for.

Addresses come from the environment, secrets from files; where an operator has set something already, that stays.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

from weir.superset import settings
from weir.superset.event_log import EventLog
from weir.superset.groups import roles_of
from weir.superset.settings import *  # noqa: F403 - how Superset's configuration files build on each other

SECRETS = Path(os.environ.get("WEIR_SUPERSET_SECRETS_FOLDER", "/etc/weir/superset"))
TRINO_FOLDER = Path(os.environ.get("WEIR_TRINO_FOLDER", "/etc/weir/trino-client"))


def secret(name: str) -> str:
    """The secret in the file `name`; a missing file is an error at the start and not a default."""
    return (SECRETS / name).read_text(encoding="utf-8").strip()


def _service(prefix: str, scheme: str, user: str, password_file: str, database: str) -> str:
    """The address of PostgreSQL or Valkey, from `<prefix>_HOST` and `<prefix>_PORT`."""
    host, port = os.environ[f"{prefix}_HOST"], os.environ[f"{prefix}_PORT"]
    return f"{scheme}://{quote(user)}:{quote(secret(password_file), safe='')}@{host}:{port}/{database}"


GUEST_TOKEN_JWT_SECRET = secret("guest-token-secret")
CACHE_SECONDS = int(os.environ.get("WEIR_CACHE_SECONDS", "10"))
PUBLIC_URL = os.environ.get("WEIR_PUBLIC_URL", "")

# The ingress ends TLS; what it says of the visitor's connection is believed.
ENABLE_PROXY_FIX = True
SESSION_COOKIE_SECURE = PUBLIC_URL.startswith("https://")
TALISMAN_CONFIG = {
    **settings.TALISMAN_CONFIG,
    "force_https": False,  # probes come without TLS; the ingress sends people to https
    "session_cookie_secure": SESSION_COOKIE_SECURE,
}
RATELIMIT_ENABLED = True
AUTH_RATE_LIMITED = True
# The container runtime rotates what it writes, and the cluster's log collector keeps it.
EVENT_LOGGER = EventLog()

if (SECRETS / "previous-secret-key").exists():
    PREVIOUS_SECRET_KEY = secret("previous-secret-key")

if "WEIR_METADATA_HOST" in os.environ:
    SECRET_KEY = secret("secret-key")
    SQLALCHEMY_DATABASE_URI = _service(
        "WEIR_METADATA",
        "postgresql+psycopg2",
        os.environ["WEIR_METADATA_USER"],
        "metadata-password",
        os.environ["WEIR_METADATA_DATABASE"],
    )

if "WEIR_CACHE_HOST" in os.environ:
    _CACHE = _service("WEIR_CACHE", "redis", "default", "cache-password", "")

    def _cache(database: int, seconds: int) -> dict[str, Any]:
        return {
            "CACHE_TYPE": "RedisCache",
            "CACHE_REDIS_URL": f"{_CACHE}{database}",
            "CACHE_DEFAULT_TIMEOUT": seconds,
            "CACHE_KEY_PREFIX": "weir_",
        }

    CACHE_CONFIG = _cache(1, 300)
    DATA_CACHE_CONFIG = _cache(2, CACHE_SECONDS)
    FILTER_STATE_CACHE_CONFIG = _cache(3, 86_400)
    EXPLORE_FORM_DATA_CACHE_CONFIG = _cache(4, 86_400)
    RATELIMIT_STORAGE_URI = f"{_CACHE}5"

    class CeleryConfig:
        """Reports and thumbnails, where there are workers."""

        broker_url = f"{_CACHE}0"
        result_backend = f"{_CACHE}0"
        imports = ("superset.sql_lab", "superset.tasks.scheduler", "superset.tasks.thumbnails")

    CELERY_CONFIG = CeleryConfig

if "WEIR_SIGN_IN" in os.environ:
    from flask_appbuilder.security.manager import AUTH_OAUTH

    from weir.superset.sign_in import PROVIDER, SignInManager

    SIGN_IN = {
        **json.loads(os.environ["WEIR_SIGN_IN"]),
        "access_claims": json.loads(os.environ.get("WEIR_ACCESS_CLAIMS", "[]")),
    }
    CUSTOM_SECURITY_MANAGER = SignInManager
    AUTH_TYPE = AUTH_OAUTH
    # Else there is a form to register, and a role for everybody; the manager makes accounts itself.
    AUTH_USER_REGISTRATION = False
    AUTH_ROLES_SYNC_AT_LOGIN = True
    AUTH_ROLES_MAPPING = roles_of(SIGN_IN["groups"])
    OAUTH_PROVIDERS = [
        {
            "name": PROVIDER,
            "icon": "fa-key",
            "remote_app": {
                "client_id": SIGN_IN["client_id"],
                "client_secret": secret("sign-in-client-secret"),
                "client_kwargs": {
                    "scope": " ".join(SIGN_IN["scopes"]),
                    "code_challenge_method": "S256",
                    "default_timeout": 10,  # seconds; requests has none, and a thread would wait for ever
                },
                "server_metadata_url": f"{SIGN_IN['issuer_url'].rstrip('/')}/.well-known/openid-configuration",
            },
        }
    ]


def DB_CONNECTION_MUTATOR(  # noqa: N802 - Superset's name
    uri: Any, params: dict[str, Any], username: str | None, security_manager: Any, source: Any
) -> tuple[Any, dict[str, Any]]:
    """Shows Trino Superset's certificate and trusts the platform's authority alone."""
    if uri.drivername.startswith("trino") and (TRINO_FOLDER / "tls.crt").exists():
        # Loaded by Superset's own Python only.
        from requests import Session  # noqa: PLC0415
        from trino.auth import CertificateAuthentication  # noqa: PLC0415

        certificate, key = str(TRINO_FOLDER / "tls.crt"), str(TRINO_FOLDER / "tls.key")
        session = Session()
        session.verify = str(TRINO_FOLDER / "ca.crt")
        # Else REQUESTS_CA_BUNDLE, which images of companies set, would take the place of `verify`.
        session.trust_env = False
        params.setdefault("connect_args", {}).update(
            http_scheme="https", http_session=session, auth=CertificateAuthentication(certificate, key)
        )
    return uri, params
