"""Who may query Trino besides Superset, what they may read, and how they reach it."""

from __future__ import annotations

from ipaddress import ip_network
from itertools import combinations
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from weir.config.base import DnsLabel, Frozen, Identifier
from weir.config.network import Cidr

SUPERSET_USER = "weir"
"""Superset's user in Trino: the name in its certificate, which no person may have."""

Person = Annotated[
    str,
    Field(
        pattern=r"^[a-z][a-z0-9._@-]{0,63}$",
        description="A user name as in trino_passwords: lower-case letters, digits, dots, dashes, underscores, @.",
    ),
]
HostName = Annotated[
    str, Field(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$", max_length=64)
]


class TrinoGroup(Frozen):
    """People who may read the same tables and rows."""

    members: Annotated[list[Person], Field(min_length=1, description="Each has a line in the secret trino_passwords.")]
    pipelines: Annotated[list[Identifier], Field(min_length=1, description="Whose tables they may read.")]
    rows: Annotated[
        dict[Identifier, Annotated[list[str], Field(min_length=1)]],
        Field(
            description="Column -> the values that they may see. They see no table of results without the column: "
            "its totals would tell of the other rows. Reference tables stay visible."
        ),
    ] = {}
    all_rows: Annotated[
        list[Identifier],
        Field(
            description="Pipelines with rules of `access` whose rows they see all the same. Without it, `rows` must "
            "limit each column that has a rule."
        ),
    ] = []

    @model_validator(mode="after")
    def _all_or_some(self) -> TrinoGroup:
        for pipeline in self.all_rows:
            if pipeline not in self.pipelines:
                raise ValueError(f"all_rows: {pipeline!r} is not in pipelines; add it there, or remove it")
        if self.all_rows and self.rows:
            raise ValueError("all_rows: rows limits every pipeline of the group; remove one, or make two groups")
        return self


class TrinoLimits(Frozen):
    """What one person may ask of Trino, so that the dashboards stay quick. Nobody can raise it for a session."""

    query_max_seconds: Annotated[int, Field(ge=1, le=86_400, description="A query that runs longer is ended.")] = 600
    queries_per_person: Annotated[int, Field(ge=1, le=100, description="How many run at once; more wait.")] = 3
    waiting_per_person: Annotated[int, Field(ge=0, le=1000, description="How many wait; more are refused.")] = 20


class TrinoConfig(Frozen):
    """Trino in this environment. Without groups, Superset alone may query it."""

    groups: dict[DnsLabel, TrinoGroup] = {}
    limits: TrinoLimits = TrinoLimits()
    host: Annotated[
        HostName | None,
        Field(description="The name by which people outside the cluster reach it; without it, nobody outside does."),
    ] = None
    allowed_cidrs: Annotated[
        list[Cidr], Field(description="From which addresses people outside the cluster may connect.")
    ] = []
    client_namespaces: Annotated[
        list[DnsLabel], Field(description="Namespaces whose pods, such as notebooks, may connect.")
    ] = []

    @field_validator("allowed_cidrs")
    @classmethod
    def _not_everywhere(cls, cidrs: list[str]) -> list[str]:
        for cidr in cidrs:
            if ip_network(cidr).prefixlen == 0:
                raise ValueError(f"{cidr} is every address; list your own networks")
        return cidrs

    @model_validator(mode="after")
    def _reachable(self) -> TrinoConfig:
        if bool(self.host) != bool(self.allowed_cidrs):
            wanted, given = ("allowed_cidrs", "host") if self.host else ("host", "allowed_cidrs")
            raise ValueError(f"{wanted}: missing, but {given} is set; set both, or neither")
        for setting, value in (("host", self.host), ("client_namespaces", self.client_namespaces)):
            if value and not self.groups:
                raise ValueError(f"{setting}: there is nobody to let in; add groups, or remove {setting}")
        return self

    @model_validator(mode="after")
    def _one_rule_each(self) -> TrinoConfig:
        """Trino applies the first rule that fits: with two groups for one table, the second would have no effect."""
        for name, group in self.groups.items():
            if SUPERSET_USER in group.members:
                raise ValueError(f"groups.{name}.members: {SUPERSET_USER!r} is Superset's user; use another name")
        for (first, one), (second, other) in combinations(self.groups.items(), 2):
            pipelines = sorted(set(one.pipelines) & set(other.pipelines))
            people = sorted(set(one.members) & set(other.members))
            if pipelines and people:
                raise ValueError(
                    f"groups.{second}.members: {', '.join(people)} may read {', '.join(pipelines)} as a member of "
                    f"{first} already, and Trino applies only one of the two; remove them from one group"
                )
        return self
