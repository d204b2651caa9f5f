"""How people sign in: any OpenID Connect provider, the claims that say who somebody is, and what groups may do."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from weir.config.base import Frozen

Groups = Annotated[list[str], Field(description="Groups as the groups claim spells them.")]


class Claims(Frozen):
    """Which claims of the ID token, or else of userinfo, say who somebody is."""

    user_name: Annotated[
        str, Field(description="The account's name. Choose a claim that people cannot change themselves.")
    ] = "preferred_username"
    email: str = "email"
    first_name: str = "given_name"
    last_name: str = "family_name"
    groups: Annotated[
        str, Field(description="A list of groups. A claim inside another one is written `realm_access.roles`.")
    ] = "groups"


class SignInGroups(Frozen):
    """What the members of a group may do. Whoever is in none of these groups is refused."""

    administrators: Annotated[Groups, Field(min_length=1, description="Groups that may do everything in Superset.")]
    editors: Annotated[
        Groups, Field(description="Groups that make and change charts, datasets and dashboards, and read all data.")
    ] = []
    readers: Annotated[Groups, Field(description="Groups that see the dashboards of all pipelines.")] = []
    readers_of: Annotated[
        dict[str, Groups], Field(description="Pipeline -> groups that see the dashboards of that pipeline.")
    ] = {}


class SignIn(Frozen):
    """Sign-in by OpenID Connect; the client secret is the stack's secret `superset_sign_in_client_secret`."""

    issuer_url: Annotated[
        str,
        Field(
            pattern=r"^https://[^/?#]+[^?#]*$",
            description="The provider; its endpoints are read from /.well-known/openid-configuration below it.",
        ),
    ]
    client_id: Annotated[str, Field(min_length=1)]
    groups: SignInGroups
    claims: Claims = Claims()
    scopes: Annotated[
        list[str], Field(description="Scopes to ask for. Okta, for one, gives groups only with the scope `groups`.")
    ] = ["openid", "profile", "email"]
    session_hours: Annotated[
        int, Field(ge=1, le=168, description="After that, people sign in again, and their groups are read anew.")
    ] = 12

    @field_validator("scopes")
    @classmethod
    def _openid(cls, scopes: list[str]) -> list[str]:
        if "openid" not in scopes:
            raise ValueError("openid is missing, without which the provider gives no ID token; add it")
        return scopes
