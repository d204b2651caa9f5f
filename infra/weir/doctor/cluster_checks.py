"""The cluster itself: its version, the kinds of custom resources that it serves, and the operators behind them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from weir.config import versions
from weir.config.image_references import repository
from weir.config.kubernetes import FlinkOperatorProvider
from weir.config.operators import CERT_MANAGER, charts_of, operators_namespace
from weir.config.security import CertificateSource
from weir.config.versions import CHARTS, CRDS, Chart
from weir.doctor.findings import Check, Finding, Maker, State, graded
from weir.doctor.needs import Needs
from weir.doctor.snapshot import Document, Snapshot, containers, labels_of, name_of, namespace_of

VERSION_LABEL = "app.kubernetes.io/version"
CHART_LABELS = ("helm.sh/chart", "chart")
WATCHING = ("STRIMZI_NAMESPACE", "WATCH_NAMESPACE")
"""The variables by which the charts of Strimzi and K8ssandra say which namespaces an operator looks after."""
IMAGES = {
    CERT_MANAGER: "cert-manager-controller",
    "strimzi-kafka-operator": "strimzi/operator",
    "k8ssandra-operator": "k8ssandra-operator",
    "flink-kubernetes-operator": "flink-kubernetes-operator",
    "superset-operator": "superset-kubernetes-operator",
}
"""Chart -> how the image's name ends that it runs, wherever it is pulled from."""
CRD_OPERATORS = {
    "strimzi": "strimzi-kafka-operator",
    "k8ssandra-operator": "k8ssandra-operator",
    "cass-operator": "k8ssandra-operator",
    "flink-kubernetes-operator": "flink-kubernetes-operator",
    "superset-kubernetes-operator": "superset-operator",
    CERT_MANAGER: CERT_MANAGER,
}
"""The owner of a CRD, as `versions.CRDS` calls it -> the chart that brings it; the others weir never installs."""


@dataclass(frozen=True)
class Cluster:
    """A stack, and the cluster that it is meant for."""

    needs: Needs
    snapshot: Snapshot


def _version(cluster: Cluster) -> Iterator[Finding]:
    told = cluster.snapshot.document("version") or {}
    text = f"{told.get('major', '?')}.{str(told.get('minor', '?')).rstrip('+')}"
    found = _minor(text)
    if found is None:
        yield Finding("Kubernetes", State.WARNING, f"its version {text} is not understood", "", None)
    elif found < (_minor(versions.KUBERNETES_OLDEST) or 0):
        remedy = f"upgrade it to {versions.KUBERNETES_OLDEST} or newer"
        yield Finding("Kubernetes", State.MISSING, f"{text} is older than the operators support", remedy, Maker.CLUSTER)
    elif found < (_minor(versions.KUBERNETES_TESTED) or 0):
        remedy = f"nothing; weir is tested on {versions.KUBERNETES_TESTED}"
        yield Finding("Kubernetes", State.WARNING, f"{text} is older than what weir is tested on", remedy)
    else:
        yield Finding("Kubernetes", State.OK, text)


def _minor(version: str) -> int | None:
    major, _, minor = version.partition(".")
    return int(minor) if major == "1" and minor.isdigit() else None


def _kinds(cluster: Cluster) -> Iterator[Finding]:
    """The kinds that must be served before `up`; those that a chart of weir's brings come with it."""
    yield from graded("custom resources", _missing_kinds(cluster), "every kind that is needed beforehand is served")


def _missing_kinds(cluster: Cluster) -> Iterator[Finding]:
    stack = cluster.needs.stack
    brought = {chart.name for chart in charts_of(stack)} if stack.operators.install else set()
    if stack.operators.flink is FlinkOperatorProvider.PLAIN:
        brought.add("flink-kubernetes-operator")  # checked by itself, for its remedy is another
    for kind in sorted(cluster.needs.kinds):
        crd = CRDS[kind]
        if CRD_OPERATORS.get(crd.operator) not in brought and kind not in cluster.snapshot.kinds(crd.api_version):
            yield Finding(
                "custom resources",
                State.MISSING,
                f"{kind} of {crd.api_version} is not served",
                f"install {crd.operator} {crd.release}{_without(kind)}",
                Maker.CLUSTER,
            )


def _without(kind: str) -> str:
    """How to do without a kind that is a convenience."""
    settings = {"PodMonitor": "pod_monitors", "PrometheusRule": "alerts"}
    return f", or set observability.{settings[kind]} to false" if kind in settings else ""


def _operators(cluster: Cluster) -> Iterator[Finding]:
    """Operators that others run must be there and look here; those that weir is to install must be there only once."""
    yield from graded("operators", _operator_problems(cluster), _operators_fine(cluster.needs))


def _operators_fine(needs: Needs) -> str:
    where = operators_namespace(needs.stack)
    return f"`up` installs them in {where}" if needs.stack.operators.install else f"all run in {where}"


def _operator_problems(cluster: Cluster) -> Iterator[Finding]:
    stack = cluster.needs.stack
    deployments = cluster.snapshot.items("deployments")
    installed = charts_of(stack) if stack.operators.install else []
    for chart in installed:
        yield from _second_install(stack.operators.install_cert_manager, chart, deployments, operators_namespace(stack))
    for chart in _of_others(cluster.needs):
        yield from _foreign(cluster.needs, chart, deployments)


def _of_others(needs: Needs) -> list[Chart]:
    """The operators that the stack needs and does not install, cert-manager among them."""
    stack = needs.stack
    if not stack.operators.install:
        wanted = charts_of(stack)
        certified = stack.security.certificates is CertificateSource.CERT_MANAGER
        missing = certified and CERT_MANAGER not in {chart.name for chart in wanted}
        return [*([CHARTS[CERT_MANAGER]] if missing else []), *wanted]
    own = stack.operators.install_cert_manager or stack.security.certificates is not CertificateSource.CERT_MANAGER
    return [] if own else [CHARTS[CERT_MANAGER]]


def _second_install(
    also_cert_manager: bool, chart: Chart, deployments: list[Document], namespace: str
) -> Iterator[Finding]:
    for deployment in deployments:
        elsewhere = namespace_of(deployment)
        if not _runs(chart, deployment) or elsewhere == namespace:
            continue
        remedy = f"set operators: {{install: false, namespace: {elsewhere}}}"
        if chart.name == CERT_MANAGER and also_cert_manager:
            remedy = "set operators.install_cert_manager to false"
        yield Finding(
            "operators",
            State.MISSING,
            f"{chart.name} runs in {elsewhere} already; a second one would take over its cluster-wide objects",
            remedy,
            Maker.YOU,
        )


def _foreign(needs: Needs, chart: Chart, deployments: list[Document]) -> Iterator[Finding]:
    """An operator of another team: it is there, where network policies expect it, of our version, and looks here."""
    found = [deployment for deployment in deployments if _runs(chart, deployment)]
    expected = operators_namespace(needs.stack)
    if not found:
        remedy = f"install the chart {chart.name} {chart.version}, with the values of helm-values/{chart.name}.yaml"
        yield Finding("operators", State.MISSING, f"no {chart.name} runs", remedy, Maker.CLUSTER)
        return
    if chart.name != CERT_MANAGER and expected not in {namespace_of(deployment) for deployment in found}:
        there = namespace_of(found[0])
        yield Finding(
            "operators",
            State.MISSING,
            f"{chart.name} runs in {there}, and network policies admit {expected}",
            f"set operators.namespace to {there}",
            Maker.YOU,
        )
    for deployment in found:
        yield from _condition(needs, chart, deployment)


def _condition(needs: Needs, chart: Chart, deployment: Document) -> Iterator[Finding]:
    if not (deployment.get("status") or {}).get("availableReplicas"):
        command = f"kubectl -n {namespace_of(deployment)} describe deployment {name_of(deployment)}"
        yield Finding("operators", State.MISSING, f"{chart.name} is not available", command, Maker.CLUSTER)
    version = _version_of(deployment, chart)
    if version != chart.version.removeprefix("v"):
        yield Finding(
            "operators",
            State.WARNING,
            f"{chart.name} is {version or 'of an unknown version'}; weir is checked against {chart.version}",
            f"upgrade it to {chart.version}",
            Maker.CLUSTER,
        )
    watched = _watched(deployment)
    if watched is not None and needs.namespace not in watched:
        yield Finding(
            "operators",
            State.MISSING,
            f"{chart.name} does not look after the namespace {needs.namespace}",
            "let it watch every namespace (operators.watch_all_namespaces where weir installs it)",
            Maker.CLUSTER,
        )


def _runs(chart: Chart, deployment: Document) -> bool:
    ending = IMAGES[chart.name]
    names = [repository(str(container.get("image", ""))) for container in containers(deployment)]
    return any(name == ending or name.endswith(f"/{ending}") for name in names)


def _version_of(deployment: Document, chart: Chart) -> str | None:
    """By the labels of its chart, for an image's tag may be a commit (Flink's); else by that tag."""
    labels = labels_of(deployment)
    if told := labels.get(VERSION_LABEL):
        return told.removeprefix("v")
    for label in CHART_LABELS:
        if (told := labels.get(label, "")).startswith(f"{chart.name}-"):
            return told.removeprefix(f"{chart.name}-").removeprefix("v")
    tags = [str(container.get("image", "")).partition("@")[0] for container in containers(deployment)]
    named = [tag.removeprefix(repository(tag)).removeprefix(":") for tag in tags if _ends(tag, chart)]
    return named[0].removeprefix("v") if named and named[0] else None


def _ends(image: str, chart: Chart) -> bool:
    return repository(image).endswith(IMAGES[chart.name])


def _watched(deployment: Document) -> set[str] | None:
    """The namespaces that an operator says it looks after; None for all of them, or where it does not say."""
    for container in containers(deployment):
        for variable in container.get("env") or ():
            if variable["name"] not in WATCHING:
                continue
            if "valueFrom" in variable:
                return {namespace_of(deployment)}
            value = str(variable.get("value") or "*")
            return None if value == "*" else {name.strip() for name in value.split(",")}
    return None


def _issuer(cluster: Cluster) -> Iterator[Finding]:
    name = cluster.needs.stack.security.certificate_issuer
    if name is None:
        return
    if cluster.snapshot.document("issuer") is None:
        remedy = "create it, or remove security.certificate_issuer for a CA of weir's own"
        yield Finding("certificates", State.MISSING, f"there is no ClusterIssuer {name}", remedy, Maker.CLUSTER)
    else:
        yield Finding("certificates", State.OK, f"the ClusterIssuer {name} is there")


def _plain_flink(cluster: Cluster) -> Iterator[Finding]:
    """Weir's own Deployment of Flink's operator brings no CRDs."""
    if cluster.needs.stack.operators.flink is FlinkOperatorProvider.PLAIN:
        crd = CRDS["FlinkDeployment"]
        if "FlinkDeployment" in cluster.snapshot.kinds(crd.api_version):
            yield Finding("Flink's CRDs", State.OK, "served")
            return
        yield Finding(
            "Flink's CRDs",
            State.MISSING,
            f"FlinkDeployment of {crd.api_version} is not served, and operators.flink: plain brings no CRDs",
            "unzip -p ~/.cache/weir/flink-operator-*/flink-kubernetes-operator-api-*.jar "
            "'META-INF/fabric8/*-v1.yml' | kubectl apply --server-side -f -",
            Maker.YOU,
        )


CHECKS: tuple[Check[Cluster], ...] = (
    Check("Kubernetes", _version),
    Check("custom resources", _kinds),
    Check("Flink's CRDs", _plain_flink),
    Check("operators", _operators),
    Check("certificates", _issuer),
)
