"""Three Cassandra nodes on 127.0.0.1 to 127.0.0.3, with the passwords and certificates that weir renders."""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from tests.incluster.database.node import rendered_settings
from tests.secured_cassandra import wait_until_open
from tests.waiting import wait_until

from weir.clients.cassandra import Access, admin_session
from weir.components.cassandra import plain, settings
from weir.components.certificates import KEYSTORE_PASSWORD
from weir.components.own_certificates import Authority, Request, certificate_files, trust_files
from weir.incluster.database.accounts import DEFAULT_SUPERUSER
from weir.local import cassandra
from weir.local.service import CASSANDRA_DATACENTER, Context, Paths

SERVER_NAME = "localhost"
"""The name by which clients ask, as they ask for a Service in a cluster; no certificate has an address."""
ADDRESSES = ("127.0.0.1", "127.0.0.2", "127.0.0.3")
HEAP_MIB = 384
SEED = "of this test"


def mounted(folder: Path, domain: str, request: Request, *, trusts: str | None = None) -> Path:
    """The folder of a certificate of `domain`, as a pod has it mounted; it trusts its own domain, or `trusts`."""
    folder.mkdir(parents=True)
    signer = Authority(SEED, "test", domain)
    trusted = trust_files([replace(signer, domain=trusts or domain)])
    for name, content in (certificate_files(signer, request, KEYSTORE_PASSWORD) | trusted).items():
        (folder / name).write_bytes(base64.b64decode(content))
    return folder


@dataclass(frozen=True)
class Ring:
    """The running nodes, the folder of each side's certificate, and how to log in."""

    ctx: Context
    internode: Path
    clients: Path

    @property
    def access(self) -> Access:
        """The superuser's."""
        point = f"{SERVER_NAME}:{self.ctx.ports.cassandra}"
        return Access((point,), CASSANDRA_DATACENTER, DEFAULT_SUPERUSER, DEFAULT_SUPERUSER, self.clients / "ca.crt")


@contextmanager
def running(ctx: Context, folder: Path) -> Iterator[Ring]:
    """The ring, once all three nodes are in it."""
    request = Request("cassandra", (SERVER_NAME,))
    ring = Ring(
        ctx,
        mounted(folder / "internode", settings.NODES_DOMAIN, request),
        mounted(folder / "clients", settings.SERVERS_DOMAIN, replace(request, client=False)),
    )
    with ExitStack() as nodes:
        for address in ADDRESSES:
            nodes.enter_context(_node(ring, folder / address, address))
        with admin_session(wait_until_open(ring.access, timeout_seconds=240)) as session:
            peers = "SELECT native_address FROM system.peers_v2"
            wait_until("all nodes in the ring", lambda: len(session.execute(peers).all()) == len(ADDRESSES) - 1, 120)
        yield ring


@contextmanager
def _node(ring: Ring, folder: Path, address: str) -> Iterator[None]:
    own = replace(ring.ctx, paths=Paths(folder))
    service = cassandra.service(own)
    service.prepare()
    file = own.paths.config("cassandra") / "cassandra.yaml"
    file.write_text(yaml.safe_dump(_settings(ring, own, address)), encoding="utf-8")
    heap = {f"-Xmx{own.stack.embedded.memory.cassandra_heap_mib}m": f"-Xmx{HEAP_MIB}m"}
    command = [heap.get(part, part) for part in service.command]
    command.insert(1, "-Dcassandra.superuser_setup_delay_ms=0")
    with own.paths.log("cassandra").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=file.parent, env=dict(os.environ))
        try:
            yield
        finally:
            process.terminate()
            process.wait(60)


def _settings(ring: Ring, own: Context, address: str) -> Mapping[str, Any]:
    """What weir renders; only addresses, folders and caches are this machine's. All are seeds, so none waits."""
    seeds = ",".join(f"{each}:{own.ports.cassandra_storage}" for each in ADDRESSES)
    found: dict[str, Any] = rendered_settings(own) | {"listen_address": address, "rpc_address": address}
    found["seed_provider"] = [
        {"class_name": "org.apache.cassandra.locator.SimpleSeedProvider", "parameters": [{"seeds": seeds}]}
    ]
    folders = {plain.INTERNODE_FOLDER: ring.internode, plain.TLS_FOLDER: ring.clients}
    for side in ("client", "server"):
        options = found[f"{side}_encryption_options"]
        for store in ("keystore", "truststore"):
            mounted_at, _, name = options[store].rpartition("/")
            options[store] = str(folders[mounted_at] / name)
    return found
