# pyright: reportMissingImports=false
"""Makes Superset's metadata database, or brings it to this version; run by Superset's own Python.

`superset db upgrade` and `superset init` in one process: loading Superset is half of what either takes.
"""

from __future__ import annotations

from flask_migrate import upgrade
from superset.app import create_app
from superset.extensions import appbuilder, db, security_manager


def main() -> None:
    """Does both in an application of its own."""
    with create_app().app_context():
        migrate()


def migrate() -> None:
    """Migrates the tables, then writes the built-in roles and their permissions."""
    upgrade()
    appbuilder.add_permissions(update_perms=True)
    security_manager.sync_role_definitions()
    db.session.commit()


def re_encrypt(previous_key: str | None) -> None:
    """Encrypts with the present key what is encrypted with the previous one; what already is stays as it is."""
    if previous_key is not None:
        # Superset's models, which it looks through, are there only when the application is.
        from superset.utils.encrypt import SecretsMigrator  # noqa: PLC0415

        SecretsMigrator(previous_secret_key=previous_key).run()


if __name__ == "__main__":
    main()
