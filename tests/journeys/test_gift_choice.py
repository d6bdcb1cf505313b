"""Choosing a gift in a real browser: a variant with and without a script, a wish that comes true, words, pictures."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from photographs import picture, saved
from playwright.sync_api import Page, expect

from tests.journeys.browser import Program, Visit, chromium, served, visit
from tests.journeys.serving import Installation

__all__ = ["chromium", "served", "visit"]
pytestmark = pytest.mark.browser
Enter = Callable[..., Visit]


def _gift(program: Program, code: str) -> dict[str, Any]:
    found = program.get("/gifts?limit=100")["items"]
    return program.get(f"/gifts/{next(one['id'] for one in found if one['code'] == code)}")


def _stock(program: Program, gift: str) -> dict[str, int]:
    return {one["id"]: one["stock"] for one in program.get(f"/gifts/{gift}")["variants"]}


def _confirm_and_read(page: Page, name: str) -> None:
    expect(page.locator(".item__note").first).to_contain_text(name)
    page.get_by_role("button", name="确认兑换").click()
    page.wait_for_url(re.compile(r"/orders/ord_"))
    expect(page.locator("main")).to_contain_text(name)


@pytest.mark.parametrize(("script", "username"), [(False, "zhang_xiaoman"), (True, "li_wenjing")])
def test_a_size_is_chosen_and_redeemed(visit: Enter, served: Installation, script: bool, username: str) -> None:
    member, owner = Program(served.url, username), Program(served.url, "owner", staff=True)
    gift = _gift(member, "reflective-vest")
    _, large, largest = gift["variants"]
    priced = owner.http.patch(f"/admin/gifts/{gift['id']}/variants/{largest['id']}", json={"points": 40})
    assert priced.status_code == 200
    before, points = _stock(member, gift["id"]), member.points()
    window = visit(java_script_enabled=script)
    window.sign_in(username)
    page = window.open(f"/gifts/{gift['id']}")
    price = page.locator("#offer .price b")
    page.get_by_role("radio", name=re.compile("XL 码")).check()
    if script:  # the price follows the choice; without one it stands beside each choice
        expect(price).to_have_text("40")
    page.get_by_role("button", name="立即兑换").click()
    page.wait_for_url(re.compile(rf"/redeem\?variant={largest['id']}"))
    _confirm_and_read(page, "XL 码")
    after = _stock(member, gift["id"])
    assert after == {**before, largest["id"]: before[largest["id"]] - 1}
    assert large["id"] in after
    assert member.points() == points - 40


@pytest.mark.parametrize("script", [False, True])
def test_a_wish_is_made_told_of_and_taken_back(visit: Enter, served: Installation, script: bool) -> None:
    username = "chen_yulan" if script else "beida_lao_zhu"
    owner, member = Program(served.url, "owner", staff=True), Program(served.url, username)
    made = owner.post("/admin/gifts", name={"zh": f"灯笼{script}", "en": "Lantern"}, kind="pickup", points=1, stock=0)
    gift = made.json()["id"]
    window = visit(java_script_enabled=script)
    page = window.sign_in(username, f"/gifts/{gift}")
    page.get_by_role("button", name="想要").click()
    expect(page.locator(".heart")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".toast")).to_contain_text("已加入心愿单")
    assert [one["id"] for one in member.get("/me/wishes")["items"]] == [gift]

    assert member.post("/me/notifications/read").status_code == 200  # what the demo's history has told
    assert owner.post(f"/admin/gifts/{gift}/stock", change=3).status_code == 201
    for _ in range(2):
        done = served.flask("jobs", "run", "tell-of-wishes")
        assert done.returncode == 0, done.stderr
    page = window.open("/me")
    expect(page.locator(".count--tab")).to_contain_text("1")
    page.get_by_role("link", name=re.compile("消息通知")).click()
    expect(page.locator(".told__row--new")).to_have_count(1)
    page.get_by_role("button", name="全部已读").click()
    expect(page.locator(".told__row--new")).to_have_count(0)
    expect(page.locator(".count--tab")).to_have_count(0)
    page.get_by_role("link", name=re.compile("灯笼")).click()
    page.wait_for_url(f"{served.url}/gifts/{gift}")
    expect(page.get_by_role("button", name="立即兑换")).to_be_visible()

    page = window.open("/wishes")
    page.get_by_role("button", name=re.compile("移出心愿单")).click()
    expect(page.get_by_text("心愿单还是空的。")).to_be_visible()
    assert member.get("/me/wishes")["items"] == []


def test_pictures_are_swiped_in_the_size_of_the_screen(visit: Enter, served: Installation) -> None:
    owner = Program(served.url, "owner", staff=True)
    gift = owner.post("/admin/gifts", name="画册", kind="pickup", points=5, stock=2).json()["id"]
    for width in (1600, 1500):
        answer = owner.http.post(
            f"/admin/gifts/{gift}/pictures", content=saved(picture(width, 1200), "JPEG", quality=70),
            headers={"Content-Type": "image/jpeg"},
        )  # fmt: skip
        assert answer.status_code == 201, answer.text
    window = visit()
    page = window.open(f"/gifts/{gift}")
    strip = page.locator(".gallery__strip")
    first = page.locator(".gallery__strip img").first
    assert first.evaluate("image => image.currentSrc").endswith("-640.webp")
    assert first.evaluate("image => image.naturalWidth") > 0
    page.locator(".thumbs a").nth(1).click()
    page.wait_for_function("() => document.querySelector('.gallery__strip').scrollLeft > 300")
    assert strip.evaluate("box => box.scrollLeft") >= 300
    assert window.accessibility() == []
    page = visit().open("/mall?q=画册")  # a new window: one that has a larger size already takes that
    card = page.locator("#list img")
    expect(card).to_have_count(1)
    assert card.evaluate("image => image.currentSrc").endswith("-320.webp")


def test_words_find_gifts_without_a_script_too(visit: Enter) -> None:
    window = visit(java_script_enabled=False)
    page = window.open("/mall")
    page.fill("#q", "花茶　礼罐")
    page.get_by_role("button", name="搜索").click()
    expect(page.locator("#list .gift")).to_have_count(1)
    page = window.open("/mall")
    page.get_by_role("link", name="# 传统文化").click()
    expect(page.locator("#list .gift")).to_have_count(3)
