"""Fields of the HTTP API: strict about types, clear about what is wrong, in the reader's language."""

from __future__ import annotations

import re
import typing
import unicodedata
from datetime import UTC, datetime

import marshmallow as ma
from flask_babel import lazy_gettext as _l

BIGINT_MAX = 2**63 - 1
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_SINGLE_LINE = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_OPAQUE = re.compile(r"[A-Za-z0-9._:~/-]{1,128}")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")

REQUIRED = _l("This field is required.")
NOT_NULL = _l("This field may not be null.")
UNKNOWN = _l("Unknown field.")
NOT_OBJECT = _l("Must be an object.")


class StrictSchema(ma.Schema):
    """A schema that refuses unknown fields."""

    class Meta:
        unknown = ma.RAISE

    error_messages: typing.ClassVar = {"unknown": UNKNOWN, "type": NOT_OBJECT}


ma.fields.Field.default_error_messages.update(
    {"required": REQUIRED, "null": NOT_NULL, "validator_failed": _l("Invalid value.")}
)


class Text(ma.fields.String):
    """A string of ``least`` to ``most`` characters after trimming; no control characters.

    ``lines=True`` admits line breaks and tabs.
    """

    default_error_messages: typing.ClassVar = {
        "invalid": _l("Must be a string."),
        "characters": _l("Contains a character that is not allowed."),
        "short": _l("Is too short."),
        "long": _l("Is too long."),
        "pattern": _l("Has a wrong form."),
    }

    def __init__(
        self,
        least: int = 1,
        most: int = 200,
        *,
        lines: bool = False,
        trim: bool = True,
        pattern: str | None = None,
        **kwargs: typing.Any,
    ) -> None:
        metadata = {"minLength": least, "maxLength": most, **(kwargs.pop("metadata", None) or {})}
        if pattern is not None:
            metadata["pattern"] = f"^{pattern}$"
        super().__init__(metadata=metadata, **kwargs)
        self.least, self.most, self.trim = least, most, trim
        self.refused = _FORBIDDEN if lines else _SINGLE_LINE
        self.pattern = re.compile(pattern) if pattern else None

    def _deserialize(self, value: typing.Any, attr: str | None, data: typing.Any, **kwargs: typing.Any) -> str:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        if self.refused.search(value):
            raise self.make_error("characters")
        text = value.strip() if self.trim else value
        if len(text) < self.least:
            raise self.make_error("short")
        if len(text) > self.most:
            raise self.make_error("long")
        if self.pattern is not None and not self.pattern.fullmatch(text):
            raise self.make_error("pattern")
        return text


class OpaqueId(Text):
    """An id chosen by a reporting system: 1 to 128 of ``A-Za-z0-9._:~/-`` (docs/api.md, conventions)."""

    def __init__(self, **kwargs: typing.Any) -> None:
        super().__init__(1, 128, trim=False, pattern=r"[A-Za-z0-9._:~/-]{1,128}", **kwargs)


class Whole(ma.fields.Integer):
    """A whole number from ``least`` to ``most``. Takes 1550 and 1550.0 (one JSON number); not true, "1", 1.5."""

    default_error_messages: typing.ClassVar = {
        "invalid": _l("Must be a whole number."),
        "range": _l("Is out of range."),
    }

    def __init__(self, least: int = 0, most: int = BIGINT_MAX, **kwargs: typing.Any) -> None:
        metadata = {"minimum": least, "maximum": most, **(kwargs.pop("metadata", None) or {})}
        super().__init__(metadata=metadata, **kwargs)
        self.least, self.most = least, most

    def _deserialize(self, value: typing.Any, attr: str | None, data: typing.Any, **kwargs: typing.Any) -> int:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if type(value) is not int:
            raise self.make_error("invalid")
        if not self.least <= value <= self.most:
            raise self.make_error("range")
        return value


class QueryWhole(Whole):
    """A whole number in a query string."""

    def _deserialize(self, value: typing.Any, attr: str | None, data: typing.Any, **kwargs: typing.Any) -> int:
        if not isinstance(value, str) or not re.fullmatch(r"-?[0-9]{1,19}", value):
            raise self.make_error("invalid")
        return super()._deserialize(int(value), attr, data, **kwargs)


class Points(Whole):
    """Points: a whole number, 1 to 1,000,000,000 unless told otherwise."""

    def __init__(self, least: int = 1, most: int = 1_000_000_000, **kwargs: typing.Any) -> None:
        super().__init__(least, most, **kwargs)


class Flag(ma.fields.Boolean):
    """true or false, nothing that looks like it."""

    default_error_messages: typing.ClassVar = {"invalid": _l("Must be true or false.")}

    def _deserialize(self, value: typing.Any, attr: str | None, data: typing.Any, **kwargs: typing.Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid")
        return value


class Phone(Text):
    """A phone number as people write it: digits, spaces, + - ( ). Full width, as a Chinese keyboard has it: （010）, is
    kept as the usual signs."""

    def __init__(self, **kwargs: typing.Any) -> None:
        super().__init__(4, 30, pattern=r"[0-9+() \-]{4,30}", **kwargs)

    def _deserialize(self, value: typing.Any, attr: str | None, data: typing.Any, **kwargs: typing.Any) -> str:
        plain = unicodedata.normalize("NFKC", value) if isinstance(value, str) else value
        return super()._deserialize(plain, attr, data, **kwargs)


class QueryFlag(Flag):
    """A flag in a query string: true, false, 1 or 0."""

    def _deserialize(self, value: typing.Any, attr: str | None, data: typing.Any, **kwargs: typing.Any) -> bool:
        if value not in ("true", "false", "1", "0"):
            raise self.make_error("invalid")
        return value in ("true", "1")


class Choice(ma.fields.String):
    """One of a closed list of words."""

    default_error_messages: typing.ClassVar = {
        "invalid": _l("Must be a string."),
        "choice": _l("Is not one of the values allowed."),
    }

    def __init__(self, choices: typing.Sequence[str], **kwargs: typing.Any) -> None:
        allowed = [*choices, None] if kwargs.get("allow_none") else list(choices)
        super().__init__(metadata={"enum": allowed, **(kwargs.pop("metadata", None) or {})}, **kwargs)
        self.choices = frozenset(choices)

    def _deserialize(self, value: typing.Any, attr: str | None, data: typing.Any, **kwargs: typing.Any) -> str:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        if value not in self.choices:
            raise self.make_error("choice")
        return value


class Instant(ma.fields.DateTime):
    """A moment: RFC 3339 with an offset, read into aware UTC and written in UTC."""

    default_error_messages: typing.ClassVar = {
        "invalid": _l("Must be a time as in RFC 3339, with an offset: 2026-11-23T10:00:00+08:00."),
    }

    def _deserialize(self, value: typing.Any, attr: str | None, data: typing.Any, **kwargs: typing.Any) -> datetime:
        moment = parse_instant(value)
        if moment is None:
            raise self.make_error("invalid")
        return moment

    def _serialize(self, value: typing.Any, attr: str | None, obj: typing.Any, **kwargs: typing.Any) -> str | None:
        return None if value is None else wire_instant(value)


def parse_instant(value: object) -> datetime | None:
    """RFC 3339 with an offset to aware UTC; None when it is not one. Digits past microseconds are cut."""
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        return None
    text = re.sub(r"(\.\d{6})\d+", r"\1", value.upper())
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def wire_instant(moment: datetime) -> str:
    """A moment as the API writes it: RFC 3339 in UTC."""
    return moment.astimezone(UTC).isoformat()


def opaque_id_is_valid(value: object) -> bool:
    """Whether a reporting system's id has the documented form."""
    return isinstance(value, str) and _OPAQUE.fullmatch(value) is not None
