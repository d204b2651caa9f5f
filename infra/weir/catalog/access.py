"""Who sees which rows: the rules of pipeline files, applied to what dashboards and groups of Trino read. Pure.

A dataset is limited from outside, by a condition on what its query returns. That is sound only for a query in which
each returned row comes from rows with the same value in the column; `_passes` recognizes the plainest of these, and
readers see no row of any other dataset.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from weir.catalog.dashboard import Asset, Dashboard
from weir.catalog.dashboard_query import SOURCE
from weir.catalog.pipeline import Pipeline
from weir.config.trino import TrinoGroup

Limits = dict[str, str]
"""Column -> the claim whose values readers see. Empty: they see no row."""

_SET = re.compile(r"\{%-?\s*set\s.*?%\}", re.DOTALL)
_VALUE = re.compile(r"\{\{[^{}]*\}\}")
_TEXT = re.compile(r"'[^']*'")
_NAME = r'(?:"[a-z_]\w*"|[a-z_]\w*)'
_PLAIN = re.compile(
    rf"\s*SELECT\s+(?:DISTINCT\s+)?(?P<columns>.*?)\s+FROM\s+{_NAME}\.{_NAME}\s*"
    r"(?P<rest>(?:WHERE|GROUP|HAVING|ORDER)\b.*)?",
    re.IGNORECASE | re.DOTALL,
)
"""One SELECT of one table."""
_BEYOND = re.compile(
    r"\b(?:SELECT|FROM|JOIN|UNION|INTERSECT|EXCEPT|OVER|WINDOW|TABLE|VALUES|LIMIT|OFFSET|FETCH|MATCH_RECOGNIZE)\b"
    r"|--|/\*|[;{}]",
    re.IGNORECASE,
)
"""What makes a returned row depend on rows with other values, or hides from these expressions."""
_ELSEWHERE = re.compile(r"\b(?:SELECT|TABLE)\b|[{}]", re.IGNORECASE)
"""What lets a metric look past the rows that the rule leaves."""


def dashboard_limits(dashboards: Iterable[Dashboard], pipelines: Sequence[Pipeline]) -> dict[str, Limits]:
    """UUID of a dataset -> what readers see of it; datasets that nothing limits are left out."""
    return {
        asset["uuid"]: limits
        for dashboard in dashboards
        for asset in dashboard.of("datasets").values()
        if (limits := dataset_limits(asset, dashboard.folder.name, pipelines)) is not None
    }


def dataset_limits(asset: Asset, home: str, pipelines: Sequence[Pipeline]) -> Limits | None:
    """What readers see of a dataset on the dashboard of pipeline `home`; None: all of it.

    The rules of the pipelines whose tables it reads hold, and those of `home`, whose monitor counts all events.
    Reference tables are everybody's.
    """
    sources = {f"{keyspace}.{table}".lower() for keyspace, table in SOURCE.findall(_sql(asset))}
    references = {table.qualified_name for pipeline in pipelines for table in pipeline.reference_tables.values()}
    plain = _plain(asset)
    if plain and sources <= references:
        return None
    rules = [
        (pipeline, rule)
        for pipeline in pipelines
        for rule in pipeline.spec.access
        if pipeline.name == home or _names(asset, pipeline.name)
    ]
    if not rules:
        return None
    tables = {table.qualified_name: table for pipeline in pipelines for table in pipeline.tables}
    limits: Limits = {}
    for pipeline, rule in rules:
        read = [tables.get(source) for source in sources]
        own = all(table and table.keyspace == pipeline.name and rule.column in table.columns for table in read)
        if not (plain and own and _passes(plain, rule.column)):
            return {}
        limits[rule.column] = rule.from_claim
    return limits


def group_problems(groups: Mapping[str, TrinoGroup], pipelines: Iterable[Pipeline]) -> Iterator[str]:
    """Groups of Trino that would see more than readers do: people there have a password and no claims."""
    known = list(pipelines)
    for name, group in groups.items():
        for pipeline in known:
            field, rules = f"trino.groups.{name}", pipeline.spec.access
            if pipeline.name in group.all_rows and not rules:
                yield (
                    f"{field}.all_rows: pipeline {pipeline.name} has no rules of access, so the group sees all rows "
                    "anyway; remove it"
                )
            if pipeline.name not in group.pipelines or pipeline.name in group.all_rows:
                continue
            for rule in rules:
                if rule.column not in group.rows:
                    yield (
                        f"{field}.rows.{rule.column}: missing, but pipeline {pipeline.name} has a rule of access for "
                        f"the column; list the values that the group may see, or add {pipeline.name} to "
                        f"{field}.all_rows"
                    )


def _sql(asset: Asset) -> str:
    return asset.get("sql") or ""


def _expressions(asset: Asset) -> list[str]:
    """Of its metrics and computed columns."""
    return [each.get("expression") or "" for each in (*asset.get("metrics", []), *asset.get("columns", []))]


def _names(asset: Asset, pipeline: str) -> bool:
    """Whether the dataset reads a pipeline's keyspace, or what the monitor says of the pipeline."""
    text = "\n".join([_sql(asset), *_expressions(asset)])
    named = re.search(rf"\b{pipeline}\"?\s*\.|'{pipeline}'", text, re.IGNORECASE)
    return named is not None or asset.get("schema") == pipeline


def _plain(asset: Asset) -> re.Match[str] | None:
    """The dataset's query, if it is one SELECT of one table in which nothing looks at other rows."""
    if any(_ELSEWHERE.search(_TEXT.sub("''", expression)) for expression in _expressions(asset)):
        return None
    sql = _TEXT.sub("''", _VALUE.sub("0", _SET.sub(" ", _sql(asset))))
    found = _PLAIN.fullmatch(sql)
    if found is None or _BEYOND.search(found["columns"]) or _BEYOND.search(found["rest"] or ""):
        return None
    return found


def _passes(plain: re.Match[str], column: str) -> bool:
    """Whether the query returns the column as it is. With GROUP BY, SQL then demands that it is grouped by."""
    items = [item.strip().lower() for item in re.split(r",(?![^()]*\))", plain["columns"])]
    return column in items or f'"{column}"' in items
