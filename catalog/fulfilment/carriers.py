"""Pure: the carriers that parcels go by, their names, and what their tracking numbers look like."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Carrier:
    """A carrier. ``aliases``: further names that people write into a list; ``form``: of its numbers, in capitals."""

    code: str
    name: Mapping[str, str]
    aliases: tuple[str, ...]
    form: re.Pattern[str]


def _carrier(code: str, zh: str, en: str, form: str, *aliases: str) -> Carrier:
    return Carrier(code, {"zh": zh, "en": en}, aliases, re.compile(form))


# Carriers change their numbers without telling anybody: the forms are wide on purpose, and keep out what is
# no number at all (a phone number with spaces, a name, a cell that a spreadsheet turned into 1.23E+12).
CARRIERS: tuple[Carrier, ...] = (
    _carrier("SF", "顺丰速运", "SF Express", r"SF[0-9]{12,15}|[0-9]{12,15}", "顺丰", "shunfeng"),
    _carrier("EMS", "邮政 EMS", "EMS", r"[A-Z]{2}[0-9]{9}[A-Z]{2}|[0-9]{13}", "中国邮政EMS", "EMS特快"),
    _carrier("CNPOST", "中国邮政", "China Post", r"[A-Z]{2}[0-9]{9}[A-Z]{2}|[0-9]{11,15}", "邮政", "邮政包裹"),
    _carrier("YTO", "圆通速递", "YTO Express", r"YT[0-9]{10,18}|[A-Z]?[0-9]{10,18}", "圆通", "yuantong"),
    _carrier("ZTO", "中通快递", "ZTO Express", r"[0-9]{10,18}", "中通", "zhongtong"),
    _carrier("STO", "申通快递", "STO Express", r"[0-9]{10,18}", "申通", "shentong"),
    _carrier("YUNDA", "韵达快递", "Yunda Express", r"[0-9]{10,18}", "韵达", "yd"),
    _carrier("JT", "极兔速递", "J&T Express", r"JT[0-9]{10,16}|[0-9]{10,18}", "极兔", "jitu", "J&T"),
    _carrier("JD", "京东物流", "JD Logistics", r"JD[A-Z0-9]{8,20}(-[0-9]+){0,3}-?|[0-9]{10,18}", "京东", "京东快递"),
    _carrier("DBL", "德邦快递", "Deppon", r"DPK[0-9]{10,14}|[0-9]{8,12}", "德邦", "deppon"),
    _carrier("OTHER", "其他", "Another carrier", r"[A-Z0-9][A-Z0-9-]{3,39}", "其它"),
)
BY_CODE = {carrier.code: carrier for carrier in CARRIERS}
CODES = tuple(BY_CODE)


def _fold(text: str) -> str:
    return re.sub(r"[\s._-]", "", text).casefold()


_BY_NAME = {
    _fold(name): carrier
    for carrier in CARRIERS
    for name in (carrier.code, *carrier.name.values(), *carrier.aliases)
}  # fmt: skip


def find_carrier(text: str) -> Carrier | None:
    """The carrier that somebody calls so: its code, its name in either language, or a usual short one."""
    return _BY_NAME.get(_fold(text))


def tracking_number(carrier: Carrier, text: str) -> str | None:
    """A tracking number as it is kept: capitals, no spaces, nothing in full width. None: not one of this carrier's."""
    number = re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).upper()
    return number if carrier.form.fullmatch(number) else None
