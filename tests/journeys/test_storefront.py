"""A member's ways through the storefront, in a real browser against a served mall with the demo in it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from tests.journeys.browser import DESK, PASSWORD, PHONE, Program, Visit, chromium, served, visit
from tests.journeys.quizzing import take
from tests.journeys.serving import Installation
from tests.journeys.walk import lived_in, look, page_routes

__all__ = ["chromium", "served", "visit"]
pytestmark = pytest.mark.browser
Enter = Callable[..., Visit]

WHOLE_BUDGET, SCRIPT_BUDGET = 100 * 1024, 30 * 1024


def _gift(program: Program, kind: str, points: int) -> dict[str, Any]:
    """A gift of the demo of one kind and price."""
    shown = program.get("/gifts?limit=100")["items"]
    return next(gift for gift in shown if gift["kind"] == kind and gift["points"] == points)


def _number(page: Page, selector: str) -> int:
    return int(page.locator(selector).first.inner_text().replace(",", ""))


def _statement(program: Program) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = program.get(f"/me/statement?limit=100{cursor}")
        lines += page["items"]
        if page["next_cursor"] is None:
            return lines
        cursor = f"&cursor={page['next_cursor']}"


def _adds_up(lines: list[dict[str, Any]], balance: int) -> bool:
    """Whether every line explains the step from the balance before it to its own, down from nothing."""
    after = [line["balance_after"] for line in lines]
    before = [*after[1:], 0]
    steps = [line["points"] for line in lines]
    return after[0] == balance and steps == [a - b for a, b in zip(after, before, strict=True)]


def test_a_member_checks_in_redeems_a_pickup_gift_and_collects_it(visit: Enter, served: Installation) -> None:
    member = Program(served.url, "zhang_xiaoman")
    gift, before = _gift(member, "pickup", 800), member.points()
    window = visit()
    page = window.sign_in("zhang_xiaoman")
    assert _number(page, ".hero__balance b") == before

    page.get_by_role("button", name="今日签到 +5").click()
    expect(page.locator(".check-in__done")).to_be_visible()
    expect(page.locator(".toast")).to_contain_text("+5")
    assert _number(page, ".hero__balance b") == before + 5

    page.goto(f"{served.url}/gifts/{gift['id']}")
    page.get_by_role("button", name="立即兑换").click()
    assert _number(page, ".fact--total dd") == before + 5 - 800
    page.get_by_role("button", name="确认兑换").click()
    page.wait_for_url(re.compile(r"/orders/ord_"))
    expect(page.get_by_role("heading", name="待领取")).to_be_visible()
    code = "".join(page.locator(".ticket__code span:not(.sr-only)").all_inner_texts())
    assert re.fullmatch(r"\d{8}", code)
    box = page.locator(".ticket__qr svg").bounding_box()
    assert box is not None
    assert box["width"] >= 120
    assert member.points() == before + 5 - 800

    staff = Program(served.url, "fulfilment", staff=True)
    handed_over = staff.post("/admin/pickups", code=code)
    assert (handed_over.status_code, handed_over.json()["status"]) == (200, "completed")
    page.reload()
    expect(page.get_by_role("heading", name="已完成")).to_be_visible()
    expect(page.locator(".ticket__code")).to_have_count(0)
    assert staff.post("/admin/pickups", code=code).status_code == 404

    lines = _statement(member)
    assert [(line["label"], line["points"]) for line in lines[:2]] == [("gift", -800), ("check_in", 5)]
    assert _adds_up(lines, before + 5 - 800)
    window.open("/statement")
    expect(page.locator(".line__figures").first).to_contain_text("−800")
    expect(page.locator(".line__figures").nth(1)).to_contain_text("+5")


def test_redeeming_works_without_javascript_and_twice_the_same_form_is_one_order(
    visit: Enter, served: Installation
) -> None:
    member = Program(served.url, "yuyuantan_yeye")
    gift, before = _gift(member, "pickup", 180), member.points()
    window = visit(java_script_enabled=False)
    window.sign_in("yuyuantan_yeye")
    page = window.open(f"/gifts/{gift['id']}/redeem")
    fields = {
        name: page.locator(f"main form [name={name}]").first.input_value()
        for name in ("csrf_token", "_key", "quantity", "pickup_point")
    }
    page.get_by_role("button", name="确认兑换").click()
    page.wait_for_url(re.compile(r"/orders/ord_"))
    expect(page.locator(".ticket__code")).to_be_visible()
    order = page.url

    again = window.context.request.post(f"{served.url}/gifts/{gift['id']}/redeem", form=fields)
    assert (again.status, again.url) == (200, order)
    assert [f"{served.url}/orders/{one['id']}" for one in member.get("/me/orders")["items"]] == [order]
    assert member.points() == before - 180

    page.locator(".cancel summary").click()
    page.get_by_role("button", name="确认取消订单").click()
    expect(page.get_by_role("heading", name="已取消")).to_be_visible()
    assert page.url == order
    assert member.points() == before
    assert [line["points"] for line in _statement(member)[:2]] == [180, -180]


def test_a_gift_is_redeemed_by_keyboard_alone(visit: Enter, served: Installation) -> None:
    member = Program(served.url, "li_wenjing")
    gift, before = _gift(member, "pickup", 120), member.points()
    window = visit()
    page = window.sign_in("li_wenjing", f"/gifts/{gift['id']}")
    for button, leads in (("立即兑换", "/redeem"), ("确认兑换", "/orders/ord_")):
        window.tab_to(button)
        assert (
            page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
        )  # it is seen where one is
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(leads))
    assert member.points() == before - 120


def test_without_javascript_a_member_checks_in_once_a_day(visit: Enter, served: Installation) -> None:
    member = Program(served.url, "wu_chunhua")
    before = member.points()
    page = visit(java_script_enabled=False).sign_in("wu_chunhua")
    page.get_by_role("button", name=re.compile("今日签到")).click()
    expect(page.locator(".check-in__done")).to_be_visible()
    assert member.points() > before
    assert page.locator("form[action='/check-in']").count() == 0


def test_somebody_joins_signs_out_and_back_in(visit: Enter) -> None:
    window = visit()
    page = window.open("/register?next=/me")
    page.fill("[name=username]", "new-neighbour")
    page.fill("[name=nickname]", "新邻居")
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url("**/me")
    expect(page.get_by_role("heading", name="新邻居")).to_be_visible()
    assert _number(page, ".profile__points b") == 0

    page.get_by_role("button", name="退出登录").click()
    page.wait_for_url(window.url + "/")
    expect(page.get_by_role("link", name="立即加入")).to_be_visible()
    window.open("/me")
    assert page.url == f"{window.url}/sign-in?next=%2Fme"
    window.sign_in("new-neighbour", "/me")
    expect(page.get_by_role("heading", name="新邻居")).to_be_visible()


def test_signing_out_everywhere_ends_the_other_session(visit: Enter) -> None:
    here, there = visit(), visit()
    here.sign_in("ma_lianying", "/me")
    there.sign_in("ma_lianying", "/me")
    here.page.get_by_role("button", name="退出所有设备").click()
    here.page.wait_for_url(here.url + "/")
    for window in (here, there):
        window.open("/me")
        assert "/sign-in" in window.page.url


def test_language_and_looks_stay_as_chosen(visit: Enter) -> None:
    window = visit()
    page = window.sign_in("tian_tian", "/me")
    root = page.locator("html")
    page.get_by_role("button", name="English").first.click()
    expect(root).to_have_attribute("lang", "en")
    page.get_by_role("button", name="Dark").click()
    expect(root).to_have_attribute("data-theme", "dark")
    page.get_by_role("button", name="On", exact=True).click()
    expect(root).to_have_attribute("data-elders", "")
    for path in ("/mall", "/orders"):
        window.open(path)
        expect(root).to_have_attribute("lang", "en")
        expect(root).to_have_attribute("data-theme", "dark")
        expect(root).to_have_attribute("data-elders", "")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(15, 18, 16)"
    page.get_by_role("button", name="Even larger text").click()
    expect(root).to_have_attribute("data-elders", "largest")
    assert page.evaluate("getComputedStyle(document.body).fontSize") == "30px"

    elsewhere = visit()  # the language goes with the member, the looks with the browser
    elsewhere.sign_in("tian_tian")
    expect(elsewhere.page.locator("html")).to_have_attribute("lang", "en")
    expect(elsewhere.page.locator("html")).to_have_attribute("data-theme", "auto")


def test_a_gift_out_of_reach_and_a_gift_sold_out_say_so(visit: Enter, served: Installation) -> None:
    member = Program(served.url, "he_shuifang")
    dear, scarce = _gift(member, "delivery", 5600), _gift(member, "delivery", 4200)
    window = visit()
    window.sign_in("he_shuifang")
    page = window.open(f"/gifts/{dear['id']}")
    expect(page.locator(".action-bar")).to_contain_text(f"还差 {5600 - member.points():,} 积分")
    page = window.open(f"/gifts/{dear['id']}/redeem")
    expect(page.get_by_role("button", name="暂不能兑换")).to_be_disabled()

    staff = Program(served.url, "owner", staff=True)
    assert staff.post(f"/admin/gifts/{scarce['id']}/stock", change=-scarce["stock"]).status_code < 300
    page = window.open(f"/gifts/{scarce['id']}")
    expect(page.locator(".tag--over").first).to_have_text("已兑完")
    assert page.get_by_role("button", name="立即兑换").count() == 0


def test_an_order_is_its_members_own(visit: Enter, served: Installation) -> None:
    program = Program(served.url, "chen_yulan")
    gift = _gift(program, "pickup", 120)
    order = program.post("/orders", gift=gift["id"], quantity=1)
    assert order.status_code == 201, order.text
    stranger = visit()
    stranger.sign_in("sun_xiaoyang")
    page = stranger.open(f"/orders/{order.json()['id']}", status=404)
    assert order.json()["pickup_code"] not in page.content().replace(" ", "")


def test_a_missed_day_is_made_up_for_without_a_script(visit: Enter, served: Installation) -> None:
    """Yesterday was missed after five days; with it made up for, today is the seventh, which pays thirty."""
    member = Program(served.url, "wang_jianguo")
    points = member.points()
    window = visit(java_script_enabled=False)
    page = window.sign_in("wang_jianguo", "/check-in")
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
    assert member.get("/me/check-ins")["streak"] == 7
    assert member.points() == points - 50 + 30
    page = window.open("/statement")
    expect(page.locator("main")).to_contain_text("补签卡")


def test_checking_in_turns_the_page_without_loading_it(visit: Enter) -> None:
    window = visit()
    page = window.sign_in("xu_anran", "/check-in")
    page.evaluate("window.stays = true")
    page.get_by_role("button", name=re.compile("^签到")).click()
    expect(page.locator(".streak__done")).to_be_visible()
    expect(page.locator(".month__day--done[aria-current=date]")).to_be_visible()
    assert page.evaluate("window.stays")


def test_the_first_look_at_home_is_light(visit: Enter) -> None:
    window = visit()
    page = window.sign_in("zhang_xiaoman")
    page.goto("about:blank")  # what the page before still loads is not this one's
    wire = window.context.new_cdp_session(page)
    kinds: dict[str, str] = {}
    sizes: dict[str, int] = {}
    wire.on("Network.responseReceived", lambda event: kinds.update({event["requestId"]: event["type"]}))
    wire.on("Network.loadingFinished", lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]}))
    wire.send("Network.enable")
    wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
    page.goto(f"{window.url}/", wait_until="networkidle")
    by_kind: dict[str, int] = {}
    for request_id, size in sizes.items():
        kind = kinds.get(request_id, "Other")
        by_kind[kind] = by_kind.get(kind, 0) + int(size)
    assert {"Document", "Stylesheet", "Script", "Image"} <= by_kind.keys(), by_kind
    assert sum(by_kind.values()) <= WHOLE_BUDGET, by_kind
    assert by_kind["Script"] <= SCRIPT_BUDGET, by_kind


def test_level_badges_board_and_an_honour_agreed_to(visit: Enter, served: Installation) -> None:
    member, rules = Program(served.url, "wang_jianguo"), Program(served.url, "rules", staff=True)
    words = {"zh": "感谢您每周清扫楼道。", "en": "For sweeping the stairs."}
    offered = {"member": member.get("/me")["id"], "text": words}
    assert rules.post("/admin/honours", **offered).status_code == 201
    assert member.http.put("/me/board", json={"opted_in": False}).status_code == 200
    window = visit(reduced_motion="reduce")
    page = window.sign_in("wang_jianguo", "/me/growth")
    expect(page.locator(".ladder__step[aria-current=step]")).to_contain_text("当前等级")
    page.get_by_role("link", name="徽章").click()
    expect(page.locator(".badge--earned", has_text="以此为家")).to_be_visible()
    assert page.locator(".badge").count() == 20  # the password was given a moment ago
    page = window.open("/boards/month")
    page.get_by_role("button", name="以昵称上榜").click()
    expect(page.get_by_role("button", name="不再显示")).to_be_visible()
    assert window.open("/honours").locator(".honour").count() == 0
    page.get_by_role("button", name="同意展示").click()
    expect(page.locator(".honour")).to_contain_text("感谢您每周清扫楼道。")


def test_an_activity_is_signed_up_for_attended_by_code_and_explained(visit: Enter, served: Installation) -> None:
    staff, member = Program(served.url, "rules", staff=True), Program(served.url, "xu_anran")
    points = member.points()
    window = visit()
    page = window.sign_in("xu_anran", "/tasks")
    page.locator(".task", has_text="参加社区活动").get_by_role("link").click()
    page.locator(".activity__link", has_text="街心公园清洁日").click()
    page.get_by_role("button", name="报名").click()
    expect(page.locator(".activity__state")).to_have_text("您已报名")
    page.get_by_label("现场出示的签到码").fill("0000 0000")
    page.get_by_role("button", name="我到了").click()
    expect(page.locator(".flash, .toast").first).to_contain_text("签到码不对")
    activity = page.url.rsplit("/", 1)[1]
    shown = staff.get(f"/admin/activities/{activity}/code")  # as the QR at the venue holds it
    page.goto(shown["url"])
    page.get_by_role("button", name="我到了").click()
    expect(page.locator(".activity__state")).to_have_text("您已参加")
    assert member.points() == points + 10
    expect(window.open("/statement").locator("main")).to_contain_text("参加活动")


IN_WECHAT = {"user_agent": "Mozilla/5.0 (Linux; Android 13) Chrome/116.0 Mobile MicroMessenger/8.0.50"}


def test_openid_opens_an_account_gets_a_password_and_saves_who_forgot_it(visit: Enter, served: Installation) -> None:
    window, other = visit(), visit()
    window.also = served.environment["OIDC_ISSUER"]
    window.open("/sign-in?next=/me").locator(".way--oidc").click()
    page = window.say_who("lin-daiyu")
    assert page.url == f"{served.url}/sign-in/first-time"
    assert window.accessibility() == []
    page.get_by_label("昵称").fill("林妹妹")
    page.get_by_role("button", name="开通账号").click()
    expect(page.get_by_role("heading", name="林妹妹")).to_be_visible()
    page.get_by_role("link", name=re.compile("设置用户名和密码")).click()
    page.get_by_label("用户名").fill("lin-daiyu")
    page.get_by_role("textbox", name="密码").fill(PASSWORD)
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".toast")).to_contain_text("用户名和密码设置好了")
    other.sign_in("lin-daiyu", "/me")
    expect(other.page.get_by_role("heading", name="林妹妹")).to_be_visible()

    # The password is forgotten: in with the provider, once more to prove it, then a new one.
    window.open("/me").get_by_role("button", name="退出登录").click()
    page.wait_for_url(f"{served.url}/")
    page.goto(f"{served.url}/forgot")
    page.locator(".way--oidc").click()
    window.say_who("lin-daiyu")
    assert page.url == f"{served.url}/me/new-password"
    assert window.accessibility() == []
    page.locator(".way--oidc").click()
    window.say_who("lin-daiyu")
    assert window.accessibility() == []
    page.get_by_label("新密码").fill("another long phrase")
    page.get_by_role("button", name="重设密码").click()
    expect(page.locator(".toast")).to_contain_text("密码")
    other.open("/me")
    assert "/sign-in" in other.page.url

    # Recovery codes: noted, one of them used, and the password is new again.
    window.open("/me/security").get_by_role("link", name="恢复码").click()
    page.locator("main form button[type=submit]").click()
    code = page.locator("main code").first.inner_text()
    page = other.open("/forgot")
    page.get_by_label("用户名").fill("lin-daiyu")
    page.get_by_label("恢复码").fill(code)
    page.get_by_label("新密码").fill(PASSWORD)
    page.get_by_role("button", name="重设密码").click()
    expect(page.locator(".toast")).to_contain_text("密码已重设")
    window.open("/me")
    assert "/sign-in" in window.page.url
    other.sign_in("lin-daiyu", "/me")
    expect(page.get_by_role("heading", name="林妹妹")).to_be_visible()

    # The inbox tells of it; an announcement is read once it was open, and others like it are not wanted.
    words, until = {"zh": "周六北门领取", "en": "North gate"}, f"{datetime.now(UTC) + timedelta(days=9):%FT%TZ}"
    told = {"title": words, "body": words, "until_at": until, "state": "published"}
    assert Program(served.url, "owner", staff=True).post("/admin/announcements", **told).status_code == 201
    patience = time.monotonic() + 20
    other.open("/notices")
    while page.get_by_text("用恢复码").count() == 0 and time.monotonic() < patience:  # the worker tells
        page.reload()
    expect(page.get_by_text("用恢复码").first).to_be_visible()
    unread = int(page.locator(".count--tab").first.inner_text().split()[0])
    page.get_by_role("link", name="周六北门领取").click()
    expect(page.locator(".news__read")).to_be_visible()
    expect(page.locator(".count--tab").first).to_contain_text(str(unread - 1))
    other.open("/notices/settings").get_by_role("checkbox", name=re.compile("公告")).uncheck()
    page.get_by_role("button", name="保存").click()
    expect(other.open("/notices/settings").locator("[name=on][value=news]")).not_to_be_checked()


def test_an_account_that_a_source_opened_is_entered_by_a_link_and_claimed_with_wechat(
    visit: Enter, served: Installation
) -> None:
    """And points are taken with a claim code, and a lost telephone is signed out."""
    owner = Program(served.url, "owner", staff=True)
    scopes = ["credits:write", "login:create", "claims:create", "members:read"]
    key = owner.post("/admin/api-clients", name="hotline", scopes=scopes).json()["key"]
    source = httpx.Client(base_url=f"{served.url}/api/v1", headers={"Authorization": f"Bearer {key}"})
    data = {"case": "c-1", "stage": "adopted"}
    event = {"id": "c-1/adopted", "type": "tip.outcome", "member": "p-77", "occurred_at": f"{datetime.now(UTC):%FT%TZ}"}
    points = source.post("/credit-events", json={**event, "data": data}).json()["points"]
    url = source.post("/login-links", json={"member": "p-77", "next": "/me"}).json()["url"]
    assert source.get("/members/p-77").json()["available"] == points > 0

    window, lost = visit(**IN_WECHAT), visit(**IN_WECHAT)
    window.also = lost.also = served.environment["WECHAT_OPEN_BASE"]
    page = window.page
    page.goto(url)
    page.get_by_role("button", name="进入商城").click()
    page.wait_for_url(f"{served.url}/me")
    assert _number(page, ".profile__points b") == points
    page.goto(f"{served.url}/me/security")
    page.locator(".way--wechat").click()
    window.say_who("grandma")
    page.get_by_role("button", name="关联", exact=True).click()
    expect(page.locator(".devices").first).to_contain_text("微信")
    seen = source.get("/members/p-77").json()
    assert (seen["claimed"], seen["available"]) == (True, None)

    code = source.post("/claim-codes", json={"points": 25, "count": 1}, headers={"Idempotency-Key": "five"}).json()
    page = window.open("/claims")
    window.may_refuse("/claims")
    for typed, answer in (("AAAA-BBBB-CCCC", "领取积分"), (code["codes"][0].lower(), "+25")):
        page.get_by_label("积分码").fill(typed)
        page.get_by_role("button", name="领取积分").click()
        expect(page.locator("main")).to_contain_text(answer)
    assert _number(window.open("/me"), ".profile__points b") == points + 25

    lost.open("/sign-in?next=/me").locator(".way--wechat").click()
    lost.say_who("grandma")
    assert _number(lost.page, ".profile__points b") == points + 25  # the same account, signed in at once
    page = window.open("/me/security")
    page.locator(".devices").last.get_by_role("button", name=re.compile("退出登录")).click()
    expect(page.locator(".toast")).to_contain_text("已在那台设备上退出登录")
    lost.open("/me")
    assert "/sign-in" in lost.page.url


DRAWN = """
from datetime import UTC, datetime, timedelta
from catalog.draws.run import hold_due
from mall.db import Login, cursor, run_tx
over = "UPDATE draws SET opens_at = now() - interval '2 days', closes_at = now() - interval '1 hour' WHERE id = '%s'"
run_tx(Login.OWNER, lambda tx: cursor(tx).execute(over).rowcount)
[hold_due(datetime.now(UTC) + timedelta(minutes=minutes)) for minutes in (0, 3)]
"""


def test_without_javascript_a_quiz_is_sat_and_a_prize_is_claimed(visit: Enter, served: Installation) -> None:
    owner, member = Program(served.url, "owner", staff=True), Program(served.url, "sun_xiaoyang")
    window = visit(java_script_enabled=False)
    page = window.sign_in("sun_xiaoyang")
    quiz = next(one for one in member.get("/quizzes")["items"] if one["best"] is None)
    before = member.points()
    take(page, f"{served.url}/quizzes/{quiz['id']}")
    expect(page.locator(".done__figure")).to_have_text("5 / 5")
    assert page.locator(".answer__why").count() == 5
    assert member.points() == before + 30

    gift = owner.post("/admin/gifts", name={"zh": "大奖", "en": "Prize"}, kind="draw", points=1, stock=1).json()["id"]
    closes = f"{datetime.now(UTC) + timedelta(days=1):%FT%TZ}"
    terms = {"closes_at": closes, "winners": 1, "losers": "returned", "handover": "delivery", "claim_days": 7}
    draw = owner.post(f"/admin/gifts/{gift}/draw", **terms).json()["id"]
    page = window.open(f"/gifts/{gift}")
    page.locator("#act button[type=submit]").click()
    page.locator("#confirm button[type=submit]").click()
    page.wait_for_url(re.compile(r"/orders/ord_"))
    held = served.flask("shell", stdin=DRAWN % draw)
    assert held.returncode == 0, held.stderr
    page.reload()
    for field, said in (("name", "孙小阳"), ("phone", "13800000000"), ("address", "中关村大街 1 号")):
        page.fill(f"#claim [name={field}]", said)
    page.locator("#claim button[type=submit]").click()
    expect(page.locator("#claim")).to_have_count(0)
    expect(page.locator("main")).to_contain_text("中关村大街 1 号")
    assert member.get(f"/orders/{page.url.rsplit('/', 1)[1]}")["status"] == "confirmed"


YESTERDAY = """
from mall.db import Login, cursor, run_tx
older = "UPDATE members SET created_at = created_at - interval '1 day' WHERE nickname = '王小新'"
run_tx(Login.OWNER, lambda tx: cursor(tx).execute(older).rowcount)
"""


def test_a_newcomer_from_joining_to_leaving(visit: Enter, served: Installation) -> None:
    """What a new member does in the first days, all of it on a phone, and the ledger verifies at the end."""
    window = visit(accept_downloads=True)
    page = window.open("/register?next=/")
    page.fill("[name=username]", "first-days")
    page.fill("[name=nickname]", "王小新")
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    aged = served.flask("shell", stdin=YESTERDAY)  # a day to have missed
    assert aged.returncode == 0, aged.stderr
    page.get_by_role("button", name="今日签到 +5").click()
    expect(page.locator(".check-in__done")).to_be_visible()

    member = Program(served.url, "first-days")
    for quiz in member.get("/quizzes")["items"]:
        take(page, f"{served.url}/quizzes/{quiz['id']}")
        expect(page.locator(".done__figure")).to_have_text("5 / 5")
        assert page.locator(".answer__why").count() == 5
    assert member.points() == 5 + 6 * 30
    activity = next(one for one in member.get("/activities")["items"] if one["phase"] == "on")
    shown = Program(served.url, "rules", staff=True).get(f"/admin/activities/{activity['id']}/code")
    page.goto(f"{served.url}/activities/{activity['id']}")
    page.get_by_role("button", name="报名").click()
    page.get_by_label("现场出示的签到码").fill(shown["code"])
    page.get_by_role("button", name="我到了").click()
    expect(page.locator(".activity__state")).to_have_text("您已参加")

    window.open("/me/growth")
    expect(page.locator(".ladder__step[aria-current=step]")).to_contain_text("社区帮手")
    expect(window.open("/me/badges").locator(".badge progress").first).to_be_visible()
    window.open("/boards/month").get_by_role("button", name="以昵称上榜").click()
    expect(page.locator("main")).to_contain_text("王小新")
    window.open("/check-in").get_by_role("button", name=re.compile("用 50 积分换一张")).click()
    expect(page.locator(".cards__count")).to_have_text("1 张")
    day = (datetime.now(ZoneInfo("Asia/Shanghai")) - timedelta(days=1)).date()
    window.open(f"/check-in?month={day:%Y-%m}&day={day}").get_by_role("button", name="使用补签卡").click()
    expect(page.locator(".cards__count")).to_have_text("0 张")
    assert member.get("/me/check-ins")["streak"] == 2

    pin = _gift(member, "pickup", 120)
    window.open(f"/gifts/{pin['id']}/redeem").get_by_role("button", name="确认兑换").click()
    page.wait_for_url(re.compile(r"/orders/ord_"))
    assert member.points() == 5 + 180 + 10 - 50 - 120
    code = "".join(page.locator(".ticket__code span:not(.sr-only)").all_inner_texts())
    assert Program(served.url, "fulfilment", staff=True).post("/admin/pickups", code=code).status_code == 200
    window.open("/me/badges")
    patience = time.monotonic() + 20
    while page.locator(".badge--earned").count() == 0 and time.monotonic() < patience:  # the worker counts gifts
        page.reload()
    expect(page.locator(".badge--earned")).to_contain_text("第一份礼")
    lines = _statement(member)
    assert _adds_up(lines, 25)
    assert all(line["label"] for line in lines)
    told = window.open("/statement").locator("#list")
    for why in ("签到", "测验", "参加活动", "补签卡", "兑换礼品", "为什么？"):
        expect(told).to_contain_text(why)

    window.open("/me").get_by_role("button", name="English").first.click()
    page.get_by_role("button", name="On", exact=True).click()
    expect(page.locator("html[data-elders][lang=en]")).to_be_attached()
    window.open("/me/data")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download my data").click()
    assert download.value.suggested_filename == "my-account.json"
    window.open("/me/leave").get_by_label("I understand, and want to close my account").check()
    page.get_by_role("button", name="Close my account for good").click()
    page.wait_for_url(f"{served.url}/")
    expect(page.get_by_role("link", name="Join now")).to_be_visible()
    assert member.http.get("/me").status_code == 401
    verified = served.flask("ledger", "verify")
    assert verified.returncode == 0, verified.stdout


def test_a_day_of_maintenance_keeps_the_streak_and_the_calendar_says_so(visit: Enter, served: Installation) -> None:
    """Yesterday the mall was shut: staff list the day afterwards, and the streak of before goes on. (Late in this file:
    others make up for yesterday.)"""
    member, office, window = Program(served.url, "afanti"), visit(size=DESK), visit()
    page = window.sign_in("afanti", "/check-in")
    before = int(page.locator(".streak__days b").inner_text())
    day = (datetime.now(ZoneInfo("Asia/Shanghai")) - timedelta(days=1)).date()
    desk = office.sign_in_office("owner", "/admin/check-ins")
    desk.fill("[name=date]", f"{day}")
    desk.fill("[name=reason]", "机房检修")
    desk.get_by_role("button", name="登记").click()
    expect(desk.locator("tbody")).to_contain_text("机房检修")
    page = window.open(f"/check-in?month={day:%Y-%m}")
    frozen = page.locator(".month__day--frozen")
    expect(frozen).to_have_count(1)
    expect(frozen).to_contain_text("商城维护，不影响连续")
    assert window.accessibility() == []
    assert (before, member.get("/me/check-ins")["streak"]) == (0, 1)
    window.open("/check-in").get_by_role("button", name=re.compile("^签到")).click()
    expect(page.locator(".streak__done")).to_be_visible()
    expect(page.locator(".streak__days b")).to_have_text("2")


NARROW = (320, 640)
MEMBER_LOOKS: dict[str, tuple[dict[str, str], tuple[int, int]]] = {
    "light": ({}, PHONE),
    "dark, narrow, English": ({"theme": "dark", "lang": "en"}, NARROW),
    "elders, narrow": ({"elders": "1"}, NARROW),
    "elders, largest text": ({"elders": "2"}, PHONE),
    "dark elders": ({"theme": "dark", "elders": "1"}, PHONE),
    "light, English, wide": ({"lang": "en"}, DESK),
    "elders, English": ({"elders": "1", "lang": "en"}, PHONE),
    "dark": ({"theme": "dark"}, PHONE),
    "dark elders, narrow, English": ({"theme": "dark", "elders": "1", "lang": "en"}, NARROW),
}
FEW = 3
"""Looks that a plain run takes; ``--all-looks`` takes them all."""
NOT_WALKED = {
    "/livez", "/readyz", "/metrics",  # for machines
    "/desk", "/login/<token>", "/sign-in/with/<provider_key>", "/sign-in/with/<provider_key>/back",  # lead on
    "/orders/<order_id>/paid",  # likewise, from Stripe to the order
    "/draws/<draw_id>/record.json", "/draws/verify_draw.py", "/statement/file",  # files
    "/attempts/<attempt_id>", "/gifts/<gift_id>/queue", "/sign-in/first-time", "/me/new-password",  # pages of a moment
}  # fmt: skip


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Some looks, or all of them."""
    if "member_looks" in metafunc.fixturenames:
        names = list(MEMBER_LOOKS)
        metafunc.parametrize("member_looks", names if metafunc.config.getoption("--all-looks") else names[:FEW])


def test_no_member_page_has_trouble_is_too_wide_or_displeases_axe(
    visit: Enter, served: Installation, app: Flask, member_looks: str
) -> None:
    looks, size = MEMBER_LOOKS[member_looks]
    starts = lived_in(served)
    met, found = set[str](), dict[str, Any]()
    for username in (None, "zhang_xiaoman"):
        window = visit(size=size, reduced_motion="reduce")
        window.wear(**looks)
        if username:
            window.sign_in(username)
        met |= look(window, app, starts if username else ["/", "/sign-in", "/register"], found, office=False)
        window.open("/no-such-page", status=404)
        found["404"] = window.accessibility()
    assert {path: wrong for path, wrong in found.items() if wrong} == {}
    assert page_routes(app, office=False) - met == NOT_WALKED
