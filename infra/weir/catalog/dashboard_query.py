"""A dataset's query, followed to the tables: what it reads is there, by its partition key, under its names. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from weir.catalog.tables import Table
from weir.catalog.trino_words import unquoted_words, unusable_columns

SOURCE = re.compile(r"\b(?:FROM|JOIN)\s+\"?([a-z_]\w*)\"?\.\"?([a-z_]\w*)\"?", re.IGNORECASE)
"""Keyspace and table of what a query reads."""
_IDENTIFIER = re.compile(r"(?<![\w.'])([a-z_]\w*)(?!\w*\s*\()")

Asset = Mapping[str, Any]


def query_problems(path: str, asset: Asset, rows: Collection[str], tables: Mapping[str, Table]) -> Iterator[str]:
    """What is wrong with the query and the columns of the dataset in `path`.

    Args:
        path: of its file, for messages.
        asset: the dataset.
        rows: tables that hold every event, by their qualified names.
        tables: every table that may be read, those of `rows` included, by their qualified names.
    """
    sql = asset.get("sql") or ""
    names = [f"{keyspace}.{table}".lower() for keyspace, table in SOURCE.findall(sql)]
    if not names:
        yield f"{path}: sql: reads no keyspace.table; write a SELECT that restricts the table's partition key"
    for name in names:
        if name in rows:
            yield (
                f"{path}: sql: {name} holds every event and is too large for charts; add an aggregate to the "
                "pipeline and read that"
            )
        elif name not in tables:
            yield f"{path}: sql: no pipeline has a table {name}; known: {listed(set(tables) - set(rows))}"
        else:
            yield from _partition_key(path, sql, tables[name])
    if names and all(name in tables for name in names):
        read = [tables[name] for name in names]
        yield from _columns(path, asset, sql, read)
        yield from _words(path, asset, sql, read)


def columns_of(dataset: Asset) -> set[str]:
    """The columns that a dataset offers to charts."""
    return {column["column_name"] for column in dataset.get("columns", [])}


def listed(names: Iterable[str]) -> str:
    """Names in alphabetical order, for a message."""
    return ", ".join(sorted(names))


def _partition_key(path: str, sql: str, table: Table) -> Iterator[str]:
    for column in table.partition_key:
        if not re.search(rf"\b{column}\"?\s*(?:=|IN\s*\()", sql, re.IGNORECASE):
            yield (
                f"{path}: sql: partition key column {column!r} of {table.qualified_name} is not restricted, so every "
                f"query would read the whole table; add `{column} IN (...)`"
            )


def _columns(path: str, asset: Asset, sql: str, tables: list[Table]) -> Iterator[str]:
    stored = {column for table in tables for column in table.columns}
    computed = set(re.findall(r"\bAS\s+\"?([a-z_]\w*)", sql, re.IGNORECASE))
    columns = columns_of(asset)
    for column in asset.get("columns", []):
        name = column["column_name"]
        if not column.get("expression") and name not in stored | computed:
            sources = listed({table.qualified_name for table in tables})
            yield f"{path}: columns.{name}: neither a column of {sources} nor computed by the query; correct its name"
    for metric in asset.get("metrics", []):
        unknown = set(_IDENTIFIER.findall(metric["expression"])) - columns
        if unknown:
            yield f"{path}: metrics.{metric['metric_name']}: no column {listed(unknown)}; use the dataset's columns"


def _words(path: str, asset: Asset, sql: str, tables: list[Table]) -> Iterator[str]:
    """Names that are words of Trino's SQL, which takes them in double quotes only."""
    names = columns_of(asset) | {name for table in tables for name in (table.keyspace, table.name, *table.columns)}
    metrics = {f"metrics.{metric['metric_name']}": metric["expression"] for metric in asset.get("metrics", [])}
    for field, text in {"sql": sql, **metrics}.items():
        for word in unquoted_words(text, names):
            yield f'{path}: {field}: {word!r} is an SQL keyword; quote a name as "{word}", or write SQL in capitals'
    for word in unusable_columns(columns_of(asset)):
        yield (
            f"{path}: columns.{word}: Trino reserves the word, and Superset does not quote it; "
            f'give it another name in the query, such as `"{word}" AS {word}_value`'
        )
