"""Every list of the back office can be taken away as a file, by those who may see it, and no cell is a formula."""

from __future__ import annotations

import csv
import io
import re

from admin.lists.table import ALL
from admin.pages.audit_vocabulary import NAMES
from admin.pages.navigation import SECTIONS
from mall.audit import AuditFilter
from mall.sheets import XLSX_TYPE, read_sheet

WITHOUT_A_FILE = {
    "desk-home-page.home": "figures; the reports have them",
    "desk-approvals.inbox": "four lists that have their own files",
    "desk-check-ins.check_ins_page": "settings and a calendar",
    "desk-levels.level_list": "settings: five levels",
    "desk-parcels.parcels": "the list of parcels, with addresses, has its own form",
    "desk-security.security_page": "settings",
    "desk-quiz-bank.question_list": "the bank has files that can be put in again",
    "desk-quiz-bank.category_list": "a handful of words",
    "desk-counter.counter": "one order at a time",
    "desk-integrations.integrations_page": "a state of the moment",
    "desk-reconciliation.compare_list": "the answer to a list that is sent in",
}


def rows(answer):
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))


def test_every_list_page_has_a_file_for_those_who_may_open_it(session_app):
    views = session_app.view_functions
    shown = {item.endpoint for _title, items in SECTIONS for item in items}
    desks = {name for name in views if name.startswith("desk-") and name.endswith("_list")}
    shown |= {name for name in desks if not name.startswith("desk-files.")} - {"desk-orders-in-bulk.picking_list"}
    with_file = {one.page for one in ALL}
    assert shown - with_file == WITHOUT_A_FILE.keys()
    for one in ALL:
        assert views[one.page].auth == one.auth, one.page
        assert [rule.rule for rule in session_app.url_map.iter_rules(one.page)] == [f"/admin{one.rule}"]


def test_every_list_comes_as_csv_and_as_a_workbook_with_the_same_lines(shop, desk):
    gift = shop.gift(name={"zh": "=1+1", "en": "Lamp"}, stock=3)
    browser, lists = desk("owner"), [one for one in ALL if "<" not in one.rule]
    for one in lists:
        found = rows(browser.get(f"/admin/files{one.rule}"))
        again = browser.get(f"/admin/files{one.rule}?format=xlsx")
        assert len(found[0]) > 1 and again.status_code == 200, one.page
        if one.page != "desk-audit.audit_list":  # which grows with each file
            assert [line[: len(found[0])] for line in read_sheet(again.data, XLSX_TYPE)] == found, one.page
    assert rows(browser.get(f"/admin/files/gifts/{gift}/stock"))[1][1:3] == ["Received", "3"]
    noted = rows(browser.get("/admin/files/audit?action=list.exported"))
    assert len(noted) == 1 + 2 * len(lists) + 2
    chinese = rows(desk("owner", lang="zh").get("/admin/files/gifts"))
    assert chinese[0][2] == "礼品" and chinese[1][2] == "'=1+1"


def test_the_button_above_a_list_keeps_its_filters_and_a_filter_nobody_can_read_refuses_the_file(desk):
    browser = desk("auditor")
    page = browser.get("/admin/audit?action=member.*&cursor=&limit=5").text
    assert re.search(r'href="/admin/files/audit\?action=member\.\*"', page)
    assert browser.get("/admin/files/audit?from=x").status_code == 422
    assert "/admin/files/" not in browser.get("/admin").text


def test_what_a_file_was_asked_with_has_words_in_the_audit_trail():
    in_paths = {name for one in ALL for name in re.findall(r"<(?:\w+:)?(\w+)>", one.rule)}
    assert in_paths - NAMES.keys() == set()
    assert set(AuditFilter.__slots__) - NAMES.keys() == set()
