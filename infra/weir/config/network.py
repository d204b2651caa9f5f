"""Where a cluster keeps what pods must reach beyond the platform: DNS, the API server, object storage, identities."""

from __future__ import annotations

from enum import StrEnum
from ipaddress import ip_network
from typing import Annotated

from pydantic import AfterValidator, Field

from weir.config.base import DnsLabel, Frozen


def _network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError as error:
        raise ValueError(f"not a network ({error}); write it as 10.0.0.0/16, one address as 10.0.0.1/32") from None


Cidr = Annotated[str, AfterValidator(_network)]
PodPort = Annotated[int, Field(ge=1, le=65535)]


class IdentityAgent(StrEnum):
    """What hands a cloud's credentials to pods on their node.

    No agent is needed where pods exchange a token for them at a public address (AWS: IRSA; Azure).
    """

    NONE = "none"
    EKS_POD_IDENTITY = "eks-pod-identity"
    GKE_METADATA = "gke-metadata"


class DnsConfig(Frozen):
    """The name service that pods ask."""

    namespaces: Annotated[
        list[DnsLabel], Field(description="Where its pods run; OpenShift's are in openshift-dns.")
    ] = ["kube-system"]
    pod_labels: Annotated[
        dict[str, str], Field(description="Its pods there; without labels, every pod of the namespaces.")
    ] = {}
    cidrs: Annotated[
        list[Cidr],
        Field(description="Its addresses outside the pod network: NodeLocal DNSCache has 169.254.20.10/32."),
    ] = []
    ports: Annotated[
        list[PodPort], Field(min_length=1, description="The ports of its pods, UDP and TCP; OpenShift's have 5353.")
    ] = [53]


class ObjectStorageNetwork(Frozen):
    """Where object storage answers, if that does not follow from `storage.object_storage.endpoint_url`."""

    namespaces: Annotated[
        list[DnsLabel],
        Field(description="Of its pods, if it runs in the cluster; by default the one that a `.svc` address names."),
    ] = []
    cidrs: Annotated[
        list[Cidr], Field(description="Its addresses; by default, every address outside the cluster.")
    ] = []
    ports: Annotated[
        list[PodPort],
        Field(description="Of its pods, not of their Service; by default, the port of the address."),
    ] = []


class NetworkConfig(Frozen):
    """What network policies must know of the cluster. The defaults fit most clusters without a cache for DNS."""

    dns: DnsConfig = DnsConfig()
    api_server_cidrs: Annotated[
        list[Cidr],
        Field(description="Addresses of the API server, to allow no others; by default, every address outside."),
    ] = []
    object_storage: ObjectStorageNetwork = ObjectStorageNetwork()
    identity_agent: Annotated[
        IdentityAgent,
        Field(
            description="Which agent on the node hands out credentials, with storage.object_storage.workload_identity."
        ),
    ] = IdentityAgent.NONE
