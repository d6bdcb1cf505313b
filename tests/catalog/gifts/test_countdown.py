"""How long until a sale begins, in whole units."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from catalog.gifts.countdown import TimeLeft, time_until

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("left", "told"),
    [
        (timedelta(seconds=1), TimeLeft("minute", 1)),
        (timedelta(minutes=59, seconds=59), TimeLeft("minute", 59)),
        (timedelta(hours=1), TimeLeft("hour", 1)),
        (timedelta(hours=23, minutes=59), TimeLeft("hour", 23)),
        (timedelta(days=3, hours=23), TimeLeft("day", 3)),
        (timedelta(0), None),
        (timedelta(days=-1), None),
    ],
)
def test_the_largest_whole_unit_is_told(left, told):
    assert time_until(NOW + left, NOW) == told


def test_no_moment_is_no_time():
    assert time_until(None, NOW) is None
