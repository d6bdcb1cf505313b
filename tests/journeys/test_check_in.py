"""The check-in in a real browser: the month, a card bought, a missed day made up for; without a script as well."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.journeys.browser import Program, Visit, chromium, served, visit
from tests.journeys.serving import Installation

__all__ = ["chromium", "served", "visit"]
pytestmark = pytest.mark.browser
Enter = Callable[..., Visit]


def test_a_missed_day_is_made_up_for_without_a_script(visit: Enter, served: Installation) -> None:
    """Four days up to yesterday follow missed ones; with the last of those, today is day six."""
    member = Program(served.url, "zhang_xiaoman")
    points = member.points()
    window = visit(java_script_enabled=False)
    page = window.sign_in("zhang_xiaoman", "/check-in")
    page.get_by_role("button", name=re.compile("用 50 积分换一张")).click()
    expect(page.locator(".cards__count")).to_have_text("1 张")
    assert member.points() == points - 50
    missed = member.get("/me/check-ins")
    day = next((one["date"] for one in reversed(missed["days"]) if one["repairable"]), None)
    if day is None:  # the first days of a month: the missed day is in the month before
        page.get_by_role("link", name="上个月").click()
        day = page.locator(".month__day a").last.get_attribute("href").split("day=")[1][:10]  # type: ignore[union-attr]
    page.locator(f".month__day a[href*='day={day}']").click()
    page.get_by_role("button", name="使用补签卡").click()
    expect(page.locator(".month__day--repaired")).to_have_count(1)
    expect(page.locator(".cards__count")).to_have_text("0 张")
    page.get_by_role("button", name=re.compile("^签到")).click()
    expect(page.locator(".streak__done")).to_be_visible()
    assert member.get("/me/check-ins")["streak"] == 6
    page = window.open("/statement")
    expect(page.locator("main")).to_contain_text("补签卡")


def test_checking_in_turns_the_page_without_loading_it_and_nobody_is_shut_out(visit: Enter) -> None:
    window = visit()
    page = window.sign_in("li_wenjing", "/check-in")
    page.evaluate("window.stays = true")
    page.get_by_role("button", name=re.compile("^签到")).click()
    expect(page.locator(".streak__done")).to_be_visible()
    expect(page.locator(".month__day--done[aria-current=date]")).to_be_visible()
    assert page.evaluate("window.stays")
    assert window.accessibility() == []
    window.wear(theme="dark", elders="1", lang="en")
    window.open("/check-in")
    assert window.accessibility() == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
