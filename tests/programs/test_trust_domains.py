"""An authority for each trust domain: who signs what, who trusts whom, and who holds which key (ADR 17)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.renderings import PLAIN, rendered, rendered_with

from weir.config.errors import ConfigError
from weir.programs.rendering import Rendering

pytestmark = pytest.mark.unit

ISSUER = {"weir:security.certificate_issuer": "company"}
OWNERS = {
    "cassandra-internode": "cassandra",
    "cassandra-tls": "cassandra",
    "kafka-node": "kafka",
    "trino-tls": "trino",
    "superset-trino-client": "superset",
    "flights-internal": "flink",
}
BOTH, SERVER, CLIENT = ["server auth", "client auth"], ["server auth"], ["client auth"]


def signed(rendering: Rendering) -> dict[str, tuple[str, list[str]]]:
    """The issuer of each certificate, and what the certificate is for."""
    return {
        entry.name: (entry.inputs["spec"]["issuerRef"]["name"], entry.inputs["spec"]["usages"])
        for entry in rendering.manifests
        if entry.inputs["kind"] == "Certificate"
    }


def test_each_trust_domain_has_an_authority_of_its_own() -> None:
    assert signed(rendered_with("dev", PLAIN)) == {
        "cassandra-internode": ("cassandra-nodes-ca-1", BOTH),
        "cassandra-tls": ("cassandra-servers-ca-1", SERVER),
        "kafka-node": ("kafka-nodes-ca-1", BOTH),
        "trino-tls": ("trino-servers-ca-1", SERVER),
        "superset-trino-client": ("trino-clients-ca-1", CLIENT),
        "flights-internal": ("flights-internal-ca-1", BOTH),
    }


def test_an_issuer_of_the_company_signs_what_people_meet_and_no_more() -> None:
    ours, theirs = signed(rendered("prod")), signed(rendered_with("prod", ISSUER))
    assert {name for name in ours if ours[name] != theirs[name]} == {"trino-tls"}
    assert theirs["trino-tls"] == ("company", SERVER)


@pytest.mark.parametrize(("changes", "trusted"), [({}, "trino-servers-trust"), (ISSUER, "trino-tls")])
def test_superset_trusts_whoever_signed_trinos_servers(changes: dict[str, Any], trusted: str) -> None:
    (job,) = [entry for entry in rendered_with("prod", changes).manifests if entry.name == "superset-setup"]
    volumes = job.inputs["spec"]["template"]["spec"]["volumes"]
    (sources,) = [volume["projected"]["sources"] for volume in volumes if volume["name"] == "trino-client"]
    assert {
        "name": trusted,
        "items": [{"key": "ca.crt", "path": "ca.crt"}],
    } in [source["secret"] for source in sources]


@pytest.mark.parametrize("changes", [{}, PLAIN], ids=["operators", "plain"])
def test_nobody_but_its_holder_mounts_a_key(changes: dict[str, Any]) -> None:
    """A client that mounted the whole Secret of the node that it talks to could act as that node."""
    holders: dict[str, set[str]] = {}
    for entry in rendered_with("dev", changes).manifests:
        component = entry.inputs["metadata"]["labels"].get("app.kubernetes.io/component", "")
        for secret in _keys_mounted(entry.inputs):
            holders.setdefault(secret, set()).add(component)
    setup = {"kafka-setup"}  # the nodes' listener lets in nobody else
    assert {name: found - setup for name, found in holders.items() if name in OWNERS} == {
        name: {OWNERS[name]} for name in holders if name in OWNERS
    }
    assert set(holders) >= {"trino-tls", "superset-trino-client", "flights-internal"}


def test_a_new_authority_is_trusted_first_then_signs_then_is_alone() -> None:
    """The steps of the guide on rotation: at each, all trust whoever signs at this step and at the next."""
    steps = [(1, [1]), (1, [1, 2]), (2, [1, 2]), (2, [2])]
    for (signing, _), (_, trusted_before) in zip(steps[1:], steps, strict=False):
        assert signing in trusted_before
    made = [
        signed(rendered_with("dev", PLAIN | {"weir:security.authorities": {"signing": signing, "trusted": trusted}}))
        for signing, trusted in steps
    ]
    assert made[0] == made[1]
    assert made[2] == made[3]
    assert {issuer for issuer, _ in made[2].values()} == {
        issuer.replace("-ca-1", "-ca-2") for issuer, _ in made[0].values()
    }


def test_an_authority_that_nobody_trusts_cannot_sign() -> None:
    with pytest.raises(ConfigError, match="nobody trusts generation 2; add it to trusted"):
        rendered_with("dev", {"weir:security.authorities": {"signing": 2, "trusted": [1]}})


def test_every_node_is_met_by_the_name_of_its_service() -> None:
    for stack, changes, name in (
        ("dev", PLAIN, "cassandra.weir-dev.svc"),
        ("prod", {}, "cassandra-dc1-service.weir-prod.svc"),
    ):
        rendering = rendered_with(stack, changes)
        (certificate,) = [
            entry.inputs
            for entry in rendering.manifests
            if entry.inputs["kind"] == "Certificate" and entry.name == "cassandra-tls"
        ]
        assert name in certificate["spec"]["dnsNames"]
        jobs = [entry.inputs for entry in rendering.manifests if entry.inputs["kind"] == "FlinkDeployment"]
        assert jobs
        assert all(f"tls.server-name={name}" in json.dumps(job) for job in jobs)


def _keys_mounted(manifest: Any) -> set[str]:
    """The Secrets from which a manifest's pods get a private key: whole ones, and keys of that name."""
    if isinstance(manifest, list):
        return {found for entry in manifest for found in _keys_mounted(entry)}
    if not isinstance(manifest, dict):
        return set()
    found = {name for value in manifest.values() for name in _keys_mounted(value)}
    secret = manifest.get("secret")
    if isinstance(secret, dict) and (name := secret.get("secretName") or secret.get("name")):
        items = {item["key"] for item in secret.get("items") or []}
        if not items or items & {"tls.key", "keystore.p12"}:
            found.add(name)
    return found


@pytest.mark.parametrize(("stack", "changes"), [("dev", PLAIN), ("prod", {})], ids=["plain", "operators"])
def test_no_client_is_told_to_leave_the_servers_name_unchecked(stack: str, changes: dict[str, Any]) -> None:
    """Kafka's clients and nodes, the connector and the loader check names unless they are told not to."""
    text = json.dumps([entry.inputs for entry in rendered_with(stack, changes).manifests])
    for setting in (
        "endpoint.identification.algorithm",
        "hostname-verification",
        "hostname-validation",
        "verify=false",
    ):
        assert setting not in text
