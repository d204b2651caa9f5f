"""A workload and what is made of it, for tests of the one way to run a pod."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.components.serving import PROD, made_by, one, schema_problems

from weir.components.base import Component, Site
from weir.components.images import Image
from weir.components.pods import tmp_mount, tmp_volume
from weir.components.workload import Claim, Workload, deployment
from weir.programs.recording import Recorded
from weir.sizing.plan import PodSize

REFERENCE = "registry.example.org/some@sha256:" + "a" * 64
SERVER = Workload(
    name="server",
    component="thing",
    container="main",
    image=Image(REFERENCE, "Always", ("one", "two")),
    user_id=1234,
    size=PodSize(0.5, 640),
    ports={"http": 8080},
    volumes=[tmp_volume()],
    mounts=[tmp_mount()],
)
CLAIM = Claim("data", 7, "fast")
LABELS = {"app.kubernetes.io/name": "server"}


class Thing(Component):
    def __init__(self, site: Site, build: Callable[[Component], object]) -> None:
        super().__init__("test:Thing", "thing", site)
        build(self)
        self.register_outputs({})


def made(build: Callable[[Component], object], site: Site = PROD) -> dict[str, Recorded]:
    found = made_by(lambda: Thing(site, build))
    assert schema_problems(found) == []
    return found


def deployed(workload: Workload = SERVER, site: Site = PROD, **options: Any) -> dict[str, Any]:
    return one(made(lambda parent: deployment(parent, workload, **options), site), "Deployment/server")["spec"]


def pod(workload: Workload = SERVER, site: Site = PROD) -> dict[str, Any]:
    return deployed(workload, site)["template"]["spec"]


def container(workload: Workload = SERVER, site: Site = PROD) -> dict[str, Any]:
    (only,) = pod(workload, site)["containers"]
    return only
