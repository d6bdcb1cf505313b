"""Every page that links lead to: one of each route, as somebody who follows all of them would meet it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask
from playwright.sync_api import Error
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map

from tests.journeys.browser import Program, Visit
from tests.journeys.serving import Installation

LINKS = "[...document.querySelectorAll('a[href]:not([download])')].map(link => link.getAttribute('href'))"
TRAIL = "[...document.querySelectorAll('.topbar__crumbs li')].map(step => step.textContent.trim())"
ELDERS = Path(__file__).parent / "elders.js"
OFFICE = "/admin"
NOT_PAGES = ("/api/", "/static/", "/pictures/")
ELSEWHERE = "/sign-in/with/"
"""Leads to a provider: journeys go there, walks do not."""


def page_routes(app: Flask, *, office: bool) -> set[str]:
    """Routes of pages that can be opened: those of the back office or all others."""
    return {
        rule.rule
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and hasattr(app.view_functions[rule.endpoint], "auth")
        and not rule.rule.startswith(NOT_PAGES) and _in_office(rule.rule) == office
    }  # fmt: skip


def walk(window: Visit, routes: Map, starts: Sequence[str], *, office: bool) -> Iterator[tuple[str, str]]:
    """Open the first page met of each route, from ``starts`` on; yields its route and path while it is open.

    A file is no page: it is asked for and not looked at.
    """
    adapter = routes.bind("")
    waiting, met = deque(starts), set()
    while waiting:
        path = waiting.popleft()
        parts = urlsplit(path)
        if parts.netloc or not path.startswith("/") or _in_office(parts.path) != office:
            continue
        try:
            rule, _arguments = adapter.match(parts.path, return_rule=True)
        except HTTPException:
            continue
        if rule.rule in met or rule.rule.startswith((*NOT_PAGES, ELSEWHERE)):
            continue
        met.add(rule.rule)
        try:
            answer = window.page.goto(window.url + path)
        except Error as error:
            if "Download" not in str(error) and "ERR_ABORTED" not in str(error):
                raise
            yield rule.rule, ""
            continue
        assert answer is not None
        assert answer.status == 200, f"{path}: {answer.status}"
        if "html" in answer.headers.get("content-type", ""):
            waiting.extend(window.page.evaluate(LINKS))
            yield rule.rule, path
        else:
            yield rule.rule, ""


def _in_office(path: str) -> bool:
    return path == OFFICE or path.startswith(f"{OFFICE}/")


def look(window: Visit, app: Flask, starts: Sequence[str], found: dict[str, list[str]], *, office: bool) -> set[str]:
    """Walk, and put what is wrong with each page into ``found`` by path; returns the routes met."""
    met = set()
    for rule, path in walk(window, app.url_map, starts, office=office):
        met.add(rule)
        if path:
            found[path] = window.accessibility()
            if window.page.evaluate("'elders' in document.documentElement.dataset"):
                found[path] += window.page.evaluate(ELDERS.read_text(encoding="utf-8"))
            if window.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                found[path].append("wider than its window")
            if office:  # its windows are wide otherwise
                found[path] += window.narrowed()
            if len(set(trail := window.page.evaluate(TRAIL))) != len(trail):
                found[path].append(f"says twice where one is: {trail}")
    return met


def lived_in(mall: Installation) -> list[str]:
    """Where a member starts who has something of everything: an order, a donation, a debit to answer, an important
    announcement, a draw, a link for a new password."""
    member, staff = Program(mall.url, "zhang_xiaoman"), Program(mall.url, "owner", staff=True)
    if not staff.get("/admin/announcements")["items"]:
        text = {"zh": "本周六领取点改到北门", "en": "Pickup moves to the north gate"}
        told = {
            "title": text,
            "body": text,
            "important": True,
            "until_at": f"{datetime.now(UTC) + timedelta(days=9):%FT%TZ}",
        }
        assert staff.post("/admin/announcements", **told, state="published").status_code == 201
    why = {"reason": "forgotten", "identified": "at the counter"}
    asked = staff.post("/admin/password-resets", member=member.get("/me")["id"], **why)
    second = Program(mall.url, "rules", staff=True)
    reset = second.post(f"/admin/password-resets/{asked.json()['id']}/approve").json()["link"]
    draw = staff.get("/admin/draws")["items"][0]["id"]
    gifts = member.get("/gifts?limit=100")["items"]
    cup = next(gift for gift in gifts if gift["kind"] == "pickup" and gift["points"] == 800)
    if not member.get("/me/orders")["items"]:
        assert member.post("/orders", gift=cup["id"], quantity=1).status_code == 201
    if not member.get("/me/addresses")["items"]:
        home = {"name": "张小满", "phone": "13800000000", "address": "海淀区志新路 1 号"}
        assert member.post("/me/addresses", **home).status_code == 201
    cause = member.get("/causes")["items"][0]["id"]
    own = ["/", "/me", f"/gifts/{cup['id']}/redeem", f"/causes/{cause}", "/appeals", "/me/confirm"]
    return [*own, f"/draws/{draw}", urlsplit(reset).path]


def worked_in(mall: Installation) -> list[str]:
    """Where staff start who have drafted a rule, a campaign, a segment and an announcement."""
    lived_in(mall)
    staff = Program(mall.url, "owner", staff=True)
    name = {"zh": "周末", "en": "Weekend"}
    staff.post("/admin/campaigns", key="walk", name=name, factor="2", active={"weekdays": [6, 7]})
    staff.post("/admin/segments", name=name, filter={"level_from": 3})
    staff.http.put("/admin/budgets/tip-outcome", json={"period": "month", "limit_points": 50_000, "action": "stop"})
    rule = "/admin/rules/tip-outcome"
    document = staff.get("/admin/earning-rules/tip-outcome/versions/1")["document"]
    drafted = staff.post("/admin/earning-rules/tip-outcome/versions", document=document)
    number = drafted.json().get("version", 2)
    twins = [Program(mall.url, name).get("/me")["id"] for name in ("xu_anran", "li_wenjing")]
    staff.post("/admin/member-merges", member=twins[0], into=twins[1], reason="one person")
    if not staff.get("/admin/webhooks")["items"]:
        staff.post("/admin/webhooks", url="https://warehouse.example/mall", events=["order.confirmed", "stock.low"])
        staff.post(f"/admin/webhooks/{staff.get('/admin/webhooks')['items'][0]['id']}/test")
    if not staff.get("/admin/announcements")["items"]:
        body, until = {"zh": "周末开放", "en": "Open at weekends"}, datetime.now(UTC) + timedelta(days=30)
        words = {"title": name, "body": body, "until_at": until.isoformat()}
        assert staff.post("/admin/announcements", **words).status_code == 201
    lost = {"member": twins[0], "reason": "lost both", "identified": "at the desk"}
    assert staff.post("/admin/password-resets", **lost).status_code in (201, 409)  # one waits already
    orders = staff.get("/admin/orders?limit=1")["items"]
    scarce = next(gift for gift in staff.get("/admin/gifts?limit=50")["items"] if gift["kind"] == "delivery")
    drop = {"pieces": 5, "at": "10:00", "first_day": "2098-01-01", "reserve": 20, "waiting_minutes": 10}
    staff.post(f"/admin/gifts/{scarce['id']}/drops", **drop)
    return ["/admin", f"{rule}/versions/{number}", f"{rule}/versions/{number}/edit", f"/admin/orders/{orders[0]['id']}"]
