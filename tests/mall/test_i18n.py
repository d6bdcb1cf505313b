"""Languages: every sentence has its Chinese, and each reader gets the language meant for them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import translations
from babel.support import Translations
from flask import Flask, g, make_response, render_template_string, request

from mall import i18n, looks
from mall.settings import Settings

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")


@pytest.fixture(scope="module")
def small_app() -> Iterator[Flask]:
    """An app with languages and looks, without stores."""
    app = Flask("mall", template_folder="../templates", static_folder="static")
    app.extensions["settings"] = Settings(secret_key="not-used-here")

    @app.before_request
    def member() -> None:
        g.member_locale = request.headers.get("X-Member-Locale")

    @app.get("/api/said")
    @app.get("/said")
    def said() -> str:
        return render_template_string("{{ _('Sold out') }} {{ html_lang() }} {{ looks.theme }} {{ looks.elders }}")

    i18n.init_app(app)
    yield app


def test_every_sentence_has_its_chinese() -> None:
    assert translations.missing(translations.stored()) == []


def test_all_chinese_can_be_shown() -> None:
    assert translations.broken(translations.stored()) == []


def test_no_chinese_is_marked_as_a_guess() -> None:
    assert [message.id for message in translations.stored() if message.id and message.fuzzy] == []


def test_the_compiled_catalogue_is_the_written_one() -> None:
    assert translations.MO.read_bytes() == translations.compiled(translations.stored())


def test_english_and_chinese_name_the_same_values() -> None:
    for message in translations.stored():
        if message.id:
            english = message.id if isinstance(message.id, str) else message.id[-1]
            for chinese in filter(None, translations.texts(message)):
                assert sorted(PLACEHOLDER.findall(chinese)) == sorted(PLACEHOLDER.findall(english)), english


def test_a_sentence_without_chinese_is_found() -> None:
    catalog = translations.stored()
    catalog["Sold out"].string = ""
    del catalog._messages["Points mall"]
    catalog["Home"].flags.add("fuzzy")
    assert {"Sold out", "Points mall", "Home"} <= set(translations.missing(catalog))


@pytest.mark.parametrize(
    ("asked", "lang"),
    [
        ("zh-TW,en;q=0.8", "zh-CN"),
        ("zh-Hant-HK", "zh-CN"),
        ("zh_CN", "zh-CN"),
        ("en-GB,zh;q=0.5", "en"),
        ("fr,en;q=0.5", "en"),
        ("fr", "zh-CN"),
        ("en;q=0", "zh-CN"),
        ("*", "zh-CN"),
        ("", "zh-CN"),
        ("\x7f;;q=,", "zh-CN"),
    ],
)
def test_the_browser_is_asked_and_all_chinese_is_chinese(small_app: Flask, asked: str, lang: str) -> None:
    words = small_app.test_client().get("/said", headers={"Accept-Language": asked}).text.split(" auto")[0]
    assert words == ("Sold out en" if lang == "en" else "已兑完 zh-CN")


def test_catalogues_that_were_read_at_the_start_are_not_read_by_the_first_requests(
    small_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    i18n.read_catalogues(small_app)
    monkeypatch.setattr(Translations, "load", None)  # whoever reads one now fails
    client = small_app.test_client()
    assert client.get("/said", headers={"Accept-Language": "zh"}).text.startswith("已兑完")
    assert client.get("/said", headers={"Accept-Language": "en"}).text.startswith("Sold out")


def test_address_beats_cookie_beats_member_beats_browser(small_app: Flask) -> None:
    client = small_app.test_client()
    english, chinese = {"Accept-Language": "en"}, {"Accept-Language": "zh"}
    assert client.get("/said", headers=english | {"X-Member-Locale": "zh"}).text.startswith("已兑完")
    client.set_cookie("lang", "en")
    assert client.get("/said", headers=chinese | {"X-Member-Locale": "zh"}).text.startswith("Sold out")
    response = client.get("/said?lang=zh-TW", headers=english)
    assert response.text.startswith("已兑完")
    assert client.get_cookie("lang").value == "zh"  # and it stays so
    assert client.get("/said?lang=tlh", headers=english).text.startswith("已兑完")


def test_programs_get_what_they_ask_for_whatever_the_cookies(small_app: Flask) -> None:
    client = small_app.test_client()
    client.set_cookie("lang", "zh")
    response = client.get("/api/said?lang=zh", headers={"Accept-Language": "en"})
    assert response.text.startswith("Sold out")
    assert "Set-Cookie" not in response.headers


def test_figures_and_moments_are_written_in_the_malls_zone(small_app: Flask) -> None:
    moment = datetime(2026, 11, 23, 16, 6, tzinfo=UTC)  # past midnight in Shanghai
    with small_app.test_request_context(headers={"Accept-Language": "zh"}):
        assert i18n.format_moment(moment) == "2026-11-24 00:06"
        assert i18n.format_day(moment) == "2026-11-24"
        assert i18n.format_monthday(date(2026, 12, 7)) == "12-07"
        assert i18n.format_clock(moment) == "00:06"
        assert i18n.format_weekday(moment) == "周二"
        assert i18n.money({"amount": 1990, "currency": "CNY"}) == "¥19.90"
    with small_app.test_request_context(headers={"Accept-Language": "en"}):
        assert i18n.format_moment(moment) == "24 Nov 2026, 00:06"
        assert i18n.format_weekday(moment) == "Tue"
        assert i18n.format_day(None) == ""
        assert i18n.points(1234567) == "1,234,567"
        assert i18n.points(None) == "0"
        assert (i18n.signed(30), i18n.signed(-1200), i18n.signed(0)) == ("+30", "−1,200", "0")
        assert i18n.code_groups("84263917") == "8426 3917"
        assert i18n.money({"amount": 500, "currency": "JPY"}) == "¥500"
        assert i18n.money(None) == ""


def test_looks_come_from_cookies_and_nonsense_is_ignored(small_app: Flask) -> None:
    client = small_app.test_client()
    assert client.get("/said").text.endswith("auto False")
    client.set_cookie("theme", "dark")
    client.set_cookie("elders", "1")
    assert client.get("/said").text.endswith("dark True")
    client.set_cookie("theme", "purple")
    client.set_cookie("elders", "yes")
    assert client.get("/said").text.endswith("auto False")


def test_a_choice_of_looks_is_kept_and_can_be_taken_back(small_app: Flask) -> None:
    with small_app.test_request_context():
        response = make_response("")
        looks.set_looks(response, looks.Looks("dark", True))
        assert [cookie.split(";")[0] for cookie in response.headers.getlist("Set-Cookie")] == ["theme=dark", "elders=1"]
        response = make_response("")
        looks.set_looks(response, looks.Looks())
        assert [cookie.split(";")[0] for cookie in response.headers.getlist("Set-Cookie")] == ["theme=", "elders="]


def test_an_asset_changes_its_address_with_its_content(small_app: Flask, tmp_path: Path) -> None:
    sheet = tmp_path / "x.css"
    app = Flask("mall", static_folder=str(tmp_path), static_url_path="/static")
    with app.test_request_context():
        sheet.write_text("a{}")
        first = looks.asset("x.css")
        sheet.write_text("b{}b{}")
        second = looks.asset("x.css")
        assert first.startswith("/static/x.css?v=")
        assert first != second
        with pytest.raises(FileNotFoundError):
            looks.asset("y.css")
