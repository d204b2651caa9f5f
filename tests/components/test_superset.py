"""Superset by its operator and as Deployments, what it keeps its own data in, and the dashboards' job."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import yaml
from tests.components import serving
from tests.components.serving import IMAGE, PROD, SUPERSET, made_by, one

from weir.catalog.dashboard import load_dashboard
from weir.components.images import Image
from weir.components.superset.operated import SupersetOperated, image_of
from weir.components.superset.plain import SupersetPlain
from weir.components.superset.settings import GIVEN_SECRET, METADATA_PASSWORD, SupersetArgs
from weir.components.superset.stores import PostgreSql, StoreArgs, Valkey, postgresql_service, valkey_service
from weir.config import versions
from weir.config.repository import REPOSITORY
from weir.config.sign_in import SignIn
from weir.programs.recording import SECRET, Recorded
from weir.sizing.plan import NodeSize, PodSize

pytestmark = pytest.mark.unit

DASHBOARD = load_dashboard(REPOSITORY / "dashboards" / "flights")
SIGN_IN = SignIn.model_validate(
    {"issuer_url": "https://login.example.org", "client_id": "weir", "groups": {"administrators": ["platform"]}}
)
SETUP = "Job/superset-setup"


def arguments(**changes: Any) -> dict[str, Any]:
    return {
        "plan": SUPERSET,
        "image": IMAGE,
        "metadata": postgresql_service(PROD),
        "cache": valkey_service(PROD),
        "trino_url": "https://trino.weir-prod.svc:8443",
        "dashboards": (DASHBOARD,),
        "host": "dashboards.example.org",
        **changes,
    }


def made(*, operated: bool = True, tls: bool = True, **changes: Any) -> dict[str, Recorded]:
    def program() -> None:
        args = SupersetArgs(certificates=serving.authority(PROD) if tls else None, **arguments(**changes))
        if operated:
            SupersetOperated(PROD, args, versions.CRDS["Superset"].api_version)
        else:
            SupersetPlain(PROD, args)
        PostgreSql(
            PROD,
            StoreArgs(NodeSize(0.5, 1024, disk_gib=10), IMAGE, args.secret_of(METADATA_PASSWORD), METADATA_PASSWORD),
        )
        Valkey(PROD, StoreArgs(PodSize(0.25, 512), IMAGE, args.secret_of("cache-password"), "cache-password"))

    return made_by(program)


@pytest.mark.parametrize(
    "make",
    [made, lambda: made(operated=False), lambda: made(operated=False, tls=False, host=None)],
    ids=["operator", "plain", "plain-in-clear"],
)
def test_everything_fits_its_schema_and_the_rules(make: Callable[[], dict[str, Recorded]]) -> None:
    resources = make()
    assert serving.schema_problems(resources) == []
    assert serving.policy_problems(resources) == []


def test_the_operator_gets_references_and_no_secret() -> None:
    spec = one(made(), "Superset/superset")["spec"]
    assert spec["environment"] == "Production"
    assert spec["secretKeyFrom"] == {"name": "superset-secrets", "key": "secret-key"}
    assert spec["metastore"]["passwordFrom"] == {"name": "superset-secrets", "key": "metadata-password"}
    assert spec["valkey"]["passwordFrom"] == {"name": "superset-secrets", "key": "cache-password"}


def test_web_servers_and_workers_follow_the_plan() -> None:
    spec = one(made(plan=replace(SUPERSET, web_replicas=4, web_threads=16)), "Superset/superset")["spec"]
    assert spec["webServer"]["replicas"] == 4
    assert spec["webServer"]["gunicorn"]["threads"] == 16
    assert "celeryWorker" not in one(made(plan=replace(SUPERSET, worker_replicas=0)), "Superset/superset")["spec"]
    plain = made(operated=False, plan=replace(SUPERSET, web_replicas=4))
    assert one(plain, "Deployment/superset")["spec"]["replicas"] == 4
    assert one(plain, "Deployment/superset-worker")["spec"]["replicas"] == 1


def test_a_persons_secrets_are_used_and_the_others_made() -> None:
    resources = made(given={METADATA_PASSWORD: "canary-given"})
    assert resources[f"Secret/{GIVEN_SECRET}"].inputs["stringData"] == {METADATA_PASSWORD: SECRET}
    assert METADATA_PASSWORD not in resources["Secret/superset-secrets"].inputs["stringData"]
    spec = one(resources, "Superset/superset")["spec"]
    assert spec["metastore"]["passwordFrom"]["name"] == GIVEN_SECRET
    assert "canary" not in str([entry.inputs for entry in resources.values()])


def test_a_login_by_an_identity_provider_needs_its_secret() -> None:
    with pytest.raises(ValueError, match=r"superset\.sign_in: its client secret is missing"):
        made(sign_in=SIGN_IN)


@pytest.mark.parametrize("operated", [True, False])
def test_both_ways_to_run_superset_get_the_sign_in(operated: bool) -> None:
    resources = made(operated=operated, sign_in=SIGN_IN, given={"sign-in-client-secret": "canary"})
    if operated:
        template = one(resources, "Superset/superset")["spec"]["podTemplate"]
        environment, volumes = template["container"]["env"], template["volumes"]
    else:
        pod = one(resources, "Deployment/superset")["spec"]["template"]["spec"]
        environment, volumes = pod["containers"][0]["env"], pod["volumes"]
    (said,) = [entry["value"] for entry in environment if entry["name"] == "WEIR_SIGN_IN"]
    assert json.loads(said) == SIGN_IN.model_dump()
    assert "'key': 'sign-in-client-secret'" in str(volumes)
    assert "canary" not in str([entry.inputs for entry in resources.values()])


def test_without_a_sign_in_nothing_of_it_is_there() -> None:
    assert "WEIR_SIGN_IN" not in str([entry.inputs for entry in made().values()])
    assert "sign-in-client-secret" not in str([entry.inputs for entry in made().values()])


def test_readers_are_told_the_datasets_of_each_pipeline() -> None:
    resources = made()
    (files,) = [entry.inputs["data"] for key, entry in resources.items() if key.startswith("ConfigMap/superset-setup")]
    assert json.loads(files["readers.json"]) == {"flights": DASHBOARD.dataset_uuids}
    assert len(DASHBOARD.dataset_uuids) == 5


def setup_job(**changes: Any) -> tuple[dict[str, str], dict[str, str]]:
    """The files of the dashboards' job, and the variables of its pod."""
    resources = made(**changes)
    (files,) = [entry.inputs["data"] for key, entry in resources.items() if key.startswith("ConfigMap/superset-setup")]
    container = one(resources, SETUP)["spec"]["template"]["spec"]["containers"][0]
    return files, {entry["name"]: entry.get("value") for entry in container["env"]}


def test_superset_is_told_what_readers_see_and_by_which_claims() -> None:
    limits = {"a": {"origin": "airports"}, "b": {}, "c": {"origin": "airports", "carrier": "airlines"}}
    files, variables = setup_job(limits=limits, sign_in=SIGN_IN, given={"sign-in-client-secret": "x"})
    assert json.loads(files["access.json"]) == limits
    assert json.loads(variables["WEIR_ACCESS_CLAIMS"]) == ["airlines", "airports"]


def test_without_rules_of_access_nothing_of_them_is_there() -> None:
    files, variables = setup_job(sign_in=SIGN_IN, given={"sign-in-client-secret": "x"})
    assert "access.json" not in files
    assert "WEIR_ACCESS_CLAIMS" not in variables


def test_an_unknown_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="no such secret: passwort"):
        made(given={"passwort": "x"})


def test_the_dashboards_are_read_from_trino_and_brought_after_superset() -> None:
    resources = made()
    (files,) = [entry.inputs["data"] for key, entry in resources.items() if key.startswith("ConfigMap/superset-setup")]
    database = yaml.safe_load(files["databases__cassandra.yaml"])
    assert database["sqlalchemy_uri"] == "trino://weir@trino.weir-prod.svc:8443/cassandra"
    assert {path.replace("/", "__") for path in DASHBOARD.files} < set(files)
    assert serving.depends_on(resources, SETUP, "Superset/superset")


def test_a_changed_dashboard_is_another_job() -> None:
    def name(**changes: Any) -> str:
        return one(made(**changes), SETUP)["metadata"]["name"]

    assert name() == name()
    assert name() != name(trino_url="https://elsewhere.svc:8443")


def test_without_an_operator_the_job_makes_the_tables() -> None:
    def command(*, operated: bool) -> list[str]:
        (container,) = one(made(operated=operated), SETUP)["spec"]["template"]["spec"]["containers"]
        return container["command"]

    assert "--migrate" in command(operated=False)
    assert "--migrate" not in command(operated=True)


def test_without_an_operator_no_server_starts_before_its_tables_are_made() -> None:
    resources = made(operated=False)
    assert serving.depends_on(resources, "Deployment/superset", SETUP)
    assert serving.depends_on(resources, "Deployment/superset-worker", SETUP)


def test_the_certificate_for_trino_names_the_user_in_the_address() -> None:
    certificate = one(made(), "Certificate/superset-trino-client")["spec"]
    address = yaml.safe_load((REPOSITORY / "dashboards" / "databases" / "cassandra.yaml").read_text(encoding="utf-8"))[
        "sqlalchemy_uri"
    ]
    assert address.startswith(f"trino://{certificate['commonName']}@")


def test_metadata_outlives_the_stack_and_the_cache_does_not() -> None:
    resources = made()
    assert resources["StatefulSet/superset-postgresql"].protect
    assert not resources["Deployment/superset-valkey"].protect


def test_the_caches_password_is_no_argument() -> None:
    (container,) = one(made(), "Deployment/superset-valkey")["spec"]["template"]["spec"]["containers"]
    assert "$(cat /run/secrets/weir/cache-password)" in container["command"][-1]
    assert "env" not in container or container["env"] == []


def test_the_cache_ends_when_its_pod_is_told_to() -> None:
    (container,) = one(made(), "Deployment/superset-valkey")["spec"]["template"]["spec"]["containers"]
    *_, last = container["command"][-1].split(" && ")
    assert last.startswith("exec valkey-server "), "a shell that stays the first process hears no SIGTERM"
    assert "|" not in last


@pytest.mark.parametrize(
    ("reference", "repository", "tag"),
    [
        ("ghcr.io/weir/superset:0.1.0", "ghcr.io/weir/superset", "0.1.0"),
        ("ghcr.io/weir/superset@sha256:ab", "ghcr.io/weir/superset", "pinned@sha256:ab"),
        ("registry:5000/weir/superset:1@sha256:ab", "registry:5000/weir/superset", "1@sha256:ab"),
        ("registry:5000/weir/superset", "registry:5000/weir/superset", "pinned"),
    ],
)
def test_an_image_fits_the_operators_two_fields(reference: str, repository: str, tag: str) -> None:
    image = image_of(Image(reference))
    assert (image["repository"], image["tag"]) == (repository, tag)
