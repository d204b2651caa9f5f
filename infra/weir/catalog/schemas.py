"""JSON Schemas of the files that people write, made from the models, so that editors complete and check them.

`python -m weir.catalog.schemas` writes them; a test fails when one is stale.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from weir.catalog.dataset import DatasetSpec
from weir.catalog.spec import PipelineSpec
from weir.config.security import SecretName
from weir.config.stack import NAMESPACE, StackConfig, setting_names

_SECRET = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"secure": {"type": "string"}},
    "required": ["secure"],
    "description": "Written by `pulumi config set --secret`.",
}


def stack_schema() -> dict[str, Any]:
    """The schema of `stacks/Pulumi.<stack>.yaml`: the settings lie below `config`, each key in weir's namespace."""
    schema = StackConfig.model_json_schema(by_alias=True)
    definitions = schema.pop("$defs", {})
    definitions.pop("SecretName", None)
    settings = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            **{f"{NAMESPACE}{name}": schema["properties"][name] for name in setting_names()},
            **{f"{NAMESPACE}{name}": _SECRET for name in SecretName},
        },
        "required": [f"{NAMESPACE}{name}" for name in schema["required"]],
    }
    return {
        "title": "weir stack",
        "description": schema["description"],
        "type": "object",
        "properties": {"config": settings},
        "required": ["config"],
        "$defs": definitions,
    }


def pipeline_schema() -> dict[str, Any]:
    """The schema of `pipelines/<name>/pipeline.yaml`; `dimensions: [origin]` is short for `[{column: origin}]`."""
    schema = PipelineSpec.model_json_schema(by_alias=True)
    dimensions = schema["$defs"]["Aggregate"]["properties"]["dimensions"]
    dimensions["items"] = {"anyOf": [{"type": "string"}, dimensions["items"]]}
    schema["$defs"]["Source"] |= {
        "if": {"properties": {"format": {"const": "json"}}, "required": ["format"]},
        "then": {"required": ["columns"]},
        "else": {"required": ["schema_file"]},
    }
    return schema


def schema_files(repository: Path) -> dict[Path, str]:
    """Every schema file below `repository` and the text it must have."""
    schemas = {
        repository / "stacks" / "schema.json": stack_schema(),
        repository / "pipelines" / "pipeline.schema.json": pipeline_schema(),
        repository / "pipelines" / "dataset.schema.json": DatasetSpec.model_json_schema(by_alias=True),
    }
    return {path: json.dumps(schema, indent=2, ensure_ascii=False) + "\n" for path, schema in schemas.items()}


def main() -> None:
    """Writes the schema files of the working directory's repository."""
    for path, text in schema_files(Path.cwd()).items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
