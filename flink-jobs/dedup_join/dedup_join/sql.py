"""How Flink SQL is written: identifiers, literals, tables. Pure text, no engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence


def name(identifier: str) -> str:
    """An identifier in backticks, so that a column may be called `value`, `timestamp` or `user`."""
    return f"`{identifier.replace('`', '``')}`"


def names(identifiers: Iterable[str]) -> str:
    """A list of quoted identifiers."""
    return ", ".join(name(identifier) for identifier in identifiers)


def text(value: str) -> str:
    """A string literal."""
    return "'{}'".format(value.replace("'", "''"))


def create_table(
    table: str,
    columns: Sequence[str],
    options: Mapping[str, str],
    primary_key: Sequence[str] = (),
) -> str:
    """`CREATE TEMPORARY TABLE`; `columns` are written as they stand in the statement."""
    lines = list(columns)
    if primary_key:
        lines.append(f"PRIMARY KEY ({names(primary_key)}) NOT ENFORCED")
    settings = [f"{text(key)} = {text(value)}" for key, value in options.items()]
    return f"CREATE TEMPORARY TABLE {name(table)} (\n{_indented(lines)}\n) WITH (\n{_indented(settings)}\n)"


def create_view(view: str, query: str) -> str:
    """`CREATE TEMPORARY VIEW`."""
    return f"CREATE TEMPORARY VIEW {name(view)} AS\n{query}"


def insert(table: str, columns: Iterable[str], query: str) -> str:
    """`INSERT INTO table (columns)`."""
    return f"INSERT INTO {name(table)} ({names(columns)})\n{query}"


def select(expressions: Iterable[str], source: str, *clauses: str) -> str:
    """`SELECT ... FROM source`, followed by clauses such as `WHERE ...`."""
    return "\n".join([f"SELECT\n{_indented(expressions)}\nFROM {source}", *clauses])


def _indented(lines: Iterable[str]) -> str:
    return ",\n".join(f"  {line}" for line in lines)
