"""A dashboard folder: Superset's assets as YAML, read and followed from the dashboard down to the tables.

`dashboards/<name>/` holds `dashboards/`, `charts/` and `datasets/`; `dashboards/databases/`, beside it, is shared by
all. The files are in Superset's own export format, so that a chart changed in the browser can be exported over them.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from weir.catalog.dashboard_query import columns_of, listed, query_problems
from weir.catalog.pipeline import Pipeline
from weir.catalog.platform import PIPELINE_HEALTH
from weir.config.errors import ConfigError, read_yaml
from weir.config.yaml_text import written

KINDS = ("databases", "datasets", "charts", "dashboards")

_COLUMN_PARAMETERS = ("groupby", "columns", "all_columns", "x_axis", "entity", "series", "granularity_sqla")
_METRIC_PARAMETERS = ("metric", "metrics", "percent_metrics", "timeseries_limit_metric", "secondary_metric", "size")

_IMPORT_METADATA = {"version": "1.0.0", "type": "assets", "timestamp": "2026-01-01T00:00:00+00:00"}

Asset = dict[str, Any]


@dataclass(frozen=True)
class Dashboard:
    """One folder's assets. `files` maps the path inside an import bundle (`charts/fleet.yaml`) to its content."""

    folder: Path
    files: dict[str, Asset]

    def of(self, kind: str) -> dict[str, Asset]:
        """The assets of one of KINDS, by path."""
        return {path: asset for path, asset in self.files.items() if path.startswith(f"{kind}/")}

    @property
    def slugs(self) -> list[str]:
        """The last part of each dashboard's address."""
        return [asset["slug"] for asset in self.of("dashboards").values()]

    @property
    def dataset_uuids(self) -> list[str]:
        """By which Superset finds what the charts read."""
        return [asset["uuid"] for asset in self.of("datasets").values()]


def load_dashboard(folder: Path) -> Dashboard:
    """The assets in `folder` and the databases next to it, without checking their content.

    Raises:
        ConfigError: the folder holds no dashboard, or a file is not a YAML mapping.
    """
    files: dict[str, Asset] = {}
    problems: list[str] = []
    for kind in KINDS:
        root = folder.parent if kind == "databases" else folder
        for path in sorted((root / kind).glob("*.yaml")):
            content = read_yaml(path)
            if isinstance(content, dict):
                files[f"{kind}/{path.name}"] = content
            else:
                problems.append(f"{kind}/{path.name}: not a mapping; export the asset again from Superset")
    dashboard = Dashboard(folder, files)
    if not dashboard.of("dashboards"):
        problems.append("dashboards/: empty; add dashboards/<name>.yaml")
    if problems:
        raise ConfigError(str(folder), problems)
    return dashboard


def import_files(dashboard: Dashboard, trino_url: str) -> dict[str, str]:
    """The assets as Superset imports them, path to YAML, with every database at `trino_url`."""
    files = {"metadata.yaml": written(_IMPORT_METADATA)}
    for path, asset in dashboard.files.items():
        content = asset
        if path.startswith("databases/"):
            content = copy.deepcopy(asset)
            content["sqlalchemy_uri"] = _relocated(content["sqlalchemy_uri"], trino_url)
        files[path] = written(content)
    return files


def _relocated(address: str, trino_url: str) -> str:
    """`trino://weir@trino:8080/cassandra` with the host and port of `trino_url`; user and catalog stay."""
    return re.sub(r"(?<=@)[^/]+(?=/)", urlsplit(trino_url).netloc, address, count=1)


def check_dashboard(dashboard: Dashboard, pipelines: Iterable[Pipeline]) -> None:
    """Follows every reference, down to the tables of `pipelines` and the platform's.

    Raises:
        ConfigError: lists every file and field that leads nowhere, or to a scan of a whole table.
    """
    problems = [
        *_identities(dashboard),
        *_dashboards(dashboard),
        *_charts(dashboard),
        *_datasets(dashboard, list(pipelines)),
        *_databases(dashboard),
    ]
    if problems:
        raise ConfigError(str(dashboard.folder), problems)


def _identities(dashboard: Dashboard) -> Iterator[str]:
    owners: dict[str, str] = {}
    for path, asset in dashboard.files.items():
        uuid = str(asset.get("uuid", ""))
        if not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", uuid):
            yield (
                f"{path}: uuid: {uuid!r} is not a UUID; give the asset one and never change it, because imports "
                "find the asset by it"
            )
        elif other := owners.get(uuid):
            yield f"{path}: uuid: {other} has the same one; give each asset its own"
        owners[uuid] = path
    for path, asset in dashboard.of("dashboards").items():
        if not asset.get("slug"):
            yield f"{path}: slug: missing; add it, because it is the dashboard's address"


def _dashboards(dashboard: Dashboard) -> Iterator[str]:
    charts = _by_uuid(dashboard.of("charts"))
    datasets = _by_uuid(dashboard.of("datasets"))
    shown: set[str] = set()
    for path, asset in dashboard.of("dashboards").items():
        position = asset.get("position", {})
        boxes = [box for box in position.values() if isinstance(box, dict) and box.get("type") == "CHART"]
        for box in boxes:
            uuid = box["meta"]["uuid"]
            shown.add(uuid)
            if uuid not in charts:
                yield f"{path}: position.{box['id']}: no chart has uuid {uuid}; correct it, or add the chart"
        for name, box in position.items():
            for child in box.get("children", []) if isinstance(box, dict) else []:
                if child not in position:
                    yield (
                        f"{path}: position.{name}.children: {child!r} does not exist; add it, or remove it from "
                        "children"
                    )
        yield from _filters(path, asset, datasets, {box["meta"].get("chartId") for box in boxes})
    for uuid, (path, _) in charts.items():
        if uuid not in shown:
            yield f"{path}: not on any dashboard; add it to one, or remove the file"


def _filters(path: str, asset: Asset, datasets: dict[str, tuple[str, Asset]], chart_ids: set[Any]) -> Iterator[str]:
    for entry in asset.get("metadata", {}).get("native_filter_configuration", []):
        field = f"{path}: filter {entry.get('name')!r}"
        for target in entry.get("targets", []):
            if not target:
                continue  # a time range filters every chart's own time column
            if target.get("datasetUuid") not in datasets:
                yield f"{field}: no dataset has uuid {target.get('datasetUuid')}; correct it"
            elif target["column"]["name"] not in columns_of(datasets[target["datasetUuid"]][1]):
                yield f"{field}: its dataset has no column {target['column']['name']!r}; choose one of its columns"
        for excluded in entry.get("scope", {}).get("excluded", []):
            if excluded not in chart_ids:
                yield f"{field}: scope.excluded: no chart on the dashboard has chartId {excluded}; remove it"


def _charts(dashboard: Dashboard) -> Iterator[str]:
    datasets = _by_uuid(dashboard.of("datasets"))
    for path, asset in dashboard.of("charts").items():
        found = datasets.get(asset.get("dataset_uuid", ""))
        if found is None:
            yield (
                f"{path}: dataset_uuid: no dataset has uuid {asset.get('dataset_uuid')}; correct it, or add the dataset"
            )
            continue
        dataset_path, dataset = found
        params = asset.get("params", {})
        if params.get("viz_type") != asset.get("viz_type"):
            yield f"{path}: params.viz_type: differs from viz_type {asset.get('viz_type')!r}; make them the same"
        metrics = {metric["metric_name"] for metric in dataset.get("metrics", [])}
        for name in _names(params, _METRIC_PARAMETERS):
            if name not in metrics:
                yield f"{path}: metric {name!r} is not in {dataset_path}; define it there (known: {listed(metrics)})"
        columns = columns_of(dataset)
        used = [*_names(params, _COLUMN_PARAMETERS), *(rule.get("subject") for rule in params.get("adhoc_filters", []))]
        for name in used:
            if name not in columns:
                yield f"{path}: column {name!r} is not in {dataset_path}; add it there (known: {listed(columns)})"


def _datasets(dashboard: Dashboard, pipelines: list[Pipeline]) -> Iterator[str]:
    rows = {pipeline.row_table.qualified_name for pipeline in pipelines}
    tables = {table.qualified_name: table for pipeline in pipelines for table in pipeline.tables}
    tables[PIPELINE_HEALTH.qualified_name] = PIPELINE_HEALTH
    databases = _by_uuid(dashboard.of("databases"))
    used = {asset.get("dataset_uuid") for asset in dashboard.of("charts").values()}
    for path, asset in dashboard.of("datasets").items():
        if asset.get("database_uuid") not in databases:
            yield f"{path}: database_uuid: no database has uuid {asset.get('database_uuid')}; correct it"
        if asset.get("uuid") not in used:
            yield f"{path}: not used by any chart; remove the file"
        yield from query_problems(path, asset, rows, tables)


def _databases(dashboard: Dashboard) -> Iterator[str]:
    for path, asset in dashboard.of("databases").items():
        address = str(asset.get("sqlalchemy_uri", ""))
        if not address.startswith("trino://"):
            yield (
                f"{path}: sqlalchemy_uri: {address.split(':', 1)[0]!r} is not Trino; use a trino:// address, "
                "because Superset reads Cassandra through Trino"
            )
        if re.match(r"\w+://[^/@]*:[^/@]*@", address) or asset.get("password"):
            yield f"{path}: sqlalchemy_uri: contains a password; remove it, because assets must not contain secrets"


def _by_uuid(assets: dict[str, Asset]) -> dict[str, tuple[str, Asset]]:
    return {str(asset.get("uuid")): (path, asset) for path, asset in assets.items()}


def _names(params: Asset, keys: tuple[str, ...]) -> Iterator[str]:
    """What a chart's parameters name: a string, or a list of them. An ad-hoc metric or column shows as its label."""
    for key in keys:
        value = params.get(key)
        for entry in value if isinstance(value, list) else [value]:
            if entry:
                yield entry if isinstance(entry, str) else str(entry.get("label", entry))
