"""Whether a reference row is joined at all: the oracle's own answer, in SQL, apart from `weir.catalog.limits`."""

from __future__ import annotations

from weir.catalog.pipeline import Pipeline, group_columns
from weir.catalog.spec import JOINED_KEY_BYTES
from weir.verify.dataset import quoted


def usable_reference(pipeline: Pipeline, reference: str, alias: str) -> str:
    """In DuckDB's SQL, whether the row `alias` of a reference is joined at all: every table must be able to hold it."""
    tests = ["true"]
    for join in pipeline.spec.joins:
        for source, name in join.select.items() if join.reference == reference else ():
            column = f"{alias}.{quoted(source)}"
            if pipeline.columns[name].type in {"date", "timestamp"}:
                tests.append(f"coalesce(year({column}) BETWEEN 1 AND 9999, true)")
            for aggregate in pipeline.spec.aggregates:
                for key in group_columns(aggregate):
                    if key.column == name and pipeline.columns[name].type == "text":
                        least = int(aggregate.partition_key == [key.output])
                        tests.append(f"coalesce(strlen({column}) BETWEEN {least} AND {JOINED_KEY_BYTES}, true)")
    return " AND ".join(dict.fromkeys(tests))
