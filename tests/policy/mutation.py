"""How a mutant changes a manifest: a field set or removed, or a line of a text replaced."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

GONE = object()
"""In the place of a value: the field is removed."""


Rows = tuple[tuple[str, str, str, Any], ...]
"""Of one rule: what is wrong, on which object, at which path, and the value there."""


@dataclass(frozen=True)
class Line:
    """In the place of a value: `text` in the text there becomes `instead`; without `text`, `instead` is added."""

    text: str
    instead: str = ""

    def of(self, before: str) -> str:
        """The text after it."""
        assert self.text in before, f"no {self.text}"
        return before.replace(self.text, self.instead) if self.text else f"{before}\n{self.instead}"


@dataclass(frozen=True)
class Mutant:
    """What is wrong, on which object (`<kind> <name>`), and the rule that sees it or the reason why none does."""

    name: str
    object: str
    path: str
    """Of the field. Numbers are places in lists, `+` is the end of one, `~` stands for a slash in a name."""
    value: Any
    seen_by: str

    @property
    def kind(self) -> str:
        """The kind of the object."""
        return self.object.partition(" ")[0].rpartition("/")[2]

    def change(self, props: dict[str, Any]) -> None:
        """Puts it into a manifest; what is missing on the way is made."""
        *way, last = (part.replace("~", "/") for part in self.path.split("/"))
        target: Any = props
        for part, following in zip(way, [*way, last][1:], strict=True):
            is_list = isinstance(target, list)
            target = target[int(part)] if is_list else target.setdefault(part, [] if following == "+" else {})
        if self.value is GONE:
            del target[int(last) if isinstance(target, list) else last]
        elif last == "+":
            target.append(self.value)
        elif isinstance(self.value, Line):
            target[last] = self.value.of(target[last])
        else:
            target[int(last) if isinstance(target, list) else last] = self.value
