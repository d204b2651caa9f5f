"""A real Keycloak on loopback, with a realm of its own, as an identity provider for tests."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from tests.ports import free_port

from weir.config.repository import REPOSITORY
from weir.local import installation
from weir.local.service import LOOPBACK

REALM = "company"
CLIENT_ID = "superset"
CLIENT_SECRET = "the client's secret"
START_SECONDS = 240
PROFILE = [{"name": name} for name in ("username", "email", "firstName", "lastName")]
ATTRIBUTES = {
    "providerId": "declarative-user-profile",
    "config": {"kc.user.profile.config": [json.dumps({"attributes": PROFILE, "unmanagedAttributePolicy": "ENABLED"})]},
}
"""Keycloak drops attributes that it does not know, unless its user profile says otherwise."""


@dataclass(frozen=True)
class Person:
    """A user of the realm. The password is the name."""

    name: str
    groups: tuple[str, ...] = ()
    airports: tuple[str, ...] = ()


@dataclass(frozen=True)
class Keycloak:
    """A running server."""

    port: int

    @property
    def issuer_url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}/realms/{REALM}"


def realm(people: Sequence[Person], application_url: str) -> dict[str, Any]:
    """The realm as Keycloak imports it: one confidential client that must use PKCE, and is told groups and airports."""
    groups = sorted({group for person in people for group in person.groups})
    mapper = {
        "name": "groups",
        "protocol": "openid-connect",
        "protocolMapper": "oidc-group-membership-mapper",
        # Not in the ID token, so that userinfo has to be read.
        "config": {"claim.name": "groups", "full.path": "false", "userinfo.token.claim": "true"},
    }
    attribute = {
        "name": "airports",
        "protocol": "openid-connect",
        "protocolMapper": "oidc-usermodel-attribute-mapper",
        "config": {
            "user.attribute": "airports",
            "claim.name": "airports",
            "jsonType.label": "String",
            "multivalued": "true",
            "userinfo.token.claim": "true",
        },
    }
    client = {
        "clientId": CLIENT_ID,
        "secret": CLIENT_SECRET,
        "redirectUris": [f"{application_url}/oauth-authorized/company"],
        "attributes": {
            "pkce.code.challenge.method": "S256",
            "post.logout.redirect.uris": f"{application_url}/login/",
        },
        "protocolMappers": [mapper, attribute],
    }
    return {
        "realm": REALM,
        "enabled": True,
        "sslRequired": "none",
        "components": {"org.keycloak.userprofile.UserProfileProvider": [ATTRIBUTES]},
        "groups": [{"name": name} for name in groups],
        "clients": [client],
        "users": [_user(person) for person in people],
    }


def _user(person: Person) -> dict[str, Any]:
    return {
        "username": person.name,
        "enabled": True,
        "email": f"{person.name}@example.org",
        "emailVerified": True,
        "firstName": person.name.capitalize(),
        "lastName": "Example",
        "credentials": [{"type": "password", "value": person.name, "temporary": False}],
        "groups": [f"/{name}" for name in person.groups],
        "attributes": {"airports": list(person.airports)},
    }


@contextmanager
def running_keycloak(folder: Path, content: Mapping[str, Any]) -> Iterator[Keycloak]:
    """Keycloak with the realm `content`; ready when this returns, ended afterwards."""
    toolchain = installation.ensure(REPOSITORY, ["keycloak"], lambda *_: None)
    home = folder / "keycloak"
    # A copy: it writes its build and its database beside its jars.
    shutil.copytree(toolchain.home("keycloak"), home)
    imported = home / "data" / "import" / "realm.json"
    imported.parent.mkdir(parents=True)
    imported.write_text(json.dumps(content), encoding="utf-8")
    server = Keycloak(free_port())
    log = folder / "keycloak.log"
    environment = {
        **os.environ,
        "JAVA_HOME": str(toolchain.java17),
        "JAVA_OPTS_KC_HEAP": "-Xms64m -Xmx384m",
        "JAVA_OPTS_APPEND": "-XX:TieredStopAtLevel=1",
    }
    command = [str(home / "bin" / "kc.sh"), "start-dev", "--import-realm", "--db=dev-mem", "--cache=local"]
    command += [f"--http-host={LOOPBACK}", f"--http-port={server.port}"]
    with log.open("wb") as output, subprocess.Popen(command, env=environment, stdout=output, stderr=output) as process:
        try:
            wait_for(f"{server.issuer_url}/.well-known/openid-configuration", process, log)
            yield server
        finally:
            process.terminate()


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Returns once `url` answers; a process that ended, or took too long, fails with the end of its log."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(url, trust_env=False, timeout=5).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.5)
    raise AssertionError(log.read_text(encoding="utf-8", errors="replace")[-3000:])
