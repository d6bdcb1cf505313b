"""``make gallery``: a picture of every page in several looks, into ``docs/screens/``.

The pages are found as the tests find them, by following links through a mall of its own with the demo in it.
"""

from __future__ import annotations

import io
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from mall.app import create_app
from mall.settings import Settings
from tests.journeys.browser import CHROMIUM, DESK, NO_CHROMIUM, PHONE, Visit
from tests.journeys.serving import Installation
from tests.journeys.walk import OFFICE, lived_in, walk, worked_in

TARGET = Path(__file__).parents[1] / "docs" / "screens"
QUALITY = 70
STORE: dict[str, dict[str, str]] = {
    "phone": {},
    "phone-english": {"lang": "en"},
    "phone-dark": {"theme": "dark"},
    "phone-elders": {"elders": "1"},
}
DESKS: dict[str, dict[str, str]] = {"office": {}, "office-dark-english": {"theme": "dark", "lang": "en"}}


def main() -> None:
    """Take all pictures, or those of the looks that are named."""
    if CHROMIUM is None:
        sys.exit(NO_CHROMIUM)
    wanted = sys.argv[1:] or [*STORE, *DESKS]
    if unknown := set(wanted) - {*STORE, *DESKS}:
        sys.exit(f"no such look: {', '.join(sorted(unknown))}; there are {', '.join((*STORE, *DESKS))}")
    mall = Installation(demo=True)
    try:
        mall.start()
        done = mall.flask("demo", "replay", "--url", mall.url)
        if done.returncode:
            sys.exit(done.stderr)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            for look in wanted:
                _take(browser, mall, look)
            browser.close()
    finally:
        mall.close()


def _take(browser: Browser, mall: Installation, look: str) -> None:
    office = look in DESKS
    folder = TARGET / look
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    routes = create_app(Settings.from_env(mall.environment)).url_map
    window = Visit(browser, mall.url, size=DESK if office else PHONE, reduced_motion="reduce")
    window.wear(**(DESKS if office else STORE)[look])
    if office:
        window.open(f"{OFFICE}/sign-in")
        _keep(window, folder, f"{OFFICE}/sign-in")
        window.sign_in_office("owner")
    else:
        for path in ("/", "/sign-in", "/register"):
            window.open(path)
            _keep(window, folder, "/visitor" if path == "/" else path)
        window.sign_in("zhang_xiaoman")
    taken = 0
    for rule, path in walk(window, routes, worked_in(mall) if office else lived_in(mall), office=office):
        if path:
            _keep(window, folder, rule)
            taken += 1
    window.context.close()
    sys.stdout.write(f"{folder}: {taken} pages\n")


def _keep(window: Visit, folder: Path, rule: str) -> None:
    parts = [part.strip("<>").split(":")[-1] for part in rule.strip("/").split("/")]
    name = "-".join(parts).replace("_", "-") or "home"
    window.page.wait_for_load_state("networkidle")
    with Image.open(io.BytesIO(window.page.screenshot())) as picture:
        picture.convert("RGB").save(folder / f"{name}.webp", quality=QUALITY)


if __name__ == "__main__":
    main()
