"""The schemas that manifests are held against are those of the pinned releases."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType

import pytest
from tests import schemas
from tests.renderings import KUBERNETES_STACKS, REPOSITORY, rendered

from weir.config import versions

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def crds() -> ModuleType:
    """`toolchain/crds.py`."""
    found = importlib.util.spec_from_file_location("crds", REPOSITORY / "toolchain" / "crds.py")
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    sys.modules["crds"] = module
    found.loader.exec_module(module)
    return module


def test_every_kind_in_use_comes_from_a_release_that_is_pinned_and_fetched(crds: ModuleType):
    fetched = {source.folder for source in crds.SOURCES}
    for stack in KUBERNETES_STACKS:
        for resource in rendered(stack).manifests:
            api_version, kind = resource.inputs["apiVersion"], resource.inputs["kind"]
            if kind in versions.CRDS:
                crd = versions.CRDS[kind]
                assert api_version == crd.api_version
                assert crd.folder in fetched
                assert (schemas.crd_folder() / crd.folder).is_dir()
