"""A Kafka and a registry of somebody else's, asked from this machine with weir's own login."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import SecretStr

from weir.catalog.existing_topics import ExistingSetup, Shortfall, existing_setup
from weir.catalog.pipeline import Pipeline
from weir.clients.kafka_admin import Access, LoginError, wait_for_brokers
from weir.config.endpoints import Endpoints, Login
from weir.config.errors import WeirError
from weir.config.existing import (
    REGISTRY_CA_FILE,
    REGISTRY_PASSWORD_FILE,
    REGISTRY_USER,
    ExistingAuthentication,
    ExistingKafka,
    login_problems,
)
from weir.config.stack import StackConfig
from weir.doctor.findings import Finding, Maker, State
from weir.incluster.kafka.existing import check

ABOUT = "existing Kafka"
ASK_SECONDS = 15
PASSWORD_FILE = "WEIR_KAFKA_PASSWORD_FILE"  # noqa: S105 - its name
CERTIFICATE_FILE, KEY_FILE = "WEIR_KAFKA_CERTIFICATE_FILE", "WEIR_KAFKA_KEY_FILE"
NEEDED = {
    ExistingAuthentication.SCRAM: (PASSWORD_FILE,),
    ExistingAuthentication.MTLS: (CERTIFICATE_FILE, KEY_FILE),
    ExistingAuthentication.NONE: (),
}
"""The environment's variables that name the files of the login: doctor does not decrypt a stack's secrets."""
REGISTRY_NEEDED = (REGISTRY_USER, REGISTRY_PASSWORD_FILE)
"""Where the registry has a login; the first is its user's name."""


def examine(stack: StackConfig, pipelines: Iterable[Pipeline], environment: Mapping[str, str]) -> list[Finding]:
    """What the stack's pipelines need of a Kafka that is there already; nothing where weir makes its own."""
    kafka = stack.kafka.existing
    if kafka is None:
        return []
    if missing := [name for name in _needed(stack, kafka) if name not in environment]:
        remedy = f"set {' and '.join(missing)} to what weir logs in with; a name with FILE takes a path"
        return [Finding(ABOUT, State.WARNING, "not asked, for doctor has no login", remedy, Maker.YOU)]
    wanted = list(pipelines)
    own = [topic for pipeline in wanted for topic in pipeline.topics]
    setup = existing_setup(wanted, own, stack.availability.kafka_replication_factor)
    try:
        with TemporaryDirectory(prefix="weir-doctor-") as folder:
            found = _found(_endpoints(stack, kafka, environment, Path(folder)), setup)
    except LoginError as error:
        found = [Finding(ABOUT, State.MISSING, str(error), "correct kafka.existing, or its login", Maker.YOU)]
    except OSError as error:
        found = [Finding(ABOUT, State.WARNING, str(error), "name a file that can be read", Maker.YOU)]
    except WeirError as error:
        remedy = "see that this machine and the cluster's pods reach it"
        found = [Finding(ABOUT, State.WARNING, str(error), remedy, Maker.OWNER)]
    return found or [Finding(ABOUT, State.OK, f"{len(setup.sources)} topics of others fit their pipelines")]


def _needed(stack: StackConfig, kafka: ExistingKafka) -> Iterator[str]:
    yield from NEEDED[kafka.authentication]
    registry = stack.registry.existing
    if registry and registry.username:
        yield from REGISTRY_NEEDED
    if registry and registry.certificate_authority:
        yield REGISTRY_CA_FILE


def _found(endpoints: Endpoints, setup: ExistingSetup) -> list[Finding]:
    return _unusable(endpoints.kafka_login) or [_finding(each) for each in _asked(endpoints, setup)]


def _unusable(login: Login | None) -> list[Finding]:
    """What of the login Java's clients cannot use; a line end after the password is the file's, not the secret's."""
    if login is None:
        return []
    password = login.password.get_secret_value() if login.username else None
    key = login.key_file.read_text(encoding="utf-8") if login.key_file else None
    found = (problem.partition("; ") for problem in login_problems(password, key))
    return [Finding(ABOUT, State.MISSING, wrong, remedy, Maker.YOU) for wrong, _, remedy in found]


def _asked(endpoints: Endpoints, setup: ExistingSetup) -> list[Shortfall]:
    access = Access.of(endpoints)
    wait_for_brokers(access, 1, ASK_SECONDS, lambda _: None)
    return check(access.client(), endpoints.registry_url, setup)


def _finding(shortfall: Shortfall) -> Finding:
    state = State.MISSING if shortfall.refused and shortfall.answered else State.WARNING
    return Finding(ABOUT, state, f"{shortfall.field}: {shortfall.wrong}", shortfall.remedy, Maker.OWNER)


def _endpoints(stack: StackConfig, kafka: ExistingKafka, environment: Mapping[str, str], folder: Path) -> Endpoints:
    registry = stack.registry.existing
    found = Endpoints.of_pod(kafka=kafka.servers, registry=registry.url if registry else "")
    return found.model_copy(update={"kafka_login": _login(kafka, environment, folder)})


def _login(kafka: ExistingKafka, environment: Mapping[str, str], folder: Path) -> Login | None:
    if not kafka.tls and kafka.authentication is ExistingAuthentication.NONE:
        return None
    authority = None
    if kafka.certificate_authority:
        authority = folder / "ca.crt"
        authority.write_text(kafka.certificate_authority, encoding="utf-8")
    if kafka.authentication is ExistingAuthentication.MTLS:
        own, key = Path(environment[CERTIFICATE_FILE]), Path(environment[KEY_FILE])
        return Login(ca_file=authority, certificate_file=own, key_file=key)
    if kafka.authentication is ExistingAuthentication.NONE:
        return Login(ca_file=authority)
    password = Path(environment[PASSWORD_FILE]).read_text(encoding="utf-8").strip()
    return Login(ca_file=authority, username=kafka.username or "", password=SecretStr(password), encrypted=kafka.tls)
