"""One stack's needs, rendered once, and what the checks say of them on a cluster that a test describes."""

from __future__ import annotations

from functools import cache
from typing import Any

from tests.doctor.api_server import Documents, complete
from tests.renderings import rendered
from tests.sizing.stacks import merged

from weir.catalog.environment import load_environment
from weir.config.errors import read_yaml
from weir.config.repository import REPOSITORY, stack_file
from weir.config.stack import StackConfig, load_stack
from weir.doctor.cluster_checks import Cluster
from weir.doctor.examination import CLUSTER_CHECKS, gather
from weir.doctor.findings import Finding, State, findings
from weir.doctor.needs import Needs
from weir.sizing import plan_for

CLASSES = "/apis/storage.k8s.io/v1/storageclasses"


@cache
def needs(stack: str = "prod") -> Needs:
    settings = load_stack(stack_file(stack))
    manifests = [entry.inputs for entry in rendered(stack).manifests]
    return Needs.of(settings, plan_for(load_environment(REPOSITORY / "pipelines", settings)), manifests)


def needs_with(changes: dict[str, Any], stack: str = "prod") -> Needs:
    """The same needs with other settings; the plan and the manifests stay."""
    document = read_yaml(stack_file(stack))["config"]
    settings = {name.removeprefix("weir:"): value for name, value in document.items()}
    changed = StackConfig.model_validate(merged(settings, changes))
    known = needs(stack)
    return Needs(changed, known.plan, known.kinds, known.images)


class Given:
    """A cluster's client whose answers are given."""

    def __init__(self, documents: Documents) -> None:
        self.documents = documents

    def get(self, path: str) -> Any:
        return self.documents.get(path)


def judged(documents: Documents | None = None, of: Needs | None = None) -> list[Finding]:
    wanted = of or needs()
    return findings(CLUSTER_CHECKS, Cluster(wanted, gather(Given(documents or complete()), wanted)))


def problems(found: list[Finding]) -> list[tuple[str, str]]:
    """About and state of all that is not fine."""
    return [(finding.about, finding.state.value) for finding in found if finding.state is not State.OK]


def only(found: list[Finding], about: str) -> Finding:
    (one,) = [finding for finding in found if finding.about == about and finding.state is not State.OK]
    return one


def without(documents: dict[str, Any]) -> Documents:
    """A complete cluster, but for `documents` in place of its own."""
    return complete() | documents


VOLUMES = f"storage class of {', '.join(needs().storage_classes())}"
