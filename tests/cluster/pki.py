"""The cluster's certificates, and a kubeconfig for each of those who talk to its API server."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Sequence
from pathlib import Path

import yaml

ADMIN = "admin"
# Who logs in, by the subject that the API server's authorizer knows.
USERS = {
    ADMIN: "/O=system:masters/CN=weir-admin",
    "controllers": "/CN=system:kube-controller-manager",
    "scheduler": "/CN=system:kube-scheduler",
    "kubelet": "/O=system:nodes/CN=system:node:node",
    "proxy": "/CN=system:kube-proxy",
    "coredns": "/O=system:masters/CN=coredns",
}
DAYS = "30"


def make(folder: Path, addresses: Sequence[str], names: Sequence[str]) -> None:
    """A certificate authority, the servers' certificate for `addresses` and `names`, and the users' ones."""
    folder.mkdir(parents=True)
    _openssl(folder, *_new_key("ca"), "-x509", "-subj", "/CN=weir-cluster", "-out", "ca.crt")
    _openssl(folder, "genpkey", *_CURVE, "-out", "service-accounts.key")
    _openssl(folder, "pkey", "-in", "service-accounts.key", "-pubout", "-out", "service-accounts.pub")
    alternatives = ",".join([*(f"IP:{address}" for address in addresses), *(f"DNS:{name}" for name in names)])
    _sign(folder, "server", "/CN=kube-apiserver", f"subjectAltName={alternatives}")
    for user, subject in USERS.items():
        _sign(folder, user, subject)


def kubeconfig(pki: Path, user: str, server: str) -> str:
    """The file with which `user` logs in; it holds all that it needs."""

    def data(name: str) -> str:
        return base64.b64encode((pki / name).read_bytes()).decode()

    cluster = {"server": server, "certificate-authority-data": data("ca.crt")}
    credentials = {"client-certificate-data": data(f"{user}.crt"), "client-key-data": data(f"{user}.key")}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "weir", "cluster": cluster}],
        "users": [{"name": user, "user": credentials}],
        "contexts": [{"name": "weir", "context": {"cluster": "weir", "user": user}}],
        "current-context": "weir",
    }
    return yaml.safe_dump(document, sort_keys=False)


_CURVE = ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:prime256v1")


def _new_key(name: str) -> list[str]:
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    return ["req", "-new", *curve, "-noenc", "-keyout", f"{name}.key", "-days", DAYS]


def _sign(folder: Path, name: str, subject: str, *extensions: str) -> None:
    wanted = ("basicConstraints=critical,CA:FALSE", "extendedKeyUsage=serverAuth,clientAuth", *extensions)
    added = [part for extension in wanted for part in ("-addext", extension)]
    authority = ["-x509", "-CA", "ca.crt", "-CAkey", "ca.key"]
    _openssl(folder, *_new_key(name), *authority, "-subj", subject, *added, "-out", f"{name}.crt")


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
