"""Trino from the files that the component renders: only addresses and folders are this machine's."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.components import serving
from tests.components.serving import DEV, FLIGHTS, IMAGE, made_by, one
from tests.contract.certificates import Authority
from tests.ports import free_port
from tests.secured_cassandra import secured_node, wait_until_open

from weir.clients.cassandra import Access, admin_session
from weir.components.cassandra.access import CassandraAccess
from weir.components.superset.settings import TRINO_USER
from weir.components.trino import settings
from weir.components.trino.deployment import PeopleArgs, Trino, TrinoArgs
from weir.components.trino.people import People
from weir.config.properties_text import properties
from weir.config.repository import REPOSITORY
from weir.config.trino import TrinoGroup, TrinoLimits
from weir.local.service import CASSANDRA_DATACENTER, LOOPBACK, Context
from weir.local.trino import AOT_CACHE
from weir.sizing.plan import PodSize, TrinoPlan

PLAN = TrinoPlan(PodSize(1, 1024, 512), 1, PodSize(1, 1024, 512), 128)
SUPERUSER = "cassandra"
HOST = "localhost"
START_SECONDS = 480
GROUPS = {
    "new-york": TrinoGroup(members=["ana"], pipelines=["flights"], rows={"origin": ["JFK", "LGA"]}),
    "to-the-west": TrinoGroup(members=["eve"], pipelines=["flights"], rows={"dest": ["LAX"]}),
    "everything": TrinoGroup(members=["cleo"], pipelines=["flights"]),
}
PASSWORDS = {"ana": "ana's own", "eve": "eve's own", "cleo": "cleo's own", "nobody": "in no group"}
ROUTES = (("JFK", "LAX"), ("JFK", "BOS"), ("LGA", "ORD"), ("EWR", "LAX"))
HASHED = """
import bcrypt, json, sys
for name, password in json.loads(sys.argv[1]).items():
    print(f"{name}:{bcrypt.hashpw(password.encode(), bcrypt.gensalt(8)).decode().replace('$2b$', '$2y$')}")
"""
ASKED = """
import json, sys
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from weir.superset import cluster
uri, params = cluster.DB_CONNECTION_MUTATOR(make_url(sys.argv[1]), {}, None, None, None)
with create_engine(uri, **params).connect() as connection:
    print(json.dumps([list(row) for row in connection.execute(text(sys.argv[2]))]))
"""


class RefusedError(Exception):
    """What Superset's Python said when a statement failed."""


@dataclass(frozen=True)
class Answer:
    """What the JDBC driver got for a statement: rows as text, or what it was refused with."""

    rows: tuple[tuple[str, ...], ...] = ()
    refusal: str = ""


@dataclass(frozen=True)
class TrinoCluster:
    """A coordinator and a worker, and what Superset has of them. `authority` is that of their own certificate."""

    ctx: Context
    folder: Path
    port: int
    log_port: int
    authority: Authority

    @property
    def client(self) -> Path:
        """Superset's certificate."""
        return self.folder / "client"

    def ask(self, statement: str, user: str = TRINO_USER, client: Path | None = None) -> list[list[Any]]:
        """A statement by way of Superset's own Python and settings.

        Raises:
            RefusedError: it failed.
        """
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(REPOSITORY / "infra"),
            "SUPERSET_HOME": str(self.folder),
            "WEIR_SUPERSET_SECRETS_FOLDER": str(self.folder / "superset-secrets"),
            "WEIR_TRINO_FOLDER": str(client or self.client),
            # What a company's image may say: it must not take the place of the platform's authority.
            "REQUESTS_CA_BUNDLE": "/etc/ssl/certs/ca-certificates.crt",
        }
        python = self.ctx.toolchain.home("superset") / "bin" / "python"
        try:
            told = subprocess.run(
                [str(python), "-c", ASKED, f"trino://{user}@{HOST}:{self.port}/cassandra", statement],
                env=environment,
                capture_output=True,
                text=True,
                check=False,
                timeout=60,
            )
        except subprocess.TimeoutExpired:
            raise RefusedError("no answer: a node does not find another") from None
        if told.returncode != 0:
            raise RefusedError(told.stderr[-3000:])
        return json.loads(told.stdout.splitlines()[-1])

    def by_jdbc(self, user: str, *statements: str, password: str | None = None, options: str = "") -> list[Answer]:
        """Statements by way of Trino's JDBC driver, as a person; without `options`, over TLS."""
        driver, tools = self.ctx.toolchain.classpath("trino-jdbc"), self.ctx.toolchain
        options = options or f"SSL=true&SSLTrustStorePath={self.client / 'ca.crt'}"
        url = f"jdbc:trino://{HOST}:{self.port}/cassandra?{options}"
        java = [str(tools.java17 / "bin" / "java"), "-XX:TieredStopAtLevel=1", "-cp", driver]
        program = str(Path(__file__).with_name("JdbcClient.java"))
        told = subprocess.run(
            [*java, program, url, user, PASSWORDS[user] if password is None else password, *statements],
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        return [_answer(line) for line in told.stdout.splitlines()]

    def query_log(self, **wanted: str) -> list[dict[str, Any]]:
        """The lines of the query log in which these fields have these values; waits for the first of them."""
        deadline = time.monotonic() + 30
        while True:
            lines = [json.loads(line) for line in (self.folder / "query-log").read_text().splitlines()]
            found = [line for line in lines if wanted.items() <= line.items()]
            if found or time.monotonic() > deadline:
                return found
            time.sleep(0.2)

    def wait_for_nodes(self, count: int) -> None:
        """Returns when `count` nodes are there."""
        deadline, said = time.monotonic() + START_SECONDS, ""
        while time.monotonic() < deadline:
            try:
                ((nodes,),) = self.ask("SELECT count(*) FROM system.runtime.nodes WHERE state = 'active'")
            except RefusedError as error:
                said = str(error)[-600:]
            else:
                if nodes == count:
                    return
                said = f"{nodes} nodes"
            time.sleep(1)
        logs = [f"{log}:\n{log.read_text(errors='replace')[-2500:]}" for log in self.folder.glob("*/log")]
        raise AssertionError("\n".join([f"{count} nodes are not there after {START_SECONDS} s: {said}", *logs]))


@contextmanager
def running(ctx: Context, folder: Path) -> Iterator[TrinoCluster]:
    """Cassandra with passwords and TLS, and both nodes of Trino."""
    contact_point, port, log_port = f"{LOOPBACK}:{ctx.ports.cassandra}", free_port(), free_port()
    cluster = TrinoCluster(ctx, folder, port, log_port, Authority.made_in(folder / "authority", ctx.toolchain.java17))
    access = CassandraAccess((contact_point,), CASSANDRA_DATACENTER, "cassandra-tls", ())
    args = (PLAN, IMAGE, access, SUPERUSER)
    people = PeopleArgs(People(GROUPS, TrinoLimits(), [FLIGHTS]), "", IMAGE)
    resources = made_by(lambda: Trino(DEV, TrinoArgs(*args, serving.authority(DEV), people)) and None)
    (folder / "people").mkdir()
    python = ctx.toolchain.home("superset") / "bin" / "python"
    hashes = subprocess.run([python, "-c", HASHED, json.dumps(PASSWORDS)], check=True, capture_output=True)
    (folder / "people" / settings.PASSWORDS_FILE).write_bytes(hashes.stdout)
    names = one(resources, "Certificate/trino-tls")["spec"]["dnsNames"]
    cluster.authority.issue(folder / "server", "trino", [*names, HOST])
    clients = Authority.made_in(folder / "clients-authority", ctx.toolchain.java17)
    clients.issue(cluster.client, TRINO_USER, [TRINO_USER])
    (folder / "clients").mkdir()
    shutil.copy(cluster.client / "truststore.p12", folder / "clients")
    # Superset's folder has its own key beside the authority of the servers.
    shutil.copy(cluster.authority.folder / "ca.crt", cluster.client)
    (folder / "superset-secrets").mkdir()
    (folder / "superset-secrets" / "guest-token-secret").write_text("of this test")
    catalog = settings.catalog_properties(contact_point, CASSANDRA_DATACENTER, SUPERUSER, tls=True)

    def files(name: str) -> dict[str, str]:
        """/etc/trino of a pod: its ConfigMap, and the catalog, whose text no rendering has."""
        config_map = one(resources, f"ConfigMap/{name}-config")["data"]
        return {**config_map, f"catalog/{settings.CATALOG_FILE}": properties(catalog)}

    with (
        secured_node(ctx) as trusted,
        _query_log(folder / "query-log", log_port),
        _node(cluster, "trino", port, files("trino"), trusted),
    ):
        fill(wait_until_open(Access((contact_point,), CASSANDRA_DATACENTER, SUPERUSER, SUPERUSER, trusted)))
        with _node(cluster, "trino-worker", free_port(), files("trino-worker"), trusted):
            cluster.wait_for_nodes(2)
            yield cluster


@contextmanager
def _query_log(file: Path, port: int) -> Iterator[None]:
    """The container beside the coordinator."""
    command = [sys.executable, "-m", "weir.incluster.query_log", "--port", str(port)]
    with file.open("wb") as log, subprocess.Popen(command, stdout=log) as process:
        try:
            yield
        finally:
            process.terminate()


def fill(access: Access) -> None:
    """The tables of flights with a few rows, and a keyspace that is nobody's."""
    replication = "WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}"
    with admin_session(access) as session:
        for keyspace in ("flights", "orders"):
            session.execute(f"CREATE KEYSPACE {keyspace} {replication}")
        for table in FLIGHTS.tables:
            session.execute(table.create_statement())
        session.execute("CREATE TABLE orders.orders (id int PRIMARY KEY, origin text)")
        for flight, (origin, dest) in enumerate(ROUTES):
            session.execute(
                "INSERT INTO flights.flights_enriched (flight_date, origin, time_hour, carrier, flight, dest) "
                "VALUES ('2013-01-01', %s, '2013-01-01T05:00:00Z', 'UA', %s, %s)",
                (origin, flight, dest),
            )


def _answer(line: str) -> Answer:
    told = json.loads(line)
    return Answer(refusal=told) if isinstance(told, str) else Answer(tuple(tuple(row) for row in told))


@contextmanager
def _node(cluster: TrinoCluster, name: str, port: int, files: dict[str, str], trusted: Path) -> Iterator[None]:
    """The launcher on the files of a pod."""
    folder, tools = cluster.folder / name, cluster.ctx.toolchain
    here = {
        settings.TLS_FOLDER: str(cluster.folder / "server"),
        settings.CLIENTS_FOLDER: str(cluster.folder / "clients"),
        f"{settings.CASSANDRA_CA_FOLDER}/ca.crt": str(trusted),
        f"trino.{DEV.namespace}.svc:{settings.HTTPS_PORT}": f"{HOST}:{cluster.port}",
        settings.PEOPLE_FOLDER: str(cluster.folder / "people"),
        f"{LOOPBACK}:{settings.QUERY_LOG_PORT}": f"{LOOPBACK}:{cluster.log_port}",
        settings.CONFIG_FOLDER: str(folder / "etc"),
        settings.DATA_FOLDER: str(folder / "data"),
        f"https.port={settings.HTTPS_PORT}": f"https.port={port}",
        # As on one machine (`weir.local.trino`): what is asked is over before the optimizing compiler is.
        "-XX:+UseG1GC": "-XX:+UseSerialGC",
        "-XX:G1HeapRegionSize=32M": "-XX:TieredStopAtLevel=1",
        "-XX:+ExplicitGCInvokesConcurrent": f"-XX:AOTCache={tools.home('trino-aot') / AOT_CACHE}",
    }
    for file, text in files.items():
        (folder / "etc" / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / "etc" / file).write_text(_replaced(text, here), encoding="utf-8")
    environment = {
        "PATH": f"{tools.java25 / 'bin'}:{os.environ['PATH']}",
        "JAVA_HOME": str(tools.java25),
        settings.PASSWORD_VARIABLE: SUPERUSER,
        settings.SHARED_SECRET_VARIABLE: "a-secret-of-this-test-that-is-long-enough",
    }
    launcher = [tools.home("trino") / "bin" / "launcher", "run", "--etc-dir", folder / "etc"]
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen([*map(str, launcher)], env=environment, stdout=log, stderr=log) as process,
    ):
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()


def _replaced(text: str, replacements: dict[str, str]) -> str:
    for before, after in replacements.items():
        text = text.replace(before, after)
    return text
