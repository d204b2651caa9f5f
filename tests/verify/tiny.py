"""A pipeline small enough to compute by hand: sensor readings, joined with sites, with nulls everywhere they may be."""

from __future__ import annotations

import json
from pathlib import Path

from weir.catalog.dataset import Dataset, load_dataset
from weir.catalog.pipeline import Pipeline, load_pipeline

SCHEMA = {
    "type": "record",
    "name": "Reading",
    "fields": [
        {"name": "sensor", "type": "string"},
        {"name": "number", "type": "long"},
        {"name": "read_at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "site", "type": ["null", "int"], "default": None},
        {"name": "grade", "type": {"type": "enum", "name": "Grade", "symbols": ["good", "poor"]}},
        {"name": "value", "type": ["null", "int"], "default": None},
        {"name": "ratio", "type": ["double", "null"]},
        {"name": "flag", "type": ["null", "boolean"], "default": None},
        {"name": "raw", "type": ["null", "bytes"], "default": None},
        {"name": "checked_on", "type": ["null", {"type": "int", "logicalType": "date"}], "default": None},
    ],
}
PIPELINE = """
name: readings
description: Sensor readings.
owner: test
source: {topic: readings.events, schema_file: reading.avsc, partitions: 2, retention_hours: 1}
deduplication: {key: [sensor, number], horizon_hours: 2}
event_time: read_at
derived:
  read_hour: {from: read_at, truncate_to: hour}
  read_day: {from: read_at, truncate_to: day}
  read_month: {from: read_at, truncate_to: month}
  read_year: {from: read_at, truncate_to: year}
references:
  sites:
    columns: {site: int, name: text, height: int}
    primary_key: [site]
joins:
  - reference: sites
    match: {site: site}
    select: {name: site_name, height: site_height}
rows:
  table: readings_enriched
  partition_key: [read_day]
  clustering_key: [sensor, number]
aggregates:
  - table: totals_by_month
    grain: read_month
    partition_key: [read_month]
    dimensions: [{column: site_name, when_null: "who's there", as: place}]
    measures:
      readings: {count: all}
      valued: {count: value}
      total: {sum: value}
      least: {min: value}
      greatest: {max: value}
      highest: {max: ratio}
      unflagged: {count: all, where: {column: flag, is_null: true}}
      flagged: {count: all, where: {column: flag, equals: true}}
      good_total: {sum: value, where: {column: grade, equals: good}}
      low: {count: all, where: {column: value, less_than: 5}}
      high: {count: all, where: {column: value, greater_than: 5}}
      on_height: {count: all, where: {column: site_height, is_null: false}}
dead_letters: {topic: readings.dead, retention_hours: 1}
workload: {mean_events_per_second: 1, peak_events_per_second: 1, event_bytes: 1, duplicate_ratio: 0}
"""
DATASET = """
null_text: NA
events: readings.csv
references: {sites: sites.csv}
"""
READINGS = """\
sensor,number,read_at,site,grade,value,ratio,flag,raw,checked_on,ignored
a,1,2024-02-29T23:59:59.999Z,1,good,3,0.5,true,\\x00\\xFF,2024-03-01,x
a,2,2024-02-29 12:00:00,1,poor,NA,NA,false,NA,NA,x
b,1,2024-03-01T01:30:00+02:00,9,good,7,-1.25,NA,NA,1969-12-31,x
b,2,2024-03-01T00:00:00.0005Z,NA,good,NA,2.5,NA,NA,NA,x
c,1,1969-12-31T23:59:59Z,1,poor,-4,NA,true,,NA,x
"""
SITES = "site,name,height,unused\n1,first,NA,u\n2,second,20,u\n1,north,10,u\n"


def write_readings(
    folder: Path,
    *,
    readings: str = READINGS,
    sites: str = SITES,
    pipeline: str = PIPELINE,
    more_fields: list[dict[str, object]] | None = None,
) -> tuple[Pipeline, Dataset]:
    """Writes `readings` below `folder` and loads it."""
    home = folder / "readings"
    home.mkdir(parents=True)
    (home / "pipeline.yaml").write_text(pipeline)
    (home / "dataset.yaml").write_text(DATASET)
    (home / "reading.avsc").write_text(json.dumps(SCHEMA | {"fields": [*SCHEMA["fields"], *(more_fields or [])]}))
    (home / "readings.csv").write_text(readings)
    (home / "sites.csv").write_text(sites)
    return load_pipeline(home), load_dataset(home)
