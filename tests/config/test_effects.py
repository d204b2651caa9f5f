"""A setting that nothing reads misleads whoever sets it: weir reads every field of a stack file somewhere."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from weir.config.repository import REPOSITORY
from weir.config.stack import StackConfig

pytestmark = pytest.mark.unit

PRODUCT = REPOSITORY / "infra" / "weir"
RULES = PRODUCT / "config" / "stack_rules.py"
"""A rule refuses values; what it refuses must have an effect elsewhere."""
IN_SUPERSET = PRODUCT / "superset"
"""What runs in Superset's own Python gets its settings as JSON, not as models."""
VALIDATORS = ("model_validator", "field_validator")


def models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in models_in(part)]


def settings(model: type[BaseModel], above: str = "") -> Iterator[str]:
    """The path of every field that is no group of others."""
    for name, field in model.model_fields.items():
        if field.exclude:
            continue
        groups = models_in(field.annotation)
        for group in groups:
            yield from settings(group, f"{above}{name}.")
        if not groups:
            yield above + name


def names_read(tree: ast.AST) -> Iterator[str]:
    """The attributes that a module reads, those in validators not among them."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef) and any(is_validator(each) for each in node.decorator_list):
            continue
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            yield node.attr
        yield from names_read(node)


def keys_read(tree: ast.AST) -> Iterator[str]:
    """The texts by which a module looks into a mapping."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Subscript)
            and isinstance(node.slice, ast.Constant)
            and isinstance(node.slice.value, str)
        ):
            yield node.slice.value


def is_validator(decorator: ast.expr) -> bool:
    call = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(call, ast.Name) and call.id in VALIDATORS


def test_every_setting_of_a_stack_is_read() -> None:
    files = [path for path in PRODUCT.rglob("*.py") if path != RULES]
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in files}
    read = {name for tree in trees.values() for name in names_read(tree)}
    read |= {key for path, tree in trees.items() if path.is_relative_to(IN_SUPERSET) for key in keys_read(tree)}
    assert [path for path in settings(StackConfig) if path.rpartition(".")[2] not in read] == []
