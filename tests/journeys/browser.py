"""A real browser that remembers everything that went wrong, and a program's view of the same mall."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

from tests.journeys.serving import Installation
from tests.sign_in_stand_ins.openid import OpenIdStandIn
from tests.sign_in_stand_ins.settings import settings_of
from tests.sign_in_stand_ins.wechat import WeChatStandIn

PASSWORD = "haidian-demo-2026"
PHONE, DESK = (390, 844), (1440, 900)
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
NO_CHROMIUM = "Chromium is not installed (Debian: apt-get install chromium)"
AXE = Path(__file__).parent.parent / "vendor" / "axe-core" / "axe.min.js"
TELL_VIOLATIONS = """addEventListener("securitypolicyviolation",
    event => console.error("content policy: " + event.violatedDirective + " " + event.blockedURI))"""
RUN_AXE = """async (rules) => (await axe.run(document, {
    resultTypes: ["violations"], ...(rules ? {runOnly: rules} : {})})).violations.flatMap(
    found => found.nodes.map(node => found.id + ": " + node.target.join(" ") + " " + node.html.slice(0, 160)))"""

AT_PHONE_WIDTH = ["link-name", "button-name", "label", "aria-hidden-focus", "scrollable-region-focusable"]
"""What a page can lose when it becomes narrow: words that are hidden there may be the name of something."""


class Visit:
    """One person's browser window.

    ``troubles`` collects what no page may ever do: write an error to the console, throw, break the content
    policy, or ask another host for anything.
    """

    def __init__(self, browser: Browser, url: str, size: tuple[int, int] = PHONE, **options: Any) -> None:
        self.url = url
        self.troubles: list[str] = []
        self.also = ""
        """Another place that this person may go to: where they sign in."""
        self._refused: set[str] = set()
        width, height = size
        options = {"locale": "zh-CN", "viewport": {"width": width, "height": height}, **options}
        self.context: BrowserContext = browser.new_context(**options)
        self.context.add_init_script(TELL_VIOLATIONS)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(15_000)
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.troubles.append(f"script: {error}"))
        self.page.on("request", self._asked)

    def _heard(self, message: ConsoleMessage) -> None:
        # Chromium reports the document's own 404 as an error; only one that a test asked for is fine.
        if message.type == "error" and message.location.get("url") not in self._refused:
            self.troubles.append(f"console on {self.page.url}: {message.text}")

    def _asked(self, request: Request) -> None:
        wanted, own = urlsplit(request.url), urlsplit(self.url)
        if self.also and request.url.startswith(self.also):
            return
        if wanted.scheme != "data" and (wanted.scheme, wanted.netloc) != (own.scheme, own.netloc):
            self.troubles.append(f"another host: {request.url}")

    def open(self, path: str, status: int = 200) -> Page:
        """Open a page of the mall and see that it answers ``status``."""
        if status >= 400:
            self.may_refuse(path)
        answer = self.page.goto(self.url + path)
        assert answer is not None
        assert answer.status == status, f"{path}: {answer.status}"
        return self.page

    def may_refuse(self, path: str) -> None:
        """Something at ``path`` is to be refused, and that is no trouble."""
        self._refused.add(self.url + path)

    def tab_to(self, name: str) -> None:
        """Press Tab until what is called ``name`` has the focus, as somebody without a mouse does."""
        for _ in range(80):
            self.page.keyboard.press("Tab")
            if name in self.page.evaluate("document.activeElement.innerText || ''"):
                return
        raise AssertionError(f"the keyboard does not get to {name}")

    def sign_in(self, username: str, then: str = "/") -> Page:
        """Sign in through the form, as a person does."""
        self.open(f"/sign-in?next={then}")
        self.page.fill("[name=username]", username)
        self.page.fill("[name=password]", PASSWORD)
        self.page.click("main button[type=submit]")
        self.page.wait_for_url(self.url + then)
        return self.page

    def sign_in_office(self, username: str, then: str = "/admin") -> Page:
        """Sign in to the back office, as staff do."""
        self.open(f"/admin/sign-in?next={then}")
        self.page.fill("[name=username]", username)
        self.page.fill("[name=password]", PASSWORD)
        self.page.click("main button[type=submit]")
        self.page.wait_for_url(self.url + then)
        return self.page

    def say_who(self, name: str) -> Page:
        """At a stand-in for a provider of sign-ins: say who one is, and come back to the mall."""
        self.page.fill("[name=who]", name)
        self.page.click("button[value=yes]")
        self.page.wait_for_url(f"{self.url}/**")
        return self.page

    def wear(self, **cookies: str) -> None:
        """Set looks or language as their forms would (``theme="dark"``, ``elders="1"``, ``lang="en"``)."""
        self.context.add_cookies([{"name": name, "value": value, "url": self.url} for name, value in cookies.items()])

    def accessibility(self) -> list[str]:
        """What axe finds wrong with the page that is open."""
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found: list[str] = self.page.evaluate(RUN_AXE)
        return found

    def narrowed(self) -> list[str]:
        """What is wrong with the page that is open, after ``accessibility``, when its window becomes a phone's."""
        wide = self.page.viewport_size
        assert wide is not None
        self.page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        found = [f"on a phone: {wrong}" for wrong in self.page.evaluate(RUN_AXE, AT_PHONE_WIDTH)]
        if self.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append("on a phone: wider than its window")
        self.page.set_viewport_size(wide)
        return found


class Program:
    """Somebody who calls the API instead."""

    def __init__(self, url: str, username: str, staff: bool = False) -> None:
        self.http = httpx.Client(base_url=f"{url}/api/v1", timeout=30)
        answer = self.http.post(
            "/staff/sessions" if staff else "/sessions", json={"username": username, "password": PASSWORD}
        )
        assert answer.status_code == 201, answer.text
        self.http.headers["Authorization"] = f"Bearer {answer.json()['token']}"

    def get(self, path: str) -> dict[str, Any]:
        """The JSON of a 200."""
        answer = self.http.get(path)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def post(self, path: str, **body: Any) -> httpx.Response:
        """Post with a fresh idempotency key."""
        return self.http.post(path, json=body, headers={"Idempotency-Key": uuid4().hex})

    def points(self) -> int:
        """What the member has to spend."""
        return int(self.get("/me/balance")["available"])


@pytest.fixture(scope="module")
def served() -> Iterator[Installation]:
    """A mall of its own that serves the demo, where people may also sign in with OpenID or WeChat (stand-ins)."""
    if CHROMIUM is None:
        pytest.skip(NO_CHROMIUM)
    openid, wechat = OpenIdStandIn(asks=True).start(), WeChatStandIn(asks=True).start()
    place = Installation(demo=True, **settings_of(openid, wechat))
    try:
        place.start()
        yield place
    finally:
        place.close()
        openid.stop()
        wechat.stop()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    if CHROMIUM is None:
        pytest.skip(NO_CHROMIUM)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Browser, served: Installation) -> Iterator[Callable[..., Visit]]:
    """``visit()``: a new browser window on the mall; at the end none of them may have had any trouble."""
    windows: list[Visit] = []

    def enter(**options: Any) -> Visit:
        windows.append(Visit(chromium, served.url, **options))
        return windows[-1]

    yield enter
    for window in windows:
        window.context.close()
    assert [trouble for window in windows for trouble in window.troubles] == []
