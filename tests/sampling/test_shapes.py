"""Columns for JSON objects: paths, names, and types in which every value fits."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from weir.catalog.json_path import parse_path
from weir.config.errors import WeirError
from weir.sampling.odd import usual
from weir.sampling.shapes import MOST_PATHS, Shape, column_name, event_of, shape_of

pytestmark = pytest.mark.unit


def shape(*events: Any) -> Shape:
    """Of objects as a producer writes them."""
    found = [event_of(json.dumps(event).encode()) for event in events]
    return shape_of([event for event in found if event is not None])


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("n", [1, -5, 0], "bigint"),
        ("n", [2**63 - 1], "bigint"),
        ("n", [2**63], "double"),
        ("n", [1, 2.5], "double"),
        ("n", [1.0], "double"),
        ("n", [True, False], "boolean"),
        ("n", [True, 1], "text"),
        ("n", [1, "1"], "text"),
        ("n", ["1"], "text"),
        ("n", ["2026-01-31T12:00:00Z", "2026-01-31T12:00:00.5+01:00"], "timestamp"),
        ("n", ["2026-01-31T12:00:00Z", "2026-01-31T12:00:00"], "text"),
        ("n", ["2026-01-31"], "date"),
        ("n", ["2026-01-31", "2026-02-30"], "text"),
        ("n", [1_774_735_800_000], "bigint"),
        ("paidAt", [1_774_735_800_000], "timestamp epoch-millis"),
        ("paidAt", [1_774_735_800], "timestamp epoch-seconds"),
        ("paidAt", [1_774_735_800.25], "timestamp epoch-seconds"),
        ("paidAt", [1_774_735_800_000_000], "timestamp epoch-micros"),
        # The first and the last that are taken for seconds, and the next ones.
        ("paidAt", [631_152_000, 4_102_444_800], "timestamp epoch-seconds"),
        ("paidAt", [631_151_999], "bigint"),
        ("paidAt", [4_102_444_801], "bigint"),
        ("paidAt", [1_774_735_800, 1_774_735_800_000], "bigint"),
        ("platform", [1_774_735_800_000], "bigint"),
    ],
)
def test_a_type_takes_every_value(name: str, values: list[Any], kind: str) -> None:
    (column,) = shape(*({name: value} for value in values), {}).columns
    assert f"{column.type} {column.encoding or ''}".strip() == kind
    assert column.nullable
    assert column.present == len(values)


def test_paths_lead_into_objects_and_the_first_element_of_arrays() -> None:
    event = {
        "orderId": "A",
        "customer": {"vatID": "x", "a.b": 1},
        "lines": [{"sku": "s"}, {"other": 1}],
        "tags": [["t"]],
    }
    found = {column.name: column.path for column in shape(event).columns}
    assert found == {
        "order_id": "orderId",
        "customer_vat_id": "customer.vatID",
        "customer_a_b": 'customer."a.b"',
        "lines_0_sku": "lines[0].sku",
        "tags_0_0": "tags[0][0]",
    }


def test_a_column_with_the_name_of_its_member_needs_no_path() -> None:
    assert [(column.name, column.path) for column in shape({"id": 1, "Id": 2, "ID": 3}).columns] == [
        ("id", ""),
        ("id_2", "Id"),
        ("id_3", "ID"),
    ]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (("orderId",), "order_id"),
        (("HTTPStatus",), "http_status"),
        (("customer", "größe x"), "customer_gr_e_x"),
        (("lines", 0, "sku"), "lines_0_sku"),
        (("2nd",), "c_2nd"),
        (("日本",), "c"),
        (("_id",), "id"),
        (("a" * 47, "b"), "a" * 47),
        (("a" * 49,), "a" * 48),
    ],
)
def test_a_name_is_that_of_a_column(path: tuple[str | int, ...], name: str) -> None:
    assert column_name(path) == name


@pytest.mark.parametrize(
    ("events", "columns", "left_out"),
    [
        ([{"a": None}, {"a": None}], [], {"a": "never has a value"}),
        (
            [{"a": 1, "k": 1}, {"a": {"b": 1}, "k": 1}],
            ["k"],
            {"a": "an object or array in some records, a single value in others"},
        ),
        ([{"a": 10**1000, "k": 1}], ["k"], {"a": "no column holds values like it"}),
        ([{"a": []}, {"a": {}}, {"k": 1}], ["k"], {}),
        ([{"a": None}, {"a": {"b": 1}}], ["a_b"], {}),
    ],
)
def test_what_has_no_column_is_told(events: list[Any], columns: list[str], left_out: dict[str, str]) -> None:
    found = shape(*events)
    assert [column.name for column in found.columns] == columns
    assert list(found.left_out.values()) == list(left_out.values())


def test_members_whose_names_are_data_are_refused_with_where_they_are() -> None:
    inside = {f"c{number}": number for number in range(MOST_PATHS)}
    assert len(shape(inside).columns) == MOST_PATHS
    told = "more than 500 different paths are too many for columns; look at by.user, with at least 499 different names"
    with pytest.raises(WeirError, match=re.escape(told)):
        shape({"by": {"user": inside}})


def test_names_that_are_data_are_found_before_all_records_are_walked() -> None:
    class Unwalked(dict[str, Any]):
        def items(self) -> Any:
            raise AssertionError("it is walked")

    many = [{f"c{number}": 1 for number in range(first, first + 400)} for first in (0, 400)]
    with pytest.raises(WeirError, match="more than 500 different paths"):
        shape_of([*many, Unwalked(a=1)])
    assert usual([*many, Unwalked(a=1)]) == [0, 1, 2]


@pytest.mark.parametrize(
    ("name", "values", "nearly"),
    [
        ("n", [*range(19), "n/a"], "19 of 20 values fit bigint"),
        ("n", [*range(18), "n/a", "n/a"], ""),
        ("n", [*range(18), 0.5, "n/a"], "19 of 20 values fit double"),
        ("n", [0.5] * 19 + ["n/a"], "19 of 20 values fit double"),
        ("n", [True] * 19 + ["n/a"], "19 of 20 values fit boolean"),
        ("n", ["2026-01-31"] * 999 + [""], "999 of 1,000 values fit date"),
        ("n", ["2026-01-31T12:00:00Z"] * 19 + ["2026-01-31"], "19 of 20 values fit timestamp"),
        ("paidAt", [1_774_735_800] * 19 + ["n/a"], "19 of 20 values fit timestamp with encoding epoch-seconds"),
        ("n", [True] * 10 + [1] * 10, ""),
        ("n", ["1"] * 20, ""),
        ("n", ["x"] * 20, ""),
        ("n", [1] * 20, ""),
    ],
)
def test_a_text_names_the_type_that_nearly_all_values_have(name: str, values: list[Any], nearly: str) -> None:
    (column,) = shape(*({name: value} for value in values)).columns
    assert column.nearly == nearly


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[1]",
        "1",
        '{"a": NaN}',
        "{} {}",
        r'{"a": "\ud800"}',
        r'{"\ud800": 1}',
        '{"a": 1, "a": 1}',
        '{"a": {"b": [{"c": 1, "c": 1}]}}',
        b"\xff",
        b'\xef\xbb\xbf{"a": 1}',
        '{"a": 1}'.encode("utf-16"),
        '{"a": 1}'.encode("utf-16-le"),
        '{"a": 1}'.encode("utf-32-be"),
        "[" * 100_000,
        '{"a": ' + "[" * 500 + "]" * 500 + "}",
    ],
)
def test_what_is_a_dead_letter_is_no_event(text: str | bytes) -> None:
    assert event_of(text if isinstance(text, bytes) else text.encode()) is None


def test_a_member_that_no_column_can_read_may_stand_twice() -> None:
    event = event_of(b' {"a": [1, {"b": 1, "b": 2}]} ') or {}
    assert event == {"a": ["1", {"b": "2"}]}
    assert [column.name for column in shape_of([event]).columns] == ["a_0"]


def test_every_proposed_path_can_be_read() -> None:
    odd = {"a b": {"$": [{"": 1}], '"': 2}, "[0]": 3, "x.y": 4}
    for column in shape(odd).columns:
        assert parse_path(column.path)
