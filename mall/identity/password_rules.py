"""Pure: which passwords are refused. Length counts, mixtures do not (NIST SP 800-63B, 5.1.1.2)."""

from __future__ import annotations

import unicodedata

LEAST, MOST = 8, 128
"""Characters."""

COMMONEST = frozenset(
    """
    00000000 11111111 66666666 88888888 99999999 12345678 123456789 1234567890 0123456789 87654321 987654321
    123123123 12341234 11223344 111222333 147258369 1q2w3e4r 1qaz2wsx qazwsxedc q1w2e3r4 qwerty123 qwertyui
    qwertyuiop asdfghjkl zxcvbnm1 abc12345 abcd1234 abcdefgh a1234567 a12345678 aa123456 password password1
    password12 password123 passw0rd p@ssw0rd p@ssword iloveyou iloveyou1 sunshine princess football baseball
    superman trustno1 welcome1 letmein1 changeme admin123 administrator woaini520 woaini1314 5201314520 wodemima
    mima1234 beijing2008 haidian123
    """.split()  # noqa: SIM905 - a list to read
)
"""The commonest of public lists that are long enough to pass otherwise, and some that are obvious here."""


def normal(password: str) -> str:
    """The form a password is hashed in: the same key presses give the same text on every keyboard."""
    return unicodedata.normalize("NFKC", password)


def refusal(password: str, username: str | None) -> str | None:
    """Why a new password is refused: ``short``, ``long``, ``common``, ``username``; None when it is fine."""
    text = normal(password)
    if len(text) < LEAST:
        return "short"
    if len(text) > MOST:
        return "long"
    folded = text.casefold()
    if folded in COMMONEST or len(set(folded)) < 3:
        return "common"
    name = (username or "").casefold()
    if name and folded in (name, name + name, name[::-1]):
        return "username"
    return None
