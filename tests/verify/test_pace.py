"""The pace of a replay."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weir.verify.pace import Pace

pytestmark = pytest.mark.unit


def test_half_of_the_ramp_sends_a_quarter_of_what_the_whole_ramp_sends() -> None:
    pace = Pace(events_per_second=1000, ramp_up_seconds=10)
    assert pace.due(5) == 1 + 1250
    assert pace.due(10) == 1 + 5000
    assert pace.due(12) == 1 + 7000


def test_without_a_ramp_the_full_rate_counts_from_the_first_moment() -> None:
    pace = Pace(events_per_second=1000, ramp_up_seconds=0)
    assert pace.due(0) == 1
    assert pace.due(2) == 2001
    assert pace.at_full_rate(0)


@given(rate=st.floats(0.1, 1e6), ramp=st.floats(0, 600), moment=st.floats(0, 1e4), later=st.floats(0, 1e4))
def test_records_never_become_undue_and_never_exceed_the_rate(
    rate: float, ramp: float, moment: float, later: float
) -> None:
    pace = Pace(rate, ramp)
    gained = pace.due(moment + later) - pace.due(moment)
    assert 0 <= gained <= rate * later + 1 + 1e-6 * rate * (moment + later)
