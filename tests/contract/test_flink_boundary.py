"""A job is code: Flink takes one from the owner of the data folder, and from no other user and no web page."""

from __future__ import annotations

import socket
import ssl
import stat
from collections.abc import Callable, Iterator

import httpx
import psutil
import pytest

from weir.clients.http import platform_client
from weir.local import flink, state
from weir.local.service import LOOPBACK, Context

pytestmark = pytest.mark.contract

FOREIGN = {"Origin": "https://evil.example"}
JOB = "0" * 32
# What changes something: a jar that is uploaded or run, a job that is submitted, stopped or cancelled, a cluster's end.
CHANGES = [
    ("POST", "/jars/upload"),
    ("POST", "/jars/some.jar/run"),
    ("POST", "/jobs"),
    ("PATCH", f"/jobs/{JOB}?mode=cancel"),
    ("GET", f"/jobs/{JOB}/yarn-cancel"),
    ("POST", f"/jobs/{JOB}/stop"),
    ("DELETE", "/cluster"),
]


@pytest.fixture(scope="module")
def ctx(platform_of: Callable[..., Context]) -> Context:
    return platform_of("flink")


@pytest.fixture
def owner(ctx: Context) -> Iterator[httpx.Client]:
    endpoints = ctx.endpoints
    with platform_client(10, base_url=endpoints.flink_url, login=endpoints.flink_login) as client:
        yield client


def anybody() -> ssl.SSLContext:
    """What another user has: nothing to show, and no wish to know whom they talk to."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@pytest.mark.parametrize("headers", [{}, FOREIGN], ids=["user", "page"])
@pytest.mark.parametrize(("method", "path"), CHANGES)
def test_flink_refuses_who_has_no_certificate(ctx: Context, method: str, path: str, headers: dict[str, str]) -> None:
    with (
        httpx.Client(verify=anybody(), trust_env=False, base_url=ctx.endpoints.flink_url) as client,
        pytest.raises(httpx.TransportError),
    ):
        client.request(method, path, headers=headers, files={"jarfile": ("some.jar", b"PK")})


def test_flink_sends_who_asks_in_plain_text_to_the_closed_door(ctx: Context) -> None:
    answer = httpx.get(f"http://{LOOPBACK}:{ctx.ports.flink}/overview", trust_env=False)
    assert (answer.is_redirect, answer.headers["Location"]) == (True, f"{ctx.endpoints.flink_url}/overview")
    assert answer.content == b""


def test_the_owner_is_answered_and_can_upload_no_jar(owner: httpx.Client) -> None:
    assert owner.get("/config").json()["features"]["web-submit"] is False
    refused = owner.post("/jars/upload", files={"jarfile": ("some.jar", b"PK")})
    assert (refused.status_code, refused.json()) == (400, {"errors": ["POST request not allowed"]})


def test_no_foreign_origin_may_read_what_flink_answers(ctx: Context, owner: httpx.Client) -> None:
    asked = {"Access-Control-Request-Method": "POST"}
    for answer in (owner.get("/overview", headers=FOREIGN), owner.options("/jobs", headers={**FOREIGN, **asked})):
        assert answer.headers["Access-Control-Allow-Origin"] == ctx.endpoints.flink_url


def test_every_port_of_flink_asks_for_the_certificate(ctx: Context) -> None:
    # Messages between Flink's processes carry serialized objects: whoever may send them may run code.
    known = state.read(ctx.paths)
    assert known is not None
    pids = [entry.pid for entry in known.services if entry.name.startswith(("flink-jobmanager", "flink-taskmanager"))]
    ports = {
        connection.laddr.port
        for pid in pids
        for connection in psutil.Process(pid).net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    }
    # REST, RPC and blobs of the job manager; RPC twice (its own and the metrics'), and data, of each task manager.
    assert len(ports) >= 5
    for port in ports:
        assert refuses(port), f"port {port} takes a connection without a certificate"


def refuses(port: int) -> bool:
    """Whether a TLS connection without a certificate ends at once. TLS 1.3 tells at the first read."""
    try:
        with (
            socket.create_connection((LOOPBACK, port), timeout=5) as plain,
            anybody().wrap_socket(plain) as connection,
        ):
            connection.sendall(b"GET /overview HTTP/1.1\r\n\r\n")
            return connection.recv(1) == b""
    except (ssl.SSLError, ConnectionError):
        return True


def test_the_key_and_the_folder_are_the_owners_alone(ctx: Context) -> None:
    assert stat.S_IMODE(ctx.paths.data_dir.stat().st_mode) == 0o700
    assert stat.S_IMODE(ctx.flink_certificate.stat().st_mode) == 0o700
    files = sorted(ctx.flink_certificate.iterdir())
    assert {path.name for path in files} == {"tls.crt", "tls.key", "ca.crt", "keystore.p12", "truststore.p12"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert str(ctx.flink_certificate) in (flink.client_config_folder(ctx) / "config.yaml").read_text(encoding="utf-8")
