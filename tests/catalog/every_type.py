"""A pipeline that does with each type of column all that a pipeline file can: key, join, group, measure, condition."""

from __future__ import annotations

import json
from typing import Any

from tests.catalog.pipeline_mutations import Candidate

from weir.catalog.types import ColumnType
from weir.config.yaml_text import written

AVRO: dict[ColumnType, Any] = {
    ColumnType.TEXT: "string",
    ColumnType.INT: "int",
    ColumnType.BIGINT: "long",
    ColumnType.FLOAT: "float",
    ColumnType.DOUBLE: "double",
    ColumnType.BOOLEAN: "boolean",
    ColumnType.BLOB: "bytes",
    ColumnType.DATE: {"type": "int", "logicalType": "date"},
    ColumnType.TIMESTAMP: {"type": "long", "logicalType": "timestamp-millis"},
}


def every_type() -> Candidate:
    """Of each type a column `k_<type>` that is in every key, and `<type>_` that may be null."""
    keys, values = [f"k_{kind}" for kind in AVRO], [f"{kind}_" for kind in AVRO]
    fields = [{"name": name, "type": kind} for name, kind in zip(keys, AVRO.values(), strict=True)]
    fields += [{"name": name, "type": ["null", kind]} for name, kind in zip(values, AVRO.values(), strict=True)]
    spec = {
        "name": "every_type",
        "description": "All that can be done with a column, with one of each type.",
        "owner": "tests",
        "source": {"topic": "every.events", "schema_file": "event.avsc", "partitions": 1, "retention_hours": 1},
        "deduplication": {"key": keys, "horizon_hours": 2},
        "event_time": "k_timestamp",
        "derived": {"day": {"from": "k_timestamp", "truncate_to": "day"}},
        "references": {
            f"of_{kind}": {"columns": {"k": str(kind), "v": str(kind)}, "primary_key": ["k"]} for kind in AVRO
        },
        "joins": [
            {"reference": f"of_{kind}", "match": {"k": f"{kind}_"}, "select": {"v": f"joined_{kind}"}} for kind in AVRO
        ],
        "rows": {"table": "events", "partition_key": keys, "clustering_key": ["day"], "bucket": {"time": "hour"}},
        "aggregates": [
            {
                "table": "totals",
                "grain": "day",
                "partition_key": ["day"],
                "dimensions": keys,
                "measures": dict(_measures()),
            }
        ],
        "dead_letters": {"topic": "every.dead-letters", "retention_hours": 1},
        "workload": {
            "mean_events_per_second": 1,
            "peak_events_per_second": 1,
            "event_bytes": 200,
            "duplicate_ratio": 0,
        },
    }
    schema = {"type": "record", "name": "Event", "namespace": "every", "fields": fields}
    return Candidate(0, "every_type", written(spec), "event.avsc", json.dumps(schema), ())


def _measures() -> list[tuple[str, dict[str, Any]]]:
    made: list[tuple[str, dict[str, Any]]] = []
    for kind in AVRO:
        made.append((f"counted_{kind}", {"count": f"{kind}_", "where": {"column": f"joined_{kind}", "is_null": True}}))
        if kind is not ColumnType.BLOB:
            made += [(f"least_{kind}", {"min": f"joined_{kind}"}), (f"most_{kind}", {"max": f"{kind}_"})]
        if kind.is_integer:
            made.append((f"sum_{kind}", {"sum": f"{kind}_"}))
        if kind in _COMPARED:
            where = {"column": f"{kind}_", **_COMPARED[kind]}
            made.append((f"compared_{kind}", {"count": "all", "where": where}))
    return made


_COMPARED: dict[ColumnType, dict[str, Any]] = {
    ColumnType.TEXT: {"equals": "it's"},
    ColumnType.INT: {"greater_than": 5.5},
    ColumnType.BIGINT: {"less_than": 2**63 - 1},
    ColumnType.FLOAT: {"greater_than": -1},
    ColumnType.DOUBLE: {"equals": 7},
    ColumnType.BOOLEAN: {"equals": False},
}
