"""What tests of Cassandra, Trino and Superset share: plans, a site, and looking at what is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests import schemas
from tests.policy.rules_under_test import Resource, rules

from weir.catalog.database import database_of
from weir.catalog.pipeline import load_pipeline
from weir.components.base import Site
from weir.components.certificates import CertificateAuthority, CertificateAuthorityArgs
from weir.components.images import Image
from weir.config import versions
from weir.config.repository import REPOSITORY
from weir.programs.recording import Recorded, record
from weir.sizing.plan import CassandraPlan, NodeSize, PodSize, SupersetPlan, TrinoPlan

FLIGHTS = load_pipeline(REPOSITORY / "pipelines" / "flights")
DIGEST = "@sha256:" + "a" * 64
IMAGE = Image(f"registry.example.org/weir/image{DIGEST}", pull_secrets=("pull",))
PROD = Site(environment="prod", namespace="weir-prod", owner="data-platform", keep_data=True, zones=3)
DEV = Site(environment="dev", namespace="weir-dev", owner="data-platform", keep_data=False)

CASSANDRA = CassandraPlan(
    datacenter="dc1",
    racks=("zone-a", "zone-b", "zone-c"),
    nodes_per_rack=2,
    node=NodeSize(cpu_cores=4, memory_mib=16384, heap_mib=8192, disk_gib=500),
    replication_factor=3,
    tokens_per_node=16,
    tables=FLIGHTS.tables,
    stored_gib_per_node=100,
)
SMALL_CASSANDRA = CassandraPlan("dc1", ("zone-a",), 1, NodeSize(1, 2048, 1024, disk_gib=20), 1, 16, FLIGHTS.tables, 5)
DATABASE = database_of([FLIGHTS], {"dc1": 3}, with_roles=True)
TRINO = TrinoPlan(PodSize(2, 8192, 6144), 2, PodSize(4, 16384, 12288), 4096)
SUPERSET = SupersetPlan(
    2, PodSize(1, 2048), 2, 8, 1, PodSize(0.5, 1024), NodeSize(0.5, 1024, disk_gib=10), PodSize(0.25, 512)
)


def authority(site: Site) -> CertificateAuthority:
    return CertificateAuthority(site, CertificateAuthorityArgs(versions.CRDS["Certificate"].api_version))


def made_by(program: Callable[[], object]) -> dict[str, Recorded]:
    """What `program` makes, as `Kind/name`; components as their type."""
    return {
        f"{entry.inputs['kind']}/{entry.name}" if entry.custom else entry.type: entry
        for entry in record(program, "test")
    }


def one(made: dict[str, Recorded], key: str) -> dict[str, Any]:
    """The inputs of one resource."""
    assert key in made, sorted(made)
    return made[key].inputs


def schema_problems(made: dict[str, Recorded]) -> list[str]:
    """How what was made breaks its schemas."""
    return [
        f"{key}: {problem}" for key, entry in made.items() if entry.custom for problem in schemas.problems(entry.inputs)
    ]


def policy_problems(made: dict[str, Recorded]) -> list[str]:
    """How what was made breaks the policy pack's rules."""
    resources = [
        Resource(entry.type, entry.name, entry.inputs, entry.protect) for entry in made.values() if entry.custom
    ]
    return [str(violation) for violation in rules.violations(resources)]


def depends_on(made: dict[str, Recorded], later: str, earlier: str) -> bool:
    """Whether `later` is made after `earlier`, directly or by way of others."""
    by_urn = {entry.urn: entry for entry in made.values()}
    target, seen, waiting = made[earlier].urn, set[str](), [made[later].urn]
    while waiting:
        entry = by_urn.get(waiting.pop())
        if entry is None or entry.urn in seen:
            continue
        seen.add(entry.urn)
        if target in entry.dependencies:
            return True
        waiting += entry.dependencies
    return False
