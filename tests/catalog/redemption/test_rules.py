"""Limits, windows and reasons, without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from catalog.gifts.limits import Limit, period_start
from catalog.gifts.windows import GiftState, Window, is_visible, state_of
from catalog.redemption.eligibility import Refusal, limit_refusals, most_possible, purse_refusals, shop_refusals
from catalog.wording import fold, in_language, wording

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 25, 17, 0, tzinfo=UTC)
"""Thursday 26 November, one o'clock at night, in the mall's zone."""
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("period", "start"),
    [
        ("day", datetime(2026, 11, 25, 16, 0, tzinfo=UTC)),
        ("week", datetime(2026, 11, 22, 16, 0, tzinfo=UTC)),
        ("month", datetime(2026, 10, 31, 16, 0, tzinfo=UTC)),
        ("year", datetime(2025, 12, 31, 16, 0, tzinfo=UTC)),
        ("total", None),
    ],
)
def test_periods_begin_at_midnight_in_the_malls_zone(period: str, start: datetime | None) -> None:
    assert period_start(period, NOW, ZONE) == start


@pytest.mark.parametrize(
    ("window", "on_hand", "state"),
    [
        (Window("pickup", "active"), 1, GiftState.ON_SALE),
        (Window("pickup", "active"), 0, GiftState.SOLD_OUT),
        (Window("pickup", "active", None, NOW), 1, GiftState.ON_SALE),
        (Window("pickup", "active", None, NOW + SECOND), 1, GiftState.UPCOMING),
        (Window("pickup", "active", None, None, NOW), 1, GiftState.ENDED),
        (Window("pickup", "active", None, None, NOW + SECOND), 1, GiftState.ON_SALE),
        (Window("pickup", "archived"), 1, GiftState.ENDED),
        (Window("draw", "active"), 1, GiftState.UPCOMING),
        (Window("draw", "active", None, NOW, NOW + SECOND), 1, GiftState.ON_SALE),
        (Window("virtual", "active", connected=False), 1, GiftState.UPCOMING),
        (Window("virtual", "active"), 1, GiftState.ON_SALE),
    ],
)
def test_a_sale_includes_its_beginning_and_not_its_end(window: Window, on_hand: int, state: GiftState) -> None:
    assert state_of(window, on_hand, NOW) == state


def test_a_draft_or_a_gift_of_the_future_is_not_shown() -> None:
    assert not is_visible(Window("pickup", "draft"), NOW)
    assert not is_visible(Window("pickup", "active", NOW + SECOND), NOW)
    assert is_visible(Window("pickup", "active", NOW), NOW)


def test_every_reason_is_told() -> None:
    window = Window("pickup", "active", None, NOW + SECOND)
    assert shop_refusals(window, 3, 1, 2, 2, NOW) == [
        Refusal("not_on_sale", {"on_sale_from": NOW + SECOND}),
        Refusal("not_eligible", {"min_level": 3, "level": 2}),
        Refusal("sold_out", {"left": 1}),
    ]
    limits = (Limit("day", 1), Limit("total", 5))
    assert limit_refusals(limits, [1, 4], 1) == [Refusal("limit_reached", {"period": "day", "quantity": 1, "left": 0})]
    assert limit_refusals(limits, [0, 4], 1) == []
    assert purse_refusals(100, 99, 0) == [Refusal("insufficient_points", {"missing": 1})]
    assert purse_refusals(100, 100, 0) == []
    assert [one.code for one in purse_refusals(100, 0, 5)] == ["in_debt", "insufficient_points"]


def test_the_most_that_is_possible_is_at_least_one() -> None:
    limits = (Limit("day", 3), Limit("total", 5))
    assert most_possible(limits, [0, 0], 10, 100) == 3
    assert most_possible(limits, [0, 4], 10, 100) == 1
    assert most_possible(limits, [3, 5], 10, 100) == 1
    assert most_possible((), [], 250, 100) == 100


def test_a_text_falls_back_to_chinese_and_then_to_what_there_is() -> None:
    assert in_language(wording("杯子"), "en") == "杯子"
    assert in_language({"zh": "杯子", "en": "Mug"}, "en") == "Mug"
    assert in_language({"en": "Mug"}, "zh") == "Mug"
    assert in_language(None, "zh") == in_language({}, "zh") == ""
    assert fold("ＵＳＢ Straße") == "usb strasse"
