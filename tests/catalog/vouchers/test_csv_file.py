"""Reading files of voucher codes."""

from __future__ import annotations

import pytest

from catalog.vouchers.csv_file import MAX_LINES, Line, NotCsv, read_lines


def test_each_line_is_a_code_or_says_what_is_wrong() -> None:
    rows = ("\ufeffcode", "AAA-1", "", ' "BBB,2" ', "x,y", "卡密一", "bad\x07", ",z", "", "", "")
    lines = read_lines("\r\n".join(rows).encode())
    assert lines == [
        Line(2, "AAA-1"),
        Line(3, None, "empty"),
        Line(4, None, "columns"),
        Line(5, None, "columns"),
        Line(6, "卡密一"),
        Line(7, None, "invalid"),
        Line(8, None, "columns"),
    ]


def test_a_quoted_code_may_hold_a_comma() -> None:
    assert read_lines(b'"BBB,2"\n') == [Line(1, "BBB,2")]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("卡号\r\nAAA-1\r\n", "gb18030"), ("密码\nAAA-1\n", "utf-8-sig"), ("code;\nAAA-1;\n", "ascii"),
        ("code\t\r\nAAA-1\t", "ascii"),
    ],
)  # fmt: skip
def test_a_file_is_read_as_spreadsheets_write_it_and_its_heading_is_no_code(text: str, encoding: str) -> None:
    assert read_lines(text.encode(encoding)) == [Line(2, "AAA-1")]


def test_a_second_column_after_a_semicolon_is_no_part_of_a_code() -> None:
    assert read_lines(b"AAA-1;2027-01-01\nAAA-2;2027-01-01") == [Line(1, None, "columns"), Line(2, None, "columns")]


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"\xff\xfe", "encoding"),
        (b"a\x00b", "form"),
        (b'"never closed', "form"),
        (b"x\n" * (MAX_LINES + 1), "too_many"),
    ],
)
def test_what_is_no_csv_file_is_refused_whole(raw: bytes, why: str) -> None:
    with pytest.raises(NotCsv, match=why):
        read_lines(raw)


def test_an_empty_file_has_no_lines() -> None:
    assert read_lines(b"\n\n") == read_lines(b"") == read_lines(b"code\n") == []
