"""`weir doctor --stack prod`: asks the stack file, the cloud and the cluster, and lets the checks judge."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import httpx

from weir.catalog.environment import Environment, load_environment
from weir.clients.kubernetes import KubernetesRefusedError
from weir.config.errors import ConfigError, WeirError, read_yaml
from weir.config.repository import REPOSITORY
from weir.config.security import SecretName
from weir.config.stack import load_stack
from weir.config.versions import CRDS
from weir.config.yaml_text import written
from weir.doctor import (
    bucket_encryption,
    capacity_checks,
    cluster_checks,
    existing_kafka,
    network_checks,
    outside,
    storage_checks,
)
from weir.doctor.cluster_checks import Cluster
from weir.doctor.findings import Finding, Maker, State, findings
from weir.doctor.needs import Needs
from weir.doctor.outside import Outside
from weir.doctor.snapshot import Document, Snapshot
from weir.programs.rendering import render
from weir.sizing import PlatformPlan, plan_for
from weir.sizing.lock import LockFile, LockRefused, lock_of, locked_plan

CLUSTER_CHECKS = (
    *cluster_checks.CHECKS,
    *storage_checks.CHECKS,
    *capacity_checks.CHECKS,
    *network_checks.CHECKS,
)
OUTSIDE_SECONDS = 15


class Api(Protocol):
    """What `gather` needs of a cluster's client."""

    def get(self, path: str) -> Document | None:
        """The document at a path; None where there is none."""


Connect = Callable[[Path | None, str | None], Api]


def examine(stack_file: Path, connect: Connect, environment: Mapping[str, str]) -> list[Finding]:
    """Everything that can be found out for one stack; a stack that weir refuses is all that is said of it."""
    document = read_yaml(stack_file)
    try:
        needs, found = needs_of(stack_file, document)
    except WeirError as refused:
        problems = refused.problems if isinstance(refused, ConfigError) else [str(refused)]
        return [Finding("stack file", State.MISSING, problem, "", Maker.YOU) for problem in problems]
    snapshot = None
    try:
        snapshot = gather(connect(*_context(document, stack_file)), needs)
    except WeirError as unreachable:
        command = "kubectl cluster-info"
        found.append(Finding("cluster", State.MISSING, str(unreachable), command, Maker.CLUSTER))
    found += findings(outside.CHECKS, ask_outside(needs, snapshot, environment))
    if needs.stack.kafka.existing:
        pipelines = load_environment(REPOSITORY / "pipelines", needs.stack).pipelines
        found += existing_kafka.examine(needs.stack, pipelines, environment)
    return found + (findings(CLUSTER_CHECKS, Cluster(needs, snapshot)) if snapshot else [])


def needs_of(stack_file: Path, document: Mapping[str, Any]) -> tuple[Needs, list[Finding]]:
    """What the stack needs, and the secrets that a person has yet to give: everything else can be said without them.

    Raises:
        WeirError: the stack is refused for another reason.
    """
    missing = _missing_secrets(stack_file)
    with TemporaryDirectory(prefix="weir-doctor-") as folder:
        file = Path(folder) / stack_file.name
        given = {f"weir:{name}": {"secure": ""} for name in missing}
        file.write_text(written({**document, "config": {**document["config"], **given}}), encoding="utf-8")
        stack = load_stack(file)
        environment = load_environment(REPOSITORY / "pipelines", stack)
        plan, plan_finding = _plan(LockFile.of(stack_file), environment)
        # What is committed may be missing or stale, which is told; the rest can be said all the same.
        LockFile.of(file).write(lock_of(environment, plan, None, date.today()), plan)
        rendering = render(file)
    needs = Needs.of(stack, plan, [entry.inputs for entry in rendering.manifests])
    found = [plan_finding]
    found += [
        Finding("secrets", State.MISSING, problem, f"pulumi config set --secret weir:{name}", Maker.YOU)
        for name, problem in missing.items()
    ]
    return needs, found if missing else [*found, Finding("secrets", State.OK, "all that the stack needs are given")]


def _plan(file: LockFile, environment: Environment) -> tuple[PlatformPlan, Finding]:
    """The plan on top of the committed one, and whether `pulumi up` takes that."""
    try:
        plan = locked_plan(environment, file)
    except LockRefused as refused:
        lock = file.read()
        command = f"weir size --stack {file.stack} --write"
        finding = Finding("plan", State.MISSING, str(refused).partition(";")[0], command, Maker.YOU)
        return plan_for(environment, lock and lock.standing), finding
    told = f"{file.path.name} is current" if file.path.exists() else "needs no lock file"
    return plan, Finding("plan", State.OK, told)


def _missing_secrets(stack_file: Path) -> dict[str, str]:
    """Secret -> what is wrong.

    Raises:
        ConfigError: more than secrets is missing.
    """
    try:
        load_stack(stack_file)
    except ConfigError as refused:
        found = {problem.partition(":")[0]: problem.partition(": ")[2] for problem in refused.problems}
        if not set(found) <= set(SecretName):
            raise
        return {name: told.partition(". Run")[0] for name, told in found.items()}
    return {}


def _context(document: Mapping[str, Any], stack_file: Path) -> tuple[Path | None, str | None]:
    """The kubeconfig and context that Pulumi's provider takes, where the stack file names them."""
    settings = document["config"]
    kubeconfig = settings.get("kubernetes:kubeconfig")
    path = Path(kubeconfig).expanduser() if isinstance(kubeconfig, str) and "\n" not in kubeconfig else None
    return (stack_file.parent / path if path else None), settings.get("kubernetes:context")


def gather(api: Api, needs: Needs) -> Snapshot:
    """Asks the cluster for all that the checks look at.

    Raises:
        WeirError: it does not answer.
    """
    documents: dict[str, Document | None] = {}
    refused: dict[str, str] = {}
    for name, path in _requests(needs).items():
        try:
            documents[name] = api.get(path)
        except KubernetesRefusedError as error:
            refused[name] = f"{error}; ask for the right to read {path}"
    return Snapshot(documents, refused)


def _requests(needs: Needs) -> dict[str, str]:
    kinds = {CRDS[kind].api_version for kind in needs.kinds} | {CRDS["FlinkDeployment"].api_version}
    issuer = needs.stack.security.certificate_issuer
    return {
        "version": "/version",
        "groups": "/apis",
        **{api_version: f"/apis/{api_version}" for api_version in sorted(kinds)},
        "storage classes": "/apis/storage.k8s.io/v1/storageclasses",
        "nodes": "/api/v1/nodes",
        "pods": "/api/v1/pods",
        "services": "/api/v1/services",
        "deployments": "/apis/apps/v1/deployments",
        "daemonsets": "/apis/apps/v1/daemonsets",
        "quotas": f"/api/v1/namespaces/{needs.namespace}/resourcequotas",
        **({"issuer": f"/apis/cert-manager.io/v1/clusterissuers/{issuer}"} if issuer else {}),
    }


def ask_outside(needs: Needs, snapshot: Snapshot | None, environment: Mapping[str, str]) -> Outside:
    """The bucket, the registries and Pulumi."""
    store = needs.stack.storage.object_storage
    with httpx.Client(timeout=OUTSIDE_SECONDS) as client:
        return Outside(
            store=store,
            bucket=outside.ask_bucket(store, client) if store else None,
            images=outside.ask_images(needs.images, client),
            pulumi=outside.ask_pulumi(environment),
            on_nodes=_on_nodes(snapshot) if snapshot else frozenset(),
            pull_secrets=tuple(needs.stack.images.pull_secrets),
            bucket_default=bucket_encryption.ask_default(store, environment) if store and store.encryption else None,
        )


def _on_nodes(snapshot: Snapshot) -> frozenset[str]:
    nodes = (snapshot.documents.get("nodes") or {}).get("items") or ()
    return frozenset(
        name for node in nodes for image in node["status"].get("images") or () for name in image.get("names") or ()
    )
