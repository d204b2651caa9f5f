from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from weir.catalog.dashboard import check_dashboard, load_dashboard
from weir.catalog.pipeline import Pipeline, load_pipelines, pipeline_names
from weir.config.errors import ConfigError

pytestmark = pytest.mark.unit

REPOSITORY = Path(__file__).parents[2]
DASHBOARDS = REPOSITORY / "dashboards"
FOLDERS = sorted(path.parent for path in DASHBOARDS.glob("*/dashboards"))

Asset = dict[str, Any]
Change = Callable[[Asset], None]


@pytest.fixture(scope="module")
def pipelines() -> list[Pipeline]:
    root = REPOSITORY / "pipelines"
    return load_pipelines(root, list(pipeline_names(root)))


@pytest.fixture
def changed(tmp_path: Path, pipelines: list[Pipeline]) -> Callable[[str, Change], str]:
    """`changed("charts/fleet.yaml", change)`: what the check says of the dashboard with that one file changed."""
    root = tmp_path / "dashboards"
    shutil.copytree(DASHBOARDS, root)

    def problems(name: str, change: Change) -> str:
        path = root / name if name.startswith("databases/") else root / "flights" / name
        content = yaml.safe_load(path.read_text())
        change(content)
        path.write_text(yaml.safe_dump(content, sort_keys=False))
        with pytest.raises(ConfigError) as caught:
            check_dashboard(load_dashboard(root / "flights"), pipelines)
        return "\n".join(caught.value.problems)

    return problems


def test_there_is_a_dashboard() -> None:
    assert FOLDERS


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_reference_leads_to_a_table_of_the_pipelines(folder: Path, pipelines: list[Pipeline]) -> None:
    check_dashboard(load_dashboard(folder), pipelines)


def test_flights_is_live_filtered_and_of_several_kinds() -> None:
    dashboard = load_dashboard(DASHBOARDS / "flights")
    assert len({chart["viz_type"] for chart in dashboard.of("charts").values()}) >= 6
    for asset in dashboard.of("dashboards").values():
        assert asset["metadata"]["refresh_frequency"] == 10
        assert {"Departure", "Carrier", "Airport"} == {
            entry["name"] for entry in asset["metadata"]["native_filter_configuration"]
        }


def test_a_chart_of_an_unknown_dataset_is_named(changed: Callable[[str, Change], str]) -> None:
    def change(chart: Asset) -> None:
        chart["dataset_uuid"] = "00000000-0000-0000-0000-000000000000"

    assert "charts/fleet.yaml: dataset_uuid" in changed("charts/fleet.yaml", change)


def test_a_metric_that_the_dataset_lacks_is_named(changed: Callable[[str, Change], str]) -> None:
    def change(chart: Asset) -> None:
        chart["params"]["metric"] = "flihgts"

    assert "charts/fleet.yaml: metric 'flihgts' is not in datasets/fleet_by_month.yaml" in changed(
        "charts/fleet.yaml", change
    )


def test_a_column_that_the_dataset_lacks_is_named(changed: Callable[[str, Change], str]) -> None:
    def change(chart: Asset) -> None:
        chart["params"]["groupby"] = ["model"]

    assert "charts/fleet.yaml: column 'model'" in changed("charts/fleet.yaml", change)


def test_a_column_that_the_table_lacks_is_named(changed: Callable[[str, Change], str]) -> None:
    def change(dataset: Asset) -> None:
        dataset["columns"].append({"column_name": "seats", "type": "BIGINT"})

    assert "datasets/fleet_by_month.yaml: columns.seats" in changed("datasets/fleet_by_month.yaml", change)


def test_a_metric_of_an_unknown_column_is_named(changed: Callable[[str, Change], str]) -> None:
    def change(dataset: Asset) -> None:
        dataset["metrics"][0]["expression"] = "SUM(seats)"

    assert "metrics.flights: no column seats" in changed("datasets/fleet_by_month.yaml", change)


def test_a_query_without_the_partition_key_is_refused(changed: Callable[[str, Change], str]) -> None:
    def change(dataset: Asset) -> None:
        dataset["sql"] = "SELECT flight_month, origin, carrier, manufacturer, flights FROM flights.fleet_by_month"

    problems = changed("datasets/fleet_by_month.yaml", change)
    assert "partition key column 'flight_month' of flights.fleet_by_month is not restricted" in problems


def test_a_query_of_the_enriched_rows_is_refused(changed: Callable[[str, Change], str]) -> None:
    def change(dataset: Asset) -> None:
        dataset["sql"] = dataset["sql"].replace("flights.fleet_by_month", "flights.flights_enriched")

    assert "flights.flights_enriched holds every event" in changed("datasets/fleet_by_month.yaml", change)


def test_a_filter_of_an_unknown_column_is_named(changed: Callable[[str, Change], str]) -> None:
    def change(dashboard: Asset) -> None:
        dashboard["metadata"]["native_filter_configuration"][1]["targets"][0]["column"]["name"] = "airline"

    assert "filter 'Carrier': its dataset has no column 'airline'" in changed("dashboards/flights.yaml", change)


def test_a_chart_on_no_dashboard_is_named(changed: Callable[[str, Change], str]) -> None:
    def change(dashboard: Asset) -> None:
        box = dashboard["position"].pop("CHART-fleet")
        dashboard["position"][box["parents"][-1]]["children"].remove("CHART-fleet")

    assert "charts/fleet.yaml: not on any dashboard" in changed("dashboards/flights.yaml", change)


def test_two_assets_with_one_uuid_are_named(changed: Callable[[str, Change], str]) -> None:
    other = yaml.safe_load((DASHBOARDS / "flights" / "charts" / "cancellations.yaml").read_text())

    def change(chart: Asset) -> None:
        chart["uuid"] = other["uuid"]

    assert "charts/fleet.yaml: uuid: charts/cancellations.yaml has the same" in changed("charts/fleet.yaml", change)


def test_a_password_in_the_address_is_refused(changed: Callable[[str, Change], str]) -> None:
    def change(database: Asset) -> None:
        database["sqlalchemy_uri"] = "trino://weir:hunter2@trino:8080/cassandra"

    assert "sqlalchemy_uri: contains a password" in changed("databases/cassandra.yaml", change)


def test_a_folder_without_a_dashboard_says_what_to_add(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"add dashboards/<name>\.yaml"):
        load_dashboard(tmp_path)
