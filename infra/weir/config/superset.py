"""Who runs Superset, where it keeps its own data, and how people reach it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from weir.config.base import Frozen, Port
from weir.config.sign_in import SignIn


class SupersetProvider(StrEnum):
    """`operator` (apache/superset-kubernetes-operator) or `plain`: Deployments of ours."""

    OPERATOR = "operator"
    PLAIN = "plain"


class GivenService(Frozen):
    """A service that exists already; its password is one of the stack's secrets."""

    host: str
    port: Port


class GivenDatabase(GivenService):
    """A PostgreSQL that exists already."""

    user: str = "superset"
    database: str = "superset"


class SupersetConfig(Frozen):
    """Superset in this environment. Without given services, PostgreSQL and Valkey are deployed beside it."""

    provider: SupersetProvider = SupersetProvider.OPERATOR
    host: Annotated[str | None, Field(description="The public host name; without it there is no ingress.")] = None
    metadata_database: Annotated[GivenDatabase | None, Field(description="An existing PostgreSQL.")] = None
    cache: Annotated[GivenService | None, Field(description="An existing Valkey or Redis.")] = None
    sign_in: Annotated[
        SignIn | None, Field(description="Sign-in by an identity provider; without it, `admin` and its password.")
    ] = None
    cache_seconds: Annotated[int, Field(ge=0, le=86_400, description="How long a chart's result is cached.")] = 10

    @model_validator(mode="after")
    def _reachable(self) -> SupersetConfig:
        if self.sign_in is not None and self.host is None:
            raise ValueError("sign_in: the identity provider redirects people to host, which is missing; set host")
        return self
