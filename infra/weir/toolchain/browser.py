"""The browser that tests look at dashboards with: Debian's Chromium."""

from __future__ import annotations

import shutil
from pathlib import Path

from weir.config.errors import WeirError
from weir.toolchain.debian_packages import apt_install, can_install

NAMES = ("chromium", "chromium-browser", "google-chrome")


def find_or_install_chromium() -> Path:
    """The browser's program, installed from Debian when it is missing and this is root.

    Raises:
        WeirError: there is none and it cannot be installed.
    """
    found = _find()
    if found is None and can_install():
        apt_install(("chromium",))
        found = _find()
    if found is None:
        raise WeirError("the browser tests need Chromium; install it (Debian: apt-get install chromium)")
    return found


def _find() -> Path | None:
    paths = (shutil.which(name) for name in NAMES)
    return next((Path(path) for path in paths if path), None)
