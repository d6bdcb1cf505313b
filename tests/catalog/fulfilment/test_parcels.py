"""Many parcels at once: lists in, results out, and nothing booked when a line is bad."""

from __future__ import annotations

import csv
import io
import zipfile

import pytest
from openpyxl import Workbook, load_workbook

CSV, XLSX = "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HOME = {"name": "李梅", "phone": "13800138000", "address": "海淀区中关村大街 1 号"}
HEAD = "order,carrier,tracking\n"


@pytest.fixture
def parcels(shop):
    """Three orders to be sent; returns their (id, number)."""
    member = shop.member(10_000)
    gift = shop.gift(100, kind="delivery")
    placed = [shop.order(member, gift, delivery=HOME).json for _ in range(3)]
    return member, [(one["id"], one["number"]) for one in placed]


def send(shop, raw, media=CSV, who=None, key=None, query=""):
    raw = raw.encode() if isinstance(raw, str) else raw
    return shop.post(f"/admin/orders/shipments{query}", who or shop.owner, key=key, data=raw, content_type=media)


def workbook(rows):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def statuses(shop):
    parts = "concat_ws('/', status, carrier, tracking)"
    return shop.sql(f"SELECT array_agg({parts} ORDER BY id) FROM orders")


def test_a_list_ships_every_order_with_carrier_and_tracking(shop, parcels):
    member, ((first, one), (_, two), (_, three)) = parcels
    raw = f"{HEAD}{one},顺丰,sf 1234567890123\n{two},EMS,EA123456789CN\n\n{three},YTO,YT8812345678901\n"
    answer = send(shop, raw, who=shop.staff("fulfilment"))
    assert answer.status_code == 200
    assert (answer.json["shipped"], answer.json["refused"]) == (3, 0)
    assert [line["line"] for line in answer.json["lines"]] == [2, 3, 5]
    assert statuses(shop) == [
        "shipped/SF/SF1234567890123", "shipped/EMS/EA123456789CN", "shipped/YTO/YT8812345678901",
    ]  # fmt: skip
    order = shop.get(f"/orders/{first}", member).json
    assert [step["status"] for step in order["history"]] == ["placed", "confirmed", "preparing", "shipped"]
    assert order["carrier"] == {"code": "SF", "name": "SF Express"} and order["tracking"] == "SF1234567890123"


def test_a_workbook_is_read_as_well_and_a_long_number_stays_one(shop, parcels):
    _, ((_, one), (_, two), (_, three)) = parcels
    rows = [
        ["快递公司", "订单号", "备注", "快递单号"],
        ["中通", one, "x", 75012345678901],
        ["SF", two, None, "SF1234567890123"],
    ]
    answer = send(shop, workbook([*rows, ["韵达快递", three, "", "4312345678901"]]), XLSX)
    assert answer.status_code == 200, answer.json
    assert statuses(shop) == ["shipped/ZTO/75012345678901", "shipped/SF/SF1234567890123", "shipped/YUNDA/4312345678901"]


def test_one_bad_line_books_nothing_and_every_line_is_told(shop, parcels):
    _, ((_, one), (_, two), (third, three)) = parcels
    shop.advance(third, "cancelled")
    pickup = shop.order(shop.member(1000), shop.gift()).json["number"]
    raw = (
        f"{HEAD}{one},SF,SF1234567890123\n{two},SF,hello world\n{three},SF,SF1234567890124\nR1-000,SF,SF1234567890125\n"
        f"{one},SF,SF1234567890126\n{two},Pigeon,1\n???,SF,1\n{pickup},SF,SF1234567890127\n{two},,\n"
    )
    before = shop.snapshot()
    answer = send(shop, raw)
    assert answer.status_code == 409 and answer.json["code"] == "bad_lines"
    results = ["shipped", "tracking", "status", "unknown", "twice", "carrier", "order", "not_delivery", "empty"]
    assert [line["result"] for line in answer.json["lines"]] == results
    assert (answer.json["shipped"], answer.json["refused"]) == (0, 8)
    assert answer.json["lines"][2]["status"] == "cancelled"
    assert shop.snapshot() == before


def test_only_good_books_the_good_lines_and_the_file_names_the_reasons(shop, parcels):
    _, ((_, one), (_, two), _) = parcels
    answer = send(shop, f"{HEAD}{one},SF,SF1234567890123\n{two},SF,nothing\n", query="?only_good=true")
    assert answer.status_code == 200
    assert (answer.json["shipped"], answer.json["refused"]) == (1, 1)
    assert [text.split("/")[0] for text in statuses(shop)] == ["shipped", "confirmed", "confirmed"]
    rows = list(csv.reader(io.StringIO(answer.json["file"].removeprefix("\ufeff"))))
    assert rows[0][:3] == ["Order number", "Carrier", "Tracking number"]
    assert rows[2] == [two, "SF", "nothing", "3", "tracking", "This is no tracking number of that carrier."]


def test_the_same_list_twice_is_one_shipment(shop, parcels):
    _, ((_, one), _, _) = parcels
    raw = f"{HEAD}{one},SF,SF1234567890123\n"
    first, again = send(shop, raw, key="list-1"), send(shop, raw, key="list-1")
    assert again.headers["Idempotency-Replayed"] == "true" and again.json == first.json
    other = send(shop, raw)
    assert other.status_code == 409 and other.json["lines"][0]["result"] == "status"
    assert shop.sql("SELECT count(*) FROM order_history WHERE status = 'shipped'") == 1


def test_a_member_gets_one_notice_for_a_parcel(shop, parcels):
    _, ((first, one), _, _) = parcels
    send(shop, f"{HEAD}{one},SF,SF1234567890123\n")
    told = "SELECT count(*) FROM outbox_messages WHERE payload->>'order' = :id AND payload->>'last' = 'true'"
    assert shop.sql(told, id=first) == 2  # that it was confirmed, and that it is on its way


def test_cells_that_would_be_formulas_come_back_as_text(shop, parcels):
    raw = f'{HEAD}"=HYPERLINK(""http://evil"")",@SUM(1),+1\n'
    answer = send(shop, raw)
    rows = list(csv.reader(io.StringIO(answer.json["file"].removeprefix("\ufeff"))))
    assert all(not cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
    assert rows[1][0] == '\'=HYPERLINK("HTTP://EVIL")'


def bomb():
    """A workbook of a few KB whose sheet would unpack to 40 MB."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"<a>" + b" " * 40_000_000)
    return out.getvalue()


def with_entities():
    source, out = (
        zipfile.ZipFile(io.BytesIO(workbook([["order", "carrier", "tracking"], ["R1", "SF", "1"]]))),
        io.BytesIO(),
    )
    with zipfile.ZipFile(out, "w") as archive:
        for part in source.infolist():
            content = source.read(part)
            if part.filename.endswith("sheet1.xml"):
                content = b'<!DOCTYPE a [<!ENTITY b "cc"><!ENTITY d "&b;&b;">]>' + content.split(b"?>")[-1]
            archive.writestr(part.filename, content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("raw", "media"),
    [
        (b"", CSV), (b"\n\n", CSV), (b"a\0b,c,d", CSV), (b"\xff\xff\xff", CSV), (b'"open,quote', CSV),
        (b"order,carrier,tracking\n", CSV), (b"not a zip", XLSX), (b"PK\x03\x04broken", XLSX), (bomb(), XLSX),
        (with_entities(), XLSX), (workbook([]), XLSX), ("\n".join(["R1,SF,1"] * 2_001).encode(), CSV),
        (("x" * 1_001 + ",SF,1").encode(), CSV),
    ],
    ids=[
        "empty", "blank", "nul", "bytes", "quote", "headings", "no-zip", "cut", "bomb", "entities", "no-rows", "many",
        "cell",
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_refused_and_changes_nothing(shop, raw, media):
    before = shop.snapshot()
    answer = send(shop, raw, media)
    assert answer.status_code == 422 and list(answer.json["errors"]) == ["body"]
    assert shop.snapshot() == before


def test_a_list_as_spreadsheets_in_china_write_it_is_read(shop, parcels):
    _, ((_, one), _, _) = parcels
    answer = send(shop, f"订单号,快递公司,快递单号\n{one},顺丰速运,SF1234567890123\n".encode("gb18030"))
    assert answer.status_code == 200 and answer.json["shipped"] == 1


def test_only_those_who_send_may_ship_or_read_addresses(shop, parcels):
    before = shop.snapshot()
    for role in ("catalog", "rules", "auditor"):
        assert send(shop, "R1,SF,1", who=shop.staff(role)).status_code == 403
        assert shop.get("/admin/orders/to-ship", shop.staff(role)).status_code == 403
    assert shop.post("/admin/orders/shipments", None, data=b"x", content_type=CSV).status_code == 401
    assert shop.snapshot() == before


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_list_to_ship_holds_item_label_and_address_alone_and_comes_back_filled_in(shop, parcels, kind):
    member, orders = parcels
    answer = shop.get(f"/admin/orders/to-ship?format={kind}", shop.staff("fulfilment"))
    assert answer.status_code == 200 and "attachment" in answer.headers["Content-Disposition"]
    if kind == "csv":
        rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    else:
        sheet = load_workbook(io.BytesIO(answer.data)).active
        rows = [[cell or "" for cell in row] for row in sheet.iter_rows(values_only=True)]
    assert rows[0] == [
        "Order number", "Gift", "Variant", "Quantity", "Name", "Phone", "Address", "Carrier", "Tracking number",
    ]  # fmt: skip
    assert [row[0] for row in rows[1:]] == [number for _, number in orders]
    assert rows[1][1:] == ["Gift", "", "1", HOME["name"], HOME["phone"], HOME["address"], "", ""]
    text = "\n".join(",".join(row) for row in rows)
    assert member.id not in text and "100" not in text.replace(HOME["phone"], "")
    filled = [rows[0], *([*row[:7], "SF", f"SF123456789012{place}"] for place, row in enumerate(rows[1:]))]
    raw = workbook(filled) if kind == "xlsx" else "\n".join(",".join(row) for row in filled)
    assert send(shop, raw, XLSX if kind == "xlsx" else CSV).json["shipped"] == 3
    assert shop.sql("SELECT count(*) FROM audit_entries WHERE action = 'orders.exported'") == 1


def test_an_address_that_would_be_a_formula_is_text_in_the_list(shop):
    shop.order(shop.member(1000), shop.gift(kind="delivery"), delivery={**HOME, "name": "=cmd|x"})
    rows = list(csv.reader(io.StringIO(shop.get("/admin/orders/to-ship", shop.owner).data.decode("utf-8-sig"))))
    assert rows[1][4] == "'=cmd|x"


def test_a_single_order_is_shipped_with_a_carrier_that_knows_its_numbers(shop, parcels):
    _, ((first, _), _, _) = parcels
    shop.advance(first, "preparing")
    before = shop.snapshot()
    wrong = shop.advance(first, "shipped", carrier="SF", tracking="12")
    assert wrong.status_code == 422 and list(wrong.json["errors"]) == ["tracking"]
    assert shop.advance(first, "shipped", carrier="PIGEON").status_code == 422
    assert shop.advance(first, "cancelled", carrier="SF").json["errors"].keys() == {"carrier"}
    assert shop.snapshot() == before
    done = shop.advance(first, "shipped", carrier="SF", tracking=" ｓｆ1234567890１２３ ")
    assert done.json["tracking"] == "SF1234567890123" and done.json["carrier"]["code"] == "SF"


def test_two_lists_with_the_same_orders_at_once_ship_each_once(shop, parcels):
    _, orders = parcels
    lines = [f"{number},SF,SF123456789012{place}" for place, (_, number) in enumerate(orders)]
    lists = ["\n".join(lines), "\n".join(reversed(lines))] * 2
    answers = shop.at_once([lambda raw=raw: send(shop, raw).status_code for raw in lists])
    assert sorted(answers) == [200, 409, 409, 409]
    assert shop.sql("SELECT count(*) FROM order_history WHERE status = 'shipped'") == 3
