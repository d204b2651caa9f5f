"""The schema check, the proof's reader and the decoders of both engines over random pairs of schemas, in one JVM.

Of records as they were written, and of damaged ones: the same values, or letters of the same code.
"""

from __future__ import annotations

import datetime
import json
import math
import random
import struct
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from tests.catalog.damage import damaged
from tests.catalog.random_pairs import random_pair
from tests.catalog.random_records import records

from weir.catalog.avro_types import Node, parse_avro
from weir.catalog.resolution import mismatches
from weir.clients.events.avro_reader import EPOCH, read_value
from weir.clients.events.letter_codes import UnreadableError
from weir.config.repository import REPOSITORY

pytestmark = [pytest.mark.contract, pytest.mark.timeout(600)]

PAIRS = 3_000
MODULE = "flink-jobs/connectors/avro-registry"
TEST = "AgreementTest"
DAMAGES = 10
"""Damaged copies of each record."""


def test_the_engines_decode_what_the_check_promises_to_the_same_values(tmp_path: Path) -> None:
    cases = tmp_path / "pairs.json"
    cases.write_text(json.dumps([_case(seed) for seed in range(PAIRS)]), encoding="utf-8")
    report = REPOSITORY / MODULE / "target" / "surefire-reports" / f"TEST-io.weir.flink.avro.{TEST}.xml"
    report.unlink(missing_ok=True)
    command = ["mvn", "-q", "-B", "-f", str(REPOSITORY / "pom.xml"), "-pl", MODULE, "-am", "test"]
    chosen = [f"-Dtest={TEST}", "-Dsurefire.failIfNoSpecifiedTests=false", f"-Dweir.pairs={cases}"]
    run = subprocess.run([*command, *chosen], check=False, capture_output=True, text=True)
    assert run.returncode == 0, "\n".join(line for line in run.stdout.splitlines() if "[ERROR]" in line)[:5_000]
    suite = ElementTree.parse(report).getroot()  # noqa: S314 (our own)
    assert (suite.attrib["tests"], suite.attrib["skipped"]) == ("1", "0")


def _case(seed: int) -> dict[str, Any]:
    pair = random_pair(seed)
    reader, writer = parse_avro(pair.reader), parse_avro(pair.writer)
    written = list(records(writer, seed))
    chance = random.Random(seed)
    return {
        "reader": pair.reader,
        "writer": pair.writer,
        "flink": pair.one_type_a_field,
        "readable": mismatches(reader, writer) == [],
        "registered": mismatches(reader, writer, as_registries=True) == [],
        "records": [_read(reader, writer, record) for record in written],
        "damaged": [_read(reader, writer, damaged(record, chance)) for record in written for _ in range(DAMAGES)],
    }


def _read(reader: Node, writer: Node, record: bytes) -> dict[str, Any]:
    try:
        read = {"value": _shown(read_value(reader, writer, record))}
    except UnreadableError as error:
        read = {"code": error.code}
    return {"avro": record.hex(), **read}


def _shown(value: Any) -> Any:
    """A value in a form that Python and Java write alike; times as the numbers that Avro holds."""
    if isinstance(value, dict):
        return {name: _shown(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_shown(item) for item in value]
    return value if value is None or isinstance(value, bool) else _scalar(value)


def _scalar(value: Any) -> str:
    match value:
        case datetime.datetime():
            shown = f"int {(value - EPOCH) // datetime.timedelta(milliseconds=1)}"
        case datetime.date():
            shown = f"int {(value - EPOCH.date()).days}"
        case int():
            shown = f"int {value}"
        case float():
            # There is one NaN, whatever its bits.
            shown = f"bits {struct.unpack('<q', struct.pack('<d', math.nan if math.isnan(value) else value))[0]}"
        case bytes():
            shown = f"bytes {value.hex()}"
        case _:
            shown = f"text {value}"
    return shown
