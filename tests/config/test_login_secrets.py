"""A password or a key that weir's checks could use and Java's clients could not is refused by name."""

from __future__ import annotations

import pytest

from weir.config.existing import login_problems

pytestmark = pytest.mark.unit

KEY = "-----BEGIN PRIVATE KEY-----\nQUJD\n-----END PRIVATE KEY-----\n"


@pytest.mark.parametrize(("password", "key"), [(None, None), ("s3cret ${a} 'b' ;=", None), (None, KEY)])
def test_what_every_client_can_use_is_fine(password: str | None, key: str | None) -> None:
    assert login_problems(password, key) == []


@pytest.mark.parametrize(
    ("password", "told"),
    [
        ('can"ary', "a double quote"),
        ("can\\ary", "a backslash"),
        ("canary\n", "a line end"),
        ("can\rary", "a line end"),
    ],
)
def test_a_password_that_ends_javas_login_early_is_refused(password: str, told: str) -> None:
    (problem,) = login_problems(password, None)
    assert problem.startswith(f"weir:kafka_password: contains {told}, ")
    assert "ary" not in problem.replace("weir:kafka_password", "")


@pytest.mark.parametrize(
    "key", ["", "canary", KEY.replace("PRIVATE", "RSA PRIVATE"), KEY.replace("PRIVATE", "ENCRYPTED PRIVATE")]
)
def test_a_key_of_another_form_is_refused(key: str) -> None:
    (problem,) = login_problems(None, key)
    assert problem.startswith("weir:kafka_client_key: does not begin with -----BEGIN PRIVATE KEY-----; ")
    assert "canary" not in problem


def test_every_problem_is_told_at_once() -> None:
    assert len(login_problems('"\\\n', "")) == 4
