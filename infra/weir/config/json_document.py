"""Values that go into a pod as a file of JSON, and come out of it again."""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar, Self

from pydantic import TypeAdapter, ValidationError

from weir.config.errors import WeirError


class JsonDocument:
    """A dataclass that is written and read; `description` is what people call it."""

    description: ClassVar[str]

    def to_json(self) -> str:
        """As text, the same for the same value."""
        return _adapter(type(self)).dump_json(self, indent=2).decode()

    @classmethod
    def from_json(cls, text: str) -> Self:
        """What `to_json` wrote.

        Raises:
            WeirError: the text is something else.
        """
        try:
            return _adapter(cls).validate_json(text)
        except ValidationError as error:
            raise WeirError(f"not a valid {cls.description}: {error}") from None


@cache
def _adapter(kind: type) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
