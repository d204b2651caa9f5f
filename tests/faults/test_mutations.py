"""The list of mutations fits the code. That `weir prove` finds them is what `make mutations` shows."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.faults.mutations import MUTATIONS, REPOSITORY, Mutation, mutated_copy

from weir.chaos.faults import chosen

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_mutation_changes_what_it_names_and_nothing_else(tmp_path: Path, mutation: Mutation) -> None:
    mutated_copy(mutation, tmp_path)
    for edit in mutation.edits:
        changed = (tmp_path / edit.file).read_text(encoding="utf-8")
        assert changed != (REPOSITORY / edit.file).read_text(encoding="utf-8")
        if edit.file.endswith(".py"):
            compile(changed, edit.file, "exec")
    assert (tmp_path / "Makefile").read_bytes() == (REPOSITORY / "Makefile").read_bytes()
    assert chosen(mutation.faults)
