"""The real API server takes every resource of every environment: schemas, CEL rules, Pod Security, no warning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from tests.cluster.api import Api, RefusedError, describe
from tests.cluster.doubles import readiness
from tests.cluster.flink_pods import flink_pod
from tests.renderings import KUBERNETES_STACKS, rendered
from tests.schemas import crd_folder
from tests.waiting import wait_until

from weir.components.own_certificates import Authority, authority_files
from weir.programs.recording import SECRET

if TYPE_CHECKING:
    from tests.cluster.cluster import Cluster

pytestmark = pytest.mark.cluster
ESTABLISHED_SECONDS = 60


@pytest.fixture(scope="module")
def api(kubernetes: Cluster) -> Api:
    """An API server that serves the custom resources of all operators."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for file in sorted(crd_folder().glob("*/*.y*ml")):
        for definition in yaml.load_all(file.read_text(encoding="utf-8"), loader):
            if definition:
                kubernetes.api.apply(definition)
                wait_until(
                    describe(definition), lambda d=definition: _is_served(kubernetes.api, d), ESTABLISHED_SECONDS
                )
    return kubernetes.api


def _encoded(manifest: dict[str, Any]) -> dict[str, Any]:
    """What stands for a secret is no base64, and no certificate: others are put in its place."""
    if manifest["kind"] != "Secret" or "data" not in manifest:
        return manifest
    assert set(manifest["data"].values()) == {SECRET}
    made = authority_files(Authority("seed", "test", "any"))
    return {**manifest, "data": {key: made.get(key) or made["tls.crt"] for key in manifest["data"]}}


def _is_served(api: Api, definition: Mapping[str, Any]) -> bool:
    live = api.read(definition)
    return live is not None and readiness.missing(api, live) is None


@pytest.mark.parametrize("stack", KUBERNETES_STACKS)
def test_the_api_server_takes_every_resource(stack: str, api: Api) -> None:
    manifests = [_encoded(resource.inputs) for resource in rendered(stack).manifests]
    _make_namespaces(api, manifests)
    problems = [problem for manifest in manifests for problem in _problems(api, manifest)]
    assert problems == []


@pytest.mark.parametrize("stack", KUBERNETES_STACKS)
def test_pod_security_admits_every_pod(stack: str, api: Api) -> None:
    manifests = [resource.inputs for resource in rendered(stack).manifests]
    _make_namespaces(api, manifests)
    pods = [pod for manifest in manifests for pod in _pods(manifest)]
    assert pods
    assert [problem for pod in pods for problem in _problems(api, pod)] == []


def test_a_pod_that_claims_too_much_is_refused_so_the_level_is_enforced(api: Api) -> None:
    manifests = [resource.inputs for resource in rendered("prod").manifests]
    _make_namespaces(api, manifests)
    pod = next(pod for manifest in manifests for pod in _pods(manifest))
    pod["spec"]["containers"][0]["securityContext"] = {"privileged": True}
    with pytest.raises(RefusedError, match="violates PodSecurity"):
        api.apply(pod, dry_run=True)


def test_a_misspelt_field_of_a_custom_resource_is_refused_by_its_name(api: Api) -> None:
    manifests = [resource.inputs for resource in rendered("dev").manifests]
    _make_namespaces(api, manifests)
    kafka = next(manifest for manifest in manifests if manifest["kind"] == "Kafka")
    broken = {**kafka, "spec": {**kafka["spec"], "kafak": {}}}
    with pytest.raises(RefusedError, match=r"spec\.kafak"):
        api.apply(broken, dry_run=True)


def _make_namespaces(api: Api, manifests: list[dict[str, Any]]) -> None:
    """Really made, with their Pod Security levels: the rest is only tried in them."""
    for manifest in manifests:
        if manifest["kind"] == "Namespace":
            api.apply(manifest)
            account = {"apiVersion": "v1", "kind": "ServiceAccount"}
            metadata = {"name": "default", "namespace": manifest["metadata"]["name"]}
            wait_until("the account of its pods", lambda a={**account, "metadata": metadata}: bool(api.read(a)), 30)


def _problems(api: Api, manifest: dict[str, Any]) -> Iterator[str]:
    try:
        applied = api.apply(manifest, dry_run=True)
    except RefusedError as refused:
        yield str(refused)
    else:
        yield from (f"{describe(manifest)}: {warning}" for warning in applied.warnings)


def _pods(manifest: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The pod that a workload's controller would make; its account need not exist for its security to be judged."""
    spec = manifest.get("spec") or {}
    match manifest["kind"]:
        case "DaemonSet" | "Deployment" | "Job":
            pods = [spec["template"]["spec"]]
        case "StatefulSet":
            pods = [_with_claims(spec)]
        case "CronJob":
            pods = [spec["jobTemplate"]["spec"]["template"]["spec"]]
        case "FlinkDeployment":
            pods = [flink_pod(spec, role) for role in ("jobManager", "taskManager")]
        case _:
            pods = []
    metadata = manifest["metadata"]
    for pod in pods:
        yield {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": metadata["name"], "namespace": metadata["namespace"]},
            "spec": {key: value for key, value in pod.items() if key != "serviceAccountName"},
        }


def _with_claims(spec: dict[str, Any]) -> dict[str, Any]:
    """The controller adds a volume for each claim."""
    pod = spec["template"]["spec"]
    claims = [{"name": claim["metadata"]["name"], "emptyDir": {}} for claim in spec.get("volumeClaimTemplates") or ()]
    return {**pod, "volumes": [*(pod.get("volumes") or ()), *claims]}
