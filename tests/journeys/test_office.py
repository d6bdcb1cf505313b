"""Staff at the back office with a real browser: a rule is changed as a new admin would, and every page is looked at."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx
import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import Page, expect

from mall.sheets import XLSX_TYPE, read_sheet
from tests.journeys.browser import DESK, Program, Visit, chromium, served, visit
from tests.journeys.serving import Installation
from tests.journeys.walk import look, page_routes, worked_in

__all__ = ["chromium", "served", "visit"]
pytestmark = pytest.mark.browser
Enter = Callable[..., Visit]
RULE = "/admin/rules/tip-outcome"


@pytest.fixture(scope="module")
def history(served: Installation) -> Iterator[Installation]:
    """The mall with the public requests replayed through its API: history to try rules on."""
    done = served.flask("demo", "replay", "--url", served.url)
    assert done.returncode == 0, done.stderr
    yield served


def _post(mall: Installation, grade: int) -> dict[str, Any]:
    """A tip is solved: what the reporting system is answered."""
    key = (mall.var / "demo_client_key").read_text().strip()
    case, now = uuid4().hex, datetime.now(UTC).isoformat()
    data = {"case": case, "stage": "solved", "grade": grade}
    event = {"id": f"ev-{case}", "type": "tip.outcome", "member": "journey-1", "occurred_at": now, "data": data}
    headers = {"Authorization": f"Bearer {key}", "Accept-Language": "en"}
    answer = httpx.post(f"{mall.url}/api/v1/credit-events", json=event, headers=headers, timeout=30)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def _figure(page: Page, label: str) -> int:
    card = page.locator(".card-sm", has_text=label)
    return int(card.locator(".figure-value").inner_text().replace(",", ""))


def test_a_new_admin_changes_a_rule_tries_it_has_it_approved_and_takes_it_back(
    visit: Enter, history: Installation
) -> None:
    first, second = visit(size=DESK), visit(size=DESK)
    page = first.sign_in_office("rules")
    page.get_by_role("link", name="积分规则").first.click()
    page.get_by_role("link", name="线索成果").click()
    page.get_by_role("button", name="修改这条规则").click()

    expect(page.locator(".example-points b")).to_have_text("120")
    solved = page.locator(".cells__row", has=page.locator("select option[value=solved][selected]")).locator("input")
    solved.fill("a lot")
    expect(page.locator(".why .invalid-feedback")).to_have_text("必须是数字")
    expect(solved).to_have_class("form-control is-invalid")
    solved.fill("120")
    expect(page.locator(".example-points b")).to_have_text("144")
    expect(page.locator("#example")).to_contain_text("现行规则发 120")
    expect(page.locator(".example-why li")).to_have_text(["进展 已解决：120", "评级 1：× 1.2"])
    page.get_by_role("button", name="保存草稿").last.click()

    expect(page.locator(".diff del")).to_have_text("100")
    expect(page.locator(".diff ins")).to_have_text("120")
    page.fill("[name=from]", "2005-01-01")
    page.get_by_role("button", name="回测").click()
    expect(page.locator(".figure-value").first).to_be_visible(timeout=30_000)  # the worker plays it through
    assert _figure(page, "回放事件") >= 600
    assert _figure(page, "草稿将发放") > _figure(page, "现行规则发放") > 0
    assert first.accessibility() == []
    page.get_by_role("link", name="返回版本").click()
    page.get_by_role("button", name="提交审批").click()
    expect(page.get_by_text("须由他人审批")).to_be_visible()

    other = second.sign_in_office("owner", f"{RULE}/versions/2")
    other.get_by_role("button", name="审批通过").click()
    expect(other.locator("#flash")).to_contain_text("已审批通过")
    page.reload()
    page.get_by_role("button", name="发布").click()
    expect(page.locator(".page-title .badge")).to_have_text("生效中")

    paid = _post(history, 1)
    assert paid["points"] == 144
    assert paid["awards"][0]["rule_version"] == 2
    assert paid["awards"][0]["explanation"] == ["stage solved: 120", "grade 1: × 1.2"]

    first.open(f"{RULE}/versions/1")
    page.locator("summary", has_text="恢复此版").click()
    page.get_by_role("button", name="恢复此版").click()
    expect(page.locator(".page-title")).to_contain_text("第 3 版")
    assert _post(history, 1)["points"] == 120


def test_a_campaign_made_in_the_form_pays_in_its_days_and_says_so(visit: Enter, history: Installation) -> None:
    page = visit(size=DESK).sign_in_office("rules", "/admin/campaigns")
    page.get_by_role("link", name="新建加倍活动").first.click()
    page.fill("[name='name.zh']", "两天双倍")
    page.fill("[name='name.en']", "Two days")
    page.fill("[name=key]", "two-days")
    page.fill("[name=factor]", "2")
    today = datetime.now(ZoneInfo("Asia/Shanghai"))  # and tomorrow: the journey may cross midnight
    for day in (today, today + timedelta(days=1)):
        page.locator("label", has=page.locator(f"[name=weekdays][value='{day.isoweekday()}']")).click()
    page.fill("[name=hours]", "0-24")
    page.get_by_role("button", name="保存草稿").click()
    assert _post(history, 1)["points"] == 120
    page.locator("summary", has_text="发布").click()
    page.get_by_role("button", name="发布").click()
    expect(page.locator(".page-title .badge")).to_have_text("进行中")

    paid = _post(history, 1)
    assert paid["points"] == 240
    assert paid["awards"][0]["explanation"] == ["stage solved: 100", "grade 1: × 1.2", "campaign Two days: × 2"]

    page.locator("summary", has_text="立即结束").click()
    page.get_by_role("button", name="立即结束").click()
    expect(page.locator(".page-title .badge")).to_have_text("已结束")
    assert _post(history, 1)["points"] == 120


def test_rows_are_added_where_one_is_and_a_condition_is_picked(visit: Enter, history: Installation) -> None:
    window = visit(size=DESK)
    page = window.sign_in_office("rules", "/admin/rules/quiz-result")
    page.get_by_role("button", name="修改这条规则").click()
    page.get_by_role("button", name="增加条件").click()
    expect(page.locator("[name='rows.0.field']")).to_be_visible()
    expect(page.locator(".htmx-request, .htmx-added, .htmx-settling")).to_have_count(0)  # it listens from then on
    page.locator("[name='rows.0.field']").select_option("weekday")
    expect(page.locator("select[name='rows.0.value']")).to_be_visible()
    page.locator("[name='rows.0.value']").select_option("7")
    expect(page.locator("#cel code")).to_have_text("weekday == 7")
    page.fill("[name=fact_at]", "2026-11-23T10:00")
    expect(page.locator("#example")).to_contain_text("不发积分")
    page.fill("[name=fact_at]", "2026-11-22T10:00")
    expect(page.locator(".example-points b")).to_have_text("20")
    page.locator("[name=condition_mode]").select_option("cel")
    expect(page.locator("[name=condition]")).to_have_value("weekday == 7")
    page.get_by_role("button", name="保存草稿").last.click()
    expect(page.locator(".diff ins").first).to_have_text("weekday == 7")


def _joined(mall: Installation, name: str) -> str:
    """Somebody registers; the id."""
    answer = httpx.post(
        f"{mall.url}/api/v1/members", json={"username": name, "password": "haidian-demo-2026", "nickname": name[:20]}
    )
    assert answer.status_code == 201, answer.text
    return Program(mall.url, name).get("/me")["id"]


def test_points_are_corrected_and_a_duplicate_merged_by_a_second_person(visit: Enter, history: Installation) -> None:
    tag = uuid4().hex[:6]
    old, new = f"old-{tag}", f"new-{tag}"
    for name in (old, new):
        _joined(history, name)
    first, second = visit(size=DESK), visit(size=DESK)

    page = first.sign_in_office("rules", "/admin/members")
    page.fill("[name=q]", old)
    page.get_by_role("button", name="查找").click()
    page.locator("a.row-link").first.click()
    page.get_by_role("link", name="调整积分").click()
    page.fill("[name=points]", "+120")
    page.fill("[name=note]", "扫码未到账")
    page.get_by_role("button", name="提交").click()
    expect(page.locator("#flash")).to_contain_text("他人")

    other = second.sign_in_office("owner", "/admin/approvals")
    other.locator("summary", has_text="审批通过").first.click()
    other.locator("details[open] button", has_text="审批通过").click()
    expect(other.locator("#flash")).to_contain_text("积分已变动")
    assert Program(history.url, old).get("/me/balance")["available"] == 120

    page.goto(f"{history.url}/admin/new-merge?member={old}&into={new}")
    expect(page.locator("tr", has_text="可用积分").locator("td").last).to_have_text("120")
    page.fill("textarea[name=reason]", "同一手机号，本人确认")
    page.get_by_role("button", name="提交申请").click()
    expect(page.get_by_text("须他人审批")).to_be_visible()
    path = re.sub(r"^https?://[^/]+", "", page.url)

    other = second.open(path)
    other.locator("summary", has_text="审批通过").click()
    other.locator("details[open] button", has_text="审批通过").click()
    expect(other.locator(".page-title .badge")).to_have_text("已合并")
    assert Program(history.url, new).get("/me/balance")["available"] == 120
    refused = httpx.post(f"{history.url}/api/v1/sessions", json={"username": old, "password": "haidian-demo-2026"})
    assert refused.status_code == 401

    page.goto(f"{history.url}/admin/members?q={new}")
    page.locator("a.row-link").first.click()
    page.locator("summary", has_text="确需了解").click()
    page.fill("details[open] [name=reason]", "核对合并")
    page.get_by_role("button", name="查看来源").click()
    expect(page.locator(".page-title")).to_contain_text("积分来源")
    assert first.accessibility() == []
    assert first.troubles + second.troubles == []


def test_a_key_is_revoked_and_its_next_call_refused_by_every_worker(visit: Enter, history: Installation) -> None:
    window = visit(size=DESK)
    page = window.sign_in_office("owner", "/admin/integrations")
    page.get_by_role("link", name="新建上报系统").click()
    page.fill("[name=name]", f"journey {uuid4().hex[:6]}")
    page.check("input[value='credits:write']")
    page.locator("main form button[type=submit]").click()
    key = page.locator(".secret input").input_value()

    program = httpx.Client(headers={"Authorization": f"Bearer {key}", "Connection": "close"})

    def call() -> int:
        return program.get(f"{history.url}/api/v1/credit-events").status_code  # by any worker: each on a new connection

    assert {call() for _ in range(6)} == {200}
    page.goto(f"{history.url}/admin/integrations")
    page.locator("tr", has_text="journey").get_by_role("link", name="请求日志").click()
    log = page.url
    page.locator(".breadcrumb a", has_text="journey").click()
    page.locator("li", has=page.locator("code")).locator("summary").click()
    page.locator("details[open] button").click()
    expect(page.locator("#flash")).to_contain_text("已吊销")
    assert {call() for _ in range(12)} == {401}
    page.goto(f"{log}?outcome=refused")
    for _ in range(20):
        if page.locator("tbody tr").count() == 12:
            break
        page.wait_for_timeout(300)
        page.reload()
    expect(page.locator("tbody tr")).to_have_count(12)
    assert window.troubles == []


def _photograph() -> dict[str, Any]:
    """A picture as a phone takes it, wider than a card."""
    file = io.BytesIO()
    Image.new("RGB", (1600, 900), (214, 120, 40)).save(file, "JPEG")
    return {"name": "tea.jpg", "mimeType": "image/jpeg", "buffer": file.getvalue()}


def _a_gift_is_made(page: Page, name: str) -> str:
    """Staff make a gift that is on sale from tomorrow, with a picture and five pieces; its id."""
    page.get_by_role("link", name="礼品", exact=True).click()
    page.get_by_role("link", name="新建礼品").click()
    page.get_by_label("中文名称").fill(name)
    page.get_by_label("方式").select_option(label="自提")
    page.get_by_label("积分", exact=False).first.fill("60")
    page.get_by_label("状态").select_option(label="上架")
    tomorrow = datetime.now(ZoneInfo("Asia/Shanghai")) + timedelta(days=1)
    page.fill("[name=on_sale_from]", f"{tomorrow:%Y-%m-%dT09:00}")
    page.get_by_role("button", name="创建礼品").click()
    expect(page.locator(".page-title")).to_contain_text(name)
    page.set_input_files("[name=picture]", _photograph())
    page.get_by_label("比例").select_option(label="正方形")
    page.get_by_role("button", name="添加图片").click()
    page.get_by_role("button", name="裁剪", exact=True).click()
    expect(page.locator("#pictures .badge")).to_have_text("封面")
    page.fill("#stock [name=change]", "+5")
    page.get_by_role("button", name="变更库存").click()
    expect(page.locator("#stock .figure-value")).to_have_text("5")
    return page.url.rpartition("/")[2].partition("#")[0].partition("?")[0]


def _standing(page: Page) -> list[str]:
    """The first three gifts of the mall's own order."""
    return [page.locator("tr[data-id]").nth(place).get_attribute("data-id") or "" for place in range(3)]


def _gifts_are_dragged(window: Visit) -> None:
    """With the mouse, with the arrow keys, and back by the button beside the message."""
    page = window.open("/admin/gifts?view=order")
    first, second, third = _standing(page)
    handle, top = page.locator("[data-drag]").nth(2).bounding_box(), page.locator("tr[data-id]").first.bounding_box()
    assert handle is not None and top is not None
    page.mouse.move(handle["x"] + 4, handle["y"] + 4)
    page.mouse.down()
    page.mouse.move(top["x"] + 30, top["y"] + 4, steps=8)  # beside the handle: the hand need not be steady
    page.mouse.up()
    expect(page.locator("#flash")).to_contain_text("新的顺序已保存")
    assert _standing(page) == [third, first, second]
    page.locator("[data-drag]").first.press("ArrowDown")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert _standing(page) == [first, third, second]
    with page.expect_navigation():
        page.locator("#flash button", has_text="撤销").click()
    assert _standing(page) == [third, first, second]


def test_a_gift_is_made_stocked_redeemed_on_a_phone_handed_over_and_the_month_taken_home(
    visit: Enter, history: Installation
) -> None:
    desk, phone, name = visit(size=DESK), visit(), f"茉莉花茶 {uuid4().hex[:4]}"
    page = desk.sign_in_office("owner")
    page.locator("#side summary", has_text="商城").click()
    gift = _a_gift_is_made(page, name)

    small = phone.sign_in("li_wenjing", f"/gifts/{gift}")
    expect(small.locator("h1")).to_have_text(name)
    assert small.locator("main img").first.evaluate("picture => picture.naturalWidth") > 0
    expect(small.locator("main")).to_contain_text("尚未开始兑换")
    page.fill("[name=on_sale_from]", f"{datetime.now(ZoneInfo('Asia/Shanghai')) - timedelta(hours=1):%Y-%m-%dT%H:%M}")
    page.get_by_role("button", name="保存").click()
    expect(page.locator("#flash .alert-success")).to_be_visible()

    before = Program(history.url, "li_wenjing").points()
    small.reload()
    small.get_by_role("button", name="兑换").click()
    small.locator("#confirm button").click()
    code = "".join(small.locator(".ticket__code > span:not(.sr-only)").all_inner_texts())
    assert Program(history.url, "li_wenjing").points() == before - 60

    page.get_by_role("link", name="订单", exact=True).click()
    expect(page.locator("tbody tr").first).to_contain_text(name)
    page.get_by_role("link", name="自提核销").click()
    page.fill("#code", code)
    page.get_by_role("button", name="查询").click()
    expect(page.locator(".counter__found")).to_contain_text(name)
    page.click("#give")
    expect(page.locator(".notice--success")).to_be_visible()
    small.reload()
    expect(small.locator("main")).to_contain_text("已完成")
    _gifts_are_dragged(desk)

    page = desk.open("/admin")
    page.get_by_role("link", name="报表").first.click()
    page.get_by_role("link", name="月报").first.click()
    days = page.locator("tbody td.text-nowrap").first.inner_text()
    with page.expect_download() as waited:
        page.locator("tbody a", has_text="XLSX").first.click()
    rows = read_sheet(waited.value.path().read_bytes(), XLSX_TYPE)
    assert rows[0][:2] == ["月报", days]
    assert ["发放"] in [row[:1] for row in rows]


LOOKS: dict[str, tuple[dict[str, str], tuple[int, int]]] = {
    "light": ({}, DESK),
    "dark, English, tablet": ({"theme": "dark", "lang": "en"}, (1024, 768)),
}
NOT_WALKED = {
    "/admin/rule-set/file",  # a file
    "/admin/welcome/<token>",  # opened by a link that is passed on
    "/admin/rules/<key>/versions/<int:number>/backtests/<test_id>",  # opened where a rule is tried
}


def _a_workbook_is_made(window: Visit) -> None:
    """As for a list that is too long to wait for; the page itself sees when it is ready."""
    page = window.open("/admin/gifts")
    token = page.locator("[name=csrf_token]").first.input_value()
    form = {"csrf_token": token, "path": "/admin/files/gifts?format=xlsx"}
    answer = page.request.post(f"{window.url}/admin/works", form=form, max_redirects=0)
    assert answer.status == 303
    page.goto(window.url + answer.headers["location"])
    expect(page.get_by_text("Your file is ready.").or_(page.get_by_text("文件已生成"))).to_be_visible()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The look that is hardest on contrast and width, or with ``--all-looks`` all of them."""
    if "name" in metafunc.fixturenames:
        names = list(LOOKS)
        metafunc.parametrize("name", names if metafunc.config.getoption("--all-looks") else names[-1:])


def test_no_staff_page_has_trouble_is_too_wide_or_displeases_axe(
    visit: Enter, history: Installation, app: Flask, name: str
) -> None:
    looks, size = LOOKS[name]
    window = visit(size=size, reduced_motion="reduce")
    window.wear(**looks)
    window.open("/admin/sign-in")
    found = {"/admin/sign-in": window.accessibility()}
    window.sign_in_office("owner")
    _a_workbook_is_made(window)
    met = look(window, app, worked_in(history), found, office=True) | {"/admin/sign-in"}
    assert {path: wrong for path, wrong in found.items() if wrong} == {}
    assert page_routes(app, office=True) - met == NOT_WALKED
