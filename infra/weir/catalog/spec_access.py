"""The `access` of a pipeline file: which rows a reader of its dashboards sees."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from weir.config.base import Frozen, Identifier

ClaimName = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.:/-]{0,127}$",
        description="A claim as the identity provider spells it: letters, digits, and _ . : / -, at most 128. A claim "
        "inside another one is written `realm_access.airports`.",
    ),
]


class RowAccess(Frozen):
    """Readers see the rows whose column has one of the values of a claim that they sign in with."""

    column: Annotated[Identifier, Field(description="A text column of the pipeline's rows.")]
    from_claim: ClaimName
