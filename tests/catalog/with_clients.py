"""The pipeline of flights with clients, as its file would have them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from weir.catalog.pipeline import PIPELINE_FILE, Pipeline, load_pipeline
from weir.config.repository import REPOSITORY
from weir.config.yaml_text import parsed, written

FEED: dict[str, Any] = {"role": "producer", "namespace": "operations"}
ANALYTICS: dict[str, Any] = {"role": "consumer", "groups": ["analytics"], "namespace": "analysts"}
PARTNER: dict[str, Any] = {"role": "consumer", "groups": ["partner-live", "partner-nightly"], "outside": True}
OPERATORS: dict[str, Any] = {"role": "letters", "namespace": "operations"}
CLIENTS = {"feed": FEED, "analytics": ANALYTICS}


def flights_with(folder: Path, clients: dict[str, Any], **changes: Any) -> Pipeline:
    """Flights with `clients`, in `folder`; `changes` are other settings of its file."""
    origin, name = REPOSITORY / "pipelines" / "flights", changes.get("name", "flights")
    home = folder / name
    home.mkdir(parents=True)
    spec = parsed((origin / PIPELINE_FILE).read_text(encoding="utf-8"))
    (home / PIPELINE_FILE).write_text(written({**spec, **changes, "clients": clients}), encoding="utf-8")
    (home / "flight.avsc").write_bytes((origin / "flight.avsc").read_bytes())
    return load_pipeline(home)


def flights_of_others(folder: Path) -> Pipeline:
    """Flights whose topic is another team's."""
    source = load_pipeline(REPOSITORY / "pipelines" / "flights").spec.source.model_dump(mode="json", exclude_unset=True)
    return flights_with(folder, {}, source={**source, "owned": False})
