from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from weir.catalog.schemas import schema_files

pytestmark = pytest.mark.unit

REPOSITORY = Path(__file__).parents[2]


def test_the_schema_files_are_not_stale() -> None:
    for path, text in schema_files(REPOSITORY).items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name} is stale; run `make schemas`"


@pytest.mark.parametrize(
    ("file", "schema"),
    [
        *((f"stacks/Pulumi.{name}.yaml", "stacks/schema.json") for name in ("local", "dev", "staging", "prod")),
        ("pipelines/flights/pipeline.yaml", "pipelines/pipeline.schema.json"),
        ("pipelines/flights/dataset.yaml", "pipelines/dataset.schema.json"),
    ],
)
def test_the_files_are_valid_and_name_their_schema(file: str, schema: str) -> None:
    path = REPOSITORY / file
    first_line = path.read_text(encoding="utf-8").splitlines()[0]
    named = first_line.removeprefix("# yaml-language-server: $schema=")
    assert (path.parent / named).resolve() == REPOSITORY / schema
    validator = jsonschema.Draft202012Validator(json.loads((REPOSITORY / schema).read_text(encoding="utf-8")))
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert list(validator.iter_errors(document)) == []


def test_the_stack_schema_refuses_an_unknown_setting() -> None:
    schema = json.loads((REPOSITORY / "stacks" / "schema.json").read_text(encoding="utf-8"))
    document = yaml.safe_load((REPOSITORY / "stacks" / "Pulumi.local.yaml").read_text(encoding="utf-8"))
    document["config"]["weir:paralelism"] = 3
    assert list(jsonschema.Draft202012Validator(schema).iter_errors(document)) != []
