"""The policy pack's rules, imported as Pulumi does: from their own folder."""

from __future__ import annotations

import sys

from weir.config.repository import REPOSITORY

PACK = REPOSITORY / "infra" / "policy"
if str(PACK) not in sys.path:
    sys.path.insert(0, str(PACK))

import pod_rules  # noqa: E402
import pods  # noqa: E402
import rules  # noqa: E402
from resources import DATA_LABEL, ENVIRONMENT_LABEL, OWNER_LABEL, Resource  # noqa: E402

__all__ = ["DATA_LABEL", "ENVIRONMENT_LABEL", "OWNER_LABEL", "PACK", "Resource", "pod_rules", "pods", "rules"]
