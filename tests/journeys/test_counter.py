"""The pickup desk in a real browser: typing codes, and reading them with the camera."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import segno
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.journeys.browser import CHROMIUM, NO_CHROMIUM, PASSWORD, Program, Visit, chromium, visit
from tests.journeys.serving import Installation

__all__ = ["chromium", "visit"]
pytestmark = pytest.mark.browser
Enter = Callable[..., Visit]


@pytest.fixture(scope="module")
def served() -> Iterator[Installation]:
    """A mall of its own, empty but for a gift, somebody who wants it and somebody who hands it over."""
    if CHROMIUM is None:
        pytest.skip(NO_CHROMIUM)
    place = Installation()
    try:
        place.start()
        made = place.flask("staff", "create", "owner", "--role", "owner", "--password-stdin", stdin=PASSWORD + "\n")
        assert made.returncode == 0, made.stderr
        joined = httpx.post(f"{place.url}/api/v1/members", json={"username": "li_mei", "password": PASSWORD})
        assert joined.status_code == 201
        assert Program(place.url, "li_mei").post("/me/checkin").status_code == 201
        yield place
    finally:
        place.close()


def order(served: Installation) -> dict[str, Any]:
    """A gift that waits for its member."""
    owner, member = Program(served.url, "owner", staff=True), Program(served.url, "li_mei")
    name = {"zh": "保温杯", "en": "Thermos"}
    gift = owner.post("/admin/gifts", name=name, kind="pickup", points=1, stock=1).json()
    placed = member.post("/orders", gift=gift["id"], quantity=1)
    assert placed.status_code == 201, placed.text
    found: dict[str, Any] = placed.json()
    return found


def at_the_desk(window: Visit) -> Page:
    """Sign in as those who hand gifts over."""
    page = window.page
    page.goto(f"{window.url}/desk")
    page.fill("[name=username]", "owner")
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url(f"{window.url}/admin/desk")
    return page


def test_many_codes_in_a_row_are_typed_without_touching_anything_else(visit: Enter, served: Installation) -> None:
    window = visit(has_touch=True)
    page = at_the_desk(window)
    assert window.accessibility() == []
    for one in (order(served), order(served)):
        expect(page.locator("#code")).to_be_focused()
        page.keyboard.type(one["pickup_code"])
        expect(page.locator(".counter__found")).to_contain_text(one["number"])
        assert window.accessibility() == []
        expect(page.locator("#give")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator(".notice--success")).to_contain_text(one["number"])
        expect(page.locator("#code")).to_have_value("")
    expect(page.locator("#code")).to_be_focused()
    page.keyboard.type("00000000")
    expect(page.locator(".notice--error")).to_be_visible()
    expect(page.locator("#code")).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    targets = page.locator("main button:visible").all()
    assert min(target.bounding_box()["height"] for target in targets) >= 56
    look_up, scan = (page.locator(f".counter__acts button:nth-child({number})").bounding_box() for number in (1, 2))
    card = page.locator("#ask").bounding_box()
    assert look_up["x"] + look_up["width"] < scan["x"], "one button lies over the other"
    assert scan["x"] + scan["width"] < card["x"] + card["width"], "the button reaches out of its card"


@pytest.fixture
def filmed(tmp_path: Path) -> Callable[[str], Path]:
    """``filmed(code)``: what a camera sees that is held over the code on a member's phone."""

    def film(code: str) -> Path:
        picture = Image.new("RGB", (640, 480), "white")
        segno.make(code, micro=False).save(tmp_path / "code.png", scale=10, border=4)
        qr = Image.open(tmp_path / "code.png").convert("RGB")
        picture.paste(qr, ((640 - qr.width) // 2, (480 - qr.height) // 2))
        picture.save(tmp_path / "film.jpg", quality=95)
        (tmp_path / "film.mjpeg").write_bytes((tmp_path / "film.jpg").read_bytes() * 30)
        return tmp_path / "film.mjpeg"

    return film


@pytest.fixture
def with_camera(
    chromium: Browser, served: Installation, filmed: Callable[[str], Path]
) -> Iterator[Callable[[str], Visit]]:
    """``with_camera(code)``: a window whose camera sees that code."""
    opened: list[tuple[Browser, Visit]] = []

    def enter(code: str) -> Visit:
        seen = f"--use-file-for-fake-video-capture={filmed(code)}"
        fake = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream", seen]
        browser = chromium.browser_type.launch(executable_path=CHROMIUM, args=["--no-sandbox", *fake])
        opened.append((browser, Visit(browser, served.url)))
        return opened[-1][1]

    yield enter
    for browser, window in opened:
        assert window.troubles == []
        browser.close()


def test_a_code_is_read_with_the_camera_and_the_camera_stays_on(
    served: Installation, with_camera: Callable[[str], Visit]
) -> None:
    one = order(served)
    window = with_camera(one["pickup_code"])
    page = at_the_desk(window)
    page.click("#scan")
    expect(page.locator(".counter__found")).to_contain_text(one["number"])
    page.click("#give")
    expect(page.locator(".notice--success")).to_contain_text(one["number"])
    expect(page.locator("#camera")).to_be_visible()
    assert Program(served.url, "li_mei").get(f"/orders/{one['id']}")["status"] == "completed"
    page.wait_for_timeout(600)  # the camera still sees the code: it is not looked up once more
    expect(page.locator(".notice--success")).to_be_visible()
