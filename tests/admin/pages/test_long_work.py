"""A workbook too long to wait for is made by the worker: a bar tells how far it is, and only its maker fetches it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from admin.lists import send
from mall import clock
from mall.jobs import run_job
from mall.sheets import XLSX_TYPE, read_sheet

FILE = "/admin/files/shelves?format=xlsx"


@pytest.fixture
def long_list(shop, monkeypatch):
    """Headings, of which three are more than anybody waits for."""
    monkeypatch.setattr(send, "AT_ONCE_IN_WORKBOOK", 2)
    for number in range(3):
        shop.post("/admin/categories", shop.owner, {"name": f"Heading {number}"})


def begun(browser, path=FILE):
    answer = browser.post("/admin/works", data={"path": path})
    assert answer.status_code == 303
    return answer.headers["Location"]


def test_a_long_workbook_is_offered_made_by_the_worker_and_fetched_by_its_maker_alone(long_list, desk, shop):
    browser = desk("catalog")
    offer = browser.get(FILE)
    assert offer.mimetype == "text/html" and 'name="path" value="/admin/files/shelves?format=xlsx"' in offer.text
    assert browser.get("/admin/files/shelves").mimetype == "text/csv"
    place = begun(browser)
    assert begun(browser) == place  # the same one, while it is being made
    waiting = browser.get(place).text
    assert 'hx-trigger="every 1s"' in waiting and browser.get(f"{place}/file").status_code == 404
    assert run_job("long-work", clock.now()) == {"works": 1}
    done = browser.get(place).text
    assert "hx-trigger" not in re.search(r'<div id="work".*', done)[0] and "until" in done
    file = browser.get(f"{place}/file")
    assert file.headers["Content-Disposition"].endswith('.xlsx"')
    table = read_sheet(file.data, XLSX_TYPE)
    assert [line[2] for line in table] == ["Name", "Heading 0", "Heading 1", "Heading 2"]
    assert place in browser.get("/admin/works").text
    for other in (desk("catalog"), desk("owner")):
        assert (other.get(place).status_code, other.get(f"{place}/file").status_code) == (404, 404)
        assert place not in other.get("/admin/works").text
    kinds = "SELECT string_agg(detail ->> 'format', ',' ORDER BY id) FROM audit_entries WHERE action = 'list.exported'"
    assert shop.sql(kinds) == "csv,xlsx,xlsx"  # asked for twice, written down twice


def test_what_opens_for_nobody_of_the_role_is_not_made_either(long_list, desk, shop):
    fulfilment = desk("fulfilment")
    assert fulfilment.post("/admin/works", data={"path": FILE}).status_code == 403
    for path in ("/admin/gifts", "//example.org/", "/admin/files/nothing", "/%zz%00[?a=%FF", "http://[", ""):
        assert "Not found" in fulfilment.post("/admin/works", data={"path": path}, follow_redirects=True).text
    assert shop.sql("SELECT count(*) FROM long_works") == 0
    browser = desk("catalog")
    assert browser.post("/admin/works", data={"path": "/admin/files/gifts?status=%FF%00&cursor=["}).status_code == 303
    shop.write("DELETE FROM long_works")
    place = begun(browser)
    shop.write("UPDATE staff SET role = 'rules' WHERE id = :who", who=browser.person.id)
    run_job("long-work", clock.now())
    assert "Your role does not allow this." in browser.get(place).text
    assert shop.sql("SELECT count(*) FROM long_works WHERE file IS NOT NULL") == 0


def test_three_at_once_are_enough_and_a_day_later_they_are_gone(long_list, desk, shop):
    browser = desk("owner")
    for page in ("shelves", "gifts", "causes"):
        begun(browser, f"/admin/files/{page}?format=xlsx")
    refused = browser.post("/admin/works", data={"path": "/admin/files/drops?format=xlsx"}, follow_redirects=True)
    assert "Three pieces of work of yours are under way" in refused.text
    assert shop.sql("SELECT count(*) FROM long_works") == 3
    assert run_job("long-work", clock.now()) == {"works": 3}
    assert run_job("forget-long-work", clock.now() + timedelta(hours=23)) == {}
    assert run_job("forget-long-work", clock.now() + timedelta(hours=25)) == {"works": 3}


def test_work_left_by_a_worker_that_is_no_more_is_taken_up_again(long_list, desk, shop):
    browser = desk("owner")
    place = begun(browser)
    shop.write("UPDATE long_works SET state = 'running', done = 1, total = 4, seen_at = now() - interval '3 minutes'")
    assert "25 %" in browser.get(place).text
    assert run_job("long-work", clock.now()) == {"works": 1}
    assert browser.get(f"{place}/file").status_code == 200
