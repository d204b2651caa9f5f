"""Strimzi's listener for clients outside the cluster: its Services or Ingresses, their names, and who may come."""

from __future__ import annotations

from typing import Any

from weir.config.kafka import EXTERNAL_PORT, ExternalListener, ExternalListenerType

EXTERNAL_LISTENER = "external"
DNS_ANNOTATION = "external-dns.alpha.kubernetes.io/hostname"
"""ExternalDNS makes the records of these names; where it does not run, the annotation does nothing."""


def external_listener(args: ExternalListener) -> dict[str, Any]:
    """The entry of `spec.kafka.listeners`, without TLS and authentication.

    Sources: Strimzi's reference of GenericKafkaListenerConfiguration. Advertised hosts and alternative names are in the
    brokers' certificates, so clients can check them. With `externalTrafficPolicy: Local` brokers see the address that a
    client comes from, which network policies go by.
    """
    balanced = args.type is ExternalListenerType.LOADBALANCER
    how = _balanced(args) if balanced else _ingress(args)
    return {"name": EXTERNAL_LISTENER, "port": EXTERNAL_PORT, "type": args.type.value, "configuration": how}


def _balanced(args: ExternalListener) -> dict[str, Any]:
    return {
        "externalTrafficPolicy": "Local",
        "loadBalancerSourceRanges": list(args.allowed_cidrs),
        "bootstrap": {
            "alternativeNames": [args.bootstrap_host],
            "annotations": {**args.annotations, DNS_ANNOTATION: args.bootstrap_host},
        },
        "advertisedHostTemplate": args.broker_host,
        "perBrokerAnnotationsTemplate": {**args.annotations, DNS_ANNOTATION: args.broker_host},
    }


def _ingress(args: ExternalListener) -> dict[str, Any]:
    return {
        **({"class": args.ingress_class} if args.ingress_class else {}),
        "bootstrap": {"host": args.bootstrap_host, "annotations": dict(args.annotations)},
        "hostTemplate": args.broker_host,
        "perBrokerAnnotationsTemplate": dict(args.annotations),
    }
