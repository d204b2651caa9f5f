"""The certificate of Flink on one machine: made once, for its owner alone, and asked for at each door."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography import x509
from tests.platforms import STACK_FILE

from weir.config.repository import REPOSITORY
from weir.config.stack import load_stack
from weir.local import flink_tls, lifecycle
from weir.local.service import LOOPBACK, Context, Paths
from weir.toolchain.installed import Toolchain

pytestmark = pytest.mark.unit

NO_TOOLS = Toolchain(Path(), Path(), Path(), {}, {})


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    stack = load_stack(STACK_FILE)
    return Context(REPOSITORY, Paths(tmp_path / "weir"), stack.embedded.ports, stack, NO_TOOLS)


def test_nobody_has_a_certificate_where_flink_never_ran(ctx: Context) -> None:
    assert ctx.endpoints.flink_login is None


def test_the_certificate_is_made_once_for_the_address_of_loopback(ctx: Context) -> None:
    flink_tls.ensure(ctx)
    login = ctx.endpoints.flink_login
    assert login is not None
    assert login.certificate_file is not None
    made = login.certificate_file.read_bytes()
    names = x509.load_pem_x509_certificate(made).extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert [str(address) for address in names.value.get_values_for_type(x509.IPAddress)] == [LOOPBACK]
    flink_tls.ensure(ctx)
    assert login.certificate_file.read_bytes() == made


def test_its_files_are_the_owners_alone(ctx: Context) -> None:
    flink_tls.ensure(ctx)
    assert stat.S_IMODE(ctx.flink_certificate.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in ctx.flink_certificate.iterdir()} == {0o600}


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("security.ssl.rest.enabled", True),
        ("security.ssl.rest.authentication-enabled", True),
        ("security.ssl.internal.enabled", True),
        ("web.submit.enable", False),
        ("web.access-control-allow-origin", f"https://{LOOPBACK}:{load_stack(STACK_FILE).embedded.ports.flink}"),
    ],
)
def test_flink_asks_for_it_at_each_door(ctx: Context, setting: str, value: object) -> None:
    assert flink_tls.settings(ctx)[setting] == value


def test_the_data_folder_is_closed_to_others_and_a_foreign_one_untouched(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir(mode=0o755)
    lifecycle.claim(Paths(own))
    assert stat.S_IMODE(own.stat().st_mode) == 0o700
    foreign = tmp_path / "foreign"
    foreign.mkdir(mode=0o755)
    (foreign / "somebody's").touch()
    with pytest.raises(Exception, match="was not created by weir"):
        lifecycle.claim(Paths(foreign))
    assert stat.S_IMODE(foreign.stat().st_mode) == 0o755
