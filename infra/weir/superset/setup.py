# pyright: reportMissingImports=false
"""What runs before people come: tables and roles, encrypted with this key, the administrator, dashboards, readers.

It works inside Superset and not through its login, so it does not matter how people log in. It may run at any time and
any number of times: an import overwrites what has the same UUID and adds the rest.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from superset.app import create_app

from weir.superset.administrator import see_to_administrator
from weir.superset.metadata import migrate, re_encrypt
from weir.superset.readers import see_to_readers

READERS = "readers.json"
ACCESS = "access.json"
"""Only where a pipeline has rules of access; without the file, rules of earlier deployments go."""
# A ConfigMap's keys hold no slash.
SLASH = "__"


def main() -> None:
    """Runs the parts that the arguments ask for."""
    parser = argparse.ArgumentParser(prog="python -m weir.superset.setup", description=__doc__)
    parser.add_argument("--migrate", action="store_true", help="first migrate the metadata database to this version")
    parser.add_argument("--password-file", type=Path, required=True, help="the administrator's password")
    parser.add_argument(
        "--assets", type=Path, required=True, help=f"folder with charts__name.yaml and the other assets, and {READERS}"
    )
    options = parser.parse_args()
    app = create_app()
    with app.app_context():
        if options.migrate:
            migrate()
        re_encrypt(app.config.get("PREVIOUS_SECRET_KEY"))
        administrator = see_to_administrator(app, options.password_file.read_text(encoding="utf-8").strip())
        import_assets(administrator, options.assets)
        access = options.assets / ACCESS
        limits = json.loads(access.read_text(encoding="utf-8")) if access.exists() else {}
        see_to_readers(json.loads((options.assets / READERS).read_text(encoding="utf-8")), limits)


def import_assets(administrator: object, folder: Path) -> None:
    """Imports every asset in `folder` as the administrator."""
    from superset.commands.importers.v1.assets import ImportAssetsCommand  # noqa: PLC0415 - needs the app's context
    from superset.utils.core import override_user  # noqa: PLC0415

    contents = {
        path.name.replace(SLASH, "/"): path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.yaml"))
    }
    with override_user(administrator):
        ImportAssetsCommand(contents).run()


if __name__ == "__main__":
    main()
