"""Pages and forms for people, given what no browser sends: never a 5xx, and nothing booked."""

from __future__ import annotations

import itertools
from typing import Any
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from people import PASSWORD, hashed
from werkzeug.datastructures import MultiDict
from world import World

from mall import clock
from mall.db import Login
from mall.identity.forms import COOKIE_TOKEN
from mall.identity.sessions import BROWSER, open_session
from mall.identity.staff import NewStaff, create_staff
from mall.identity.staff_cookie import STAFF_COOKIE

TEXTS = [
    "",
    "\0",
    "a\0b",
    "\uffff",
    "x" * 5000,
    "-1",
    "0",
    "1.5",
    "1e9",
    "true",
    str(2**63),
    "9" * 400,
    "'--",
    "../",
    "//",
]
IDS = [
    "%00",
    "a%00b",
    "%FF",
    "%ED%A0%80",
    "x" * 3000,
    "1e9",
    "%F0%9F%98%80",
    "%0A",
    "gft_00000000000000000000000000",
    "%2F%2F",
]
QUERIES = (
    "cursor",
    "category",
    "q",
    "sort",
    "affordable",
    "direction",
    "next",
    "quantity",
    "variant",
    "done",
    "page",
    "size",
    "rule",
    "campaign",
    "quiz",
    "kind",
    "actor",
    "action",
    "subject",
    "from",
    "until",
    "state",
    "member",
    "with",
)
FIELDS = (
    "_key", "code", "quantity", "variant", "pickup_point", "name", "phone", "address", "next", "username", "password",
    "nickname", "current_password", "new_password", "language", "theme", "elders", "answer.x", "opted_in",
    "act", "reason", "award", "points", "member", "kind", "note", "scope", "limit_points", "period", "action", "key",
    "factor", "weekdays", "rules", "hours", "min_level", "condition", "review", "first_day", "last_day", "file", "at",
    "name.zh", "title.zh", "approval_above_points", "rule", "campaign", "quiz", "revision", "base_kind", "change",
    "text.zh", "explanation.en", "option.a.zh", "right", "true", "draw.law", "minutes", "attempts", "pass_percent",
    "opens_at", "closes_at", "version", "result", "active", "state",
)  # fmt: skip
LEAVES = ("/sign-out", "/sign-out-everywhere", "/admin/sign-out")
NOTED = ("/admin/parcels/to-ship", "/admin/files/audit", "/admin/files/orders", "/admin/parcel-labels")
"""Reading these leaves a row in the audit trail, as it should."""


@pytest.fixture
def browser(world: World, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """The member is signed in, and an owner in the back office; forms need no CSRF token here: tested elsewhere."""
    monkeypatch.setitem(world.app.config, "WTF_CSRF_ENABLED", False)

    def work(tx: Any) -> str:
        return open_session(tx, clock.now(), kind=BROWSER, member_id=world.names["member"]).token

    def enter(tx: Any) -> str:
        if "page_fuzzer" not in world.names:
            entry = NewStaff("page-fuzzer", "page-fuzzer", hashed(PASSWORD), "owner")
            world.names["page_fuzzer"] = create_staff(tx, entry, clock.now(), "test").id
        return open_session(tx, clock.now(), kind=BROWSER, staff_id=world.names["page_fuzzer"]).token

    client = world.app.test_client()
    with client.session_transaction() as session:
        session[COOKIE_TOKEN] = world.tx(Login.REDEMPTION, work)
    client.set_cookie(STAFF_COOKIE, world.tx(Login.BACKOFFICE, enter), path="/admin")
    return client


def _pages(world: World, method: str) -> list[tuple[str, list[str]]]:
    rules = [
        r for r in world.app.url_map.iter_rules() if method in (r.methods or ()) and not r.rule.startswith("/api/")
    ]
    return [(rule.rule, sorted(rule.arguments)) for rule in rules if rule.rule not in LEAVES]


def _filled(world: World, rule: str, names: list[str], **given: str) -> str:
    path = rule
    for name in names:
        start = path.index("<")
        path = path[:start] + given.get(name, world.ids.get(name, "x")) + path[path.index(">") + 1 :]
    return path


def test_pages_take_any_path_and_query(world: World, browser: FlaskClient) -> None:
    before, wrong = world.snapshot(), []
    broken = "&".join(f"{name}=%FF&{name}=%00&{name}=%ED%A0%80" for name in QUERIES)
    for rule, names in _pages(world, "GET"):
        if rule in NOTED or rule.startswith("/admin/files/"):
            continue
        urls = [_filled(world, rule, names, **{name: bad}) for name in names for bad in IDS]
        real = _filled(world, rule, names)
        urls += [f"{real}?{urlencode(dict.fromkeys(QUERIES, text))}" for text in TEXTS]
        for url in [*urls, f"{real}?{broken}"]:
            status = browser.get(url).status_code
            if status >= 500:
                wrong.append((url[:200], status))
    assert wrong == []
    assert world.snapshot() == before


@pytest.mark.parametrize("path", NOTED)
def test_reading_addresses_takes_any_query_and_is_noted(world: World, browser: FlaskClient, path: str) -> None:
    before = world.snapshot()
    for text in TEXTS:
        assert browser.get(f"{path}?{urlencode(dict.fromkeys(QUERIES, text))}").status_code < 500
    after = world.snapshot()
    assert {name for name, digest in after.items() if digest != before[name]} == {"public.audit_entries"}


def test_forms_take_anything(world: World, browser: FlaskClient) -> None:
    numbers, wrong = itertools.count(), []
    for rule, names in _pages(world, "POST"):
        urls = [
            _filled(world, rule, names),
            *(_filled(world, rule, names, **{name: bad}) for name in names for bad in IDS),
        ]
        for url in urls:
            forms: list[Any] = [dict.fromkeys(FIELDS, text) for text in TEXTS]
            forms += [MultiDict([(name, "x") for name in FIELDS] * 2), {}]
            for form in forms if url == urls[0] else forms[:2]:
                for key in ("", f"key-{next(numbers)}") if url == urls[0] else (f"key-{next(numbers)}",):
                    sent = MultiDict(form)
                    if key:
                        sent["_key"] = key
                    answer = browser.post(url, data=sent)
                    if answer.status_code >= 500:
                        wrong.append((url, str(form)[:60], answer.status_code))
            raw = browser.post(url, data=b"a=%00&\xff=%FF&=&&", content_type="application/x-www-form-urlencoded")
            broken = browser.post(url, data=b"--x\r\n\xff\0", content_type="multipart/form-data; boundary=x")
            wrong += [(url, "raw", one.status_code) for one in (raw, broken) if one.status_code >= 500]
    assert wrong == []
