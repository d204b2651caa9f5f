"""What people see of an environment: Trino over Cassandra, and Superset with the dashboards."""

from __future__ import annotations

from pathlib import Path

import pulumi

from weir.catalog.access import dashboard_limits
from weir.catalog.dashboard import Dashboard, check_dashboard, load_dashboard
from weir.catalog.roles import DASHBOARDS_ROLE
from weir.components.base import Site
from weir.components.cassandra.access import CassandraAccess
from weir.components.certificates import CertificateAuthority
from weir.components.images import image
from weir.components.superset import settings as keys
from weir.components.superset.operated import SupersetOperated
from weir.components.superset.plain import SupersetPlain
from weir.components.superset.settings import SupersetArgs
from weir.components.superset.stores import PostgreSql, StoreArgs, Valkey, postgresql_service, valkey_service
from weir.components.trino.deployment import PeopleArgs, Trino, TrinoArgs
from weir.components.trino.people import People
from weir.config import versions
from weir.config.images import ImageName
from weir.config.repository import REPOSITORY
from weir.config.security import SecretName
from weir.config.superset import SupersetProvider
from weir.programs.load import PlannedEnvironment

GIVEN_SECRETS = {
    SecretName.SUPERSET_SECRET_KEY: keys.SECRET_KEY,
    SecretName.SUPERSET_PREVIOUS_SECRET_KEY: keys.PREVIOUS_SECRET_KEY,
    SecretName.SUPERSET_GUEST_TOKEN_SECRET: keys.GUEST_TOKEN,
    SecretName.SUPERSET_ADMIN_PASSWORD: keys.ADMIN_PASSWORD,
    SecretName.SUPERSET_SIGN_IN_CLIENT_SECRET: keys.SIGN_IN_SECRET,
    SecretName.METADATA_DATABASE_PASSWORD: keys.METADATA_PASSWORD,
    SecretName.CACHE_PASSWORD: keys.CACHE_PASSWORD,
}


def serving(
    environment: PlannedEnvironment, site: Site, authority: CertificateAuthority, cassandra: CassandraAccess
) -> None:
    """Trino, Superset with what it keeps its own data in, and the dashboards of the pipelines that have some."""
    stack, plan = environment.stack, environment.plan
    certificates = authority if stack.security.tls else None
    trino = Trino(
        site,
        TrinoArgs(
            environment.plan.trino,
            image(stack.images, ImageName.TRINO),
            cassandra,
            DASHBOARDS_ROLE,
            certificates,
            _people(environment),
        ),
    )
    config = stack.superset
    dashboards = tuple(dashboards_of(environment, REPOSITORY / "dashboards"))
    args = SupersetArgs(
        plan=plan.superset,
        image=image(stack.images, ImageName.SUPERSET),
        metadata=config.metadata_database or postgresql_service(site),
        cache=config.cache or valkey_service(site),
        trino_url=trino.url,
        dashboards=dashboards,
        certificates=certificates,
        given={key: environment.secrets[name] for name, key in GIVEN_SECRETS.items() if name in environment.secrets},
        host=config.host,
        sign_in=config.sign_in,
        limits=dashboard_limits(dashboards, environment.pipelines),
        cache_seconds=config.cache_seconds,
        after=[trino.coordinator],
    )
    if config.provider is SupersetProvider.OPERATOR:
        superset = SupersetOperated(site, args, versions.CRDS["Superset"].api_version)
    else:
        superset = SupersetPlain(site, args)
    _stores(environment, site, args, superset.secrets.digest)


def _people(environment: PlannedEnvironment) -> PeopleArgs | None:
    """Who may query Trino besides Superset."""
    stack = environment.stack
    config = stack.trino
    if not config.groups:
        return None
    return PeopleArgs(
        People(config.groups, config.limits, environment.pipelines),
        environment.secrets[SecretName.TRINO_PASSWORDS],
        image(stack.images, ImageName.WEIR_JOBS),
        config.host,
        config.allowed_cidrs,
    )


def dashboards_of(environment: PlannedEnvironment, folder: Path) -> list[Dashboard]:
    """The dashboards of the environment's pipelines, each followed down to its tables."""
    found = [load_dashboard(folder / each.name) for each in environment.pipelines if (folder / each.name).is_dir()]
    for dashboard in found:
        check_dashboard(dashboard, environment.pipelines)
    return found


def _stores(
    environment: PlannedEnvironment, site: Site, args: SupersetArgs, secrets_digest: pulumi.Output[str]
) -> None:
    """PostgreSQL and Valkey, as far as none is given."""
    stack, plan = environment.stack, environment.plan.superset
    if plan.postgresql is not None:
        PostgreSql(
            site,
            StoreArgs(
                plan.postgresql,
                image(stack.images, ImageName.POSTGRESQL),
                args.secret_of(keys.METADATA_PASSWORD),
                keys.METADATA_PASSWORD,
                stack.storage.classes.superset,
                secrets_digest,
            ),
        )
    if plan.valkey is not None:
        valkey = image(stack.images, ImageName.VALKEY)
        password = args.secret_of(keys.CACHE_PASSWORD)
        Valkey(
            site,
            StoreArgs(plan.valkey, valkey, password, keys.CACHE_PASSWORD, secrets_digest=secrets_digest),
        )
