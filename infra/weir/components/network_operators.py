"""Who may talk to the operators, and whom they may talk to: an operator has rights in every namespace that it watches.

Ports and labels are those of the pinned charts: strimzi-kafka-operator, k8ssandra-operator and its cass-operator,
flink-kubernetes-operator, superset-operator and cert-manager, in their Deployments.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from weir.components.network_endpoints import OUTSIDE, Endpoint, endpoints
from weir.components.network_flows import API_SERVER, HTTPS, Flow
from weir.config.operators import CERT_MANAGER, charts_of
from weir.config.stack import StackConfig

WEBHOOKS = (9443, 10250)
"""Of the operators; and of cert-manager."""
METRICS = (8080, 8443, 9249, 9402)
"""Of Strimzi; of those that are made with controller-runtime; of Flink's; of cert-manager."""
SERVED = {
    "strimzi-kafka-operator": (8083, 8443, 9090, 9091, 9093),
    "k8ssandra-operator": (8080, 50051),
    "flink-kubernetes-operator": (8081,),
    "superset-operator": (8088,),
}
"""Chart -> where its operator connects to the pods that it makes."""


def operator_flows(stack: StackConfig) -> list[Flow]:
    """Every flow of the operators' namespace, in the order of their names."""
    return sorted(_flows(stack), key=lambda flow: flow.name)


def _flows(stack: StackConfig) -> Iterator[Flow]:
    sides, charts = endpoints(stack), {chart.name for chart in charts_of(stack)}
    everywhere = stack.operators.watch_all_namespaces
    watched = Endpoint(
        "the pods that they make",
        namespaces=() if everywhere else (stack.kubernetes.name_prefix,),
        every_namespace=everywhere,
    )
    dns = tuple(stack.security.network.dns.ports)
    yield Flow("operators-dns", sides.everyone, sides.dns, dns, "names of services", udp=True)
    yield Flow("operators-kubernetes", sides.everyone, sides.kubernetes, API_SERVER, "what they watch and make")
    # The API server comes from a node, from an address of the provider's, or through a pod that tunnels.
    caller = replace(sides.kubernetes, namespaces=("kube-system",))
    yield Flow("operators-webhooks", caller, sides.everyone, WEBHOOKS, "custom resources are checked, over TLS")
    yield Flow("operators-metrics", sides.monitoring, sides.everyone, METRICS, "Prometheus reads what they measure")
    if ports := tuple(sorted({port for chart in charts for port in SERVED.get(chart, ())})):
        yield Flow("operators-pods", sides.everyone, watched, ports, "brokers, nodes, jobs and dashboards are managed")
    if CERT_MANAGER in charts:
        pods = Endpoint(CERT_MANAGER, pods=((("app.kubernetes.io/name", CERT_MANAGER),),))
        yield Flow("operators-issuers", pods, OUTSIDE, (HTTPS,), "an issuer of certificates outside")
