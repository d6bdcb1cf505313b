"""What can go wrong, as the domain says it. No HTTP here: ``mall.http.problems`` maps kinds to answers.

    MallError
    ├── Malformed         the request cannot be read
    ├── Unauthenticated   nobody we know is asking
    ├── Forbidden         somebody we know may not do this
    ├── NotFound          it does not exist, or belongs to somebody else
    ├── Conflict          the state of things refuses it
    ├── Unsupported       a media type or method we do not take
    ├── TooLarge          more bytes than we read
    ├── Invalid           well formed, but values are wrong (``errors`` names the fields)
    ├── TooMany           a limit was reached (``retry_after`` in seconds)
    └── Unavailable       a part of the machinery is down (``retry_after`` in seconds)

``code`` never changes and is listed in ``docs/errors.md`` (a guard test compares); ``detail`` is a sentence
for people, in their language.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

FieldErrors = dict[str, list[str]]


class MallError(Exception):
    """Base of all refusals. ``extra`` goes into the answer as it is."""

    kind: ClassVar[str] = "error"

    def __init__(
        self,
        code: str,
        detail: object = "",
        *,
        errors: FieldErrors | None = None,
        extra: Mapping[str, Any] | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(code, str(detail) if isinstance(detail, str) else "")
        self.code = code
        self.detail = detail
        self.errors = errors
        self.extra = dict(extra or {})
        self.retry_after = retry_after


class Malformed(MallError):
    kind = "malformed"


class Unauthenticated(MallError):
    kind = "unauthenticated"


class Forbidden(MallError):
    kind = "forbidden"


class NotFound(MallError):
    kind = "not_found"

    def __init__(self, code: str = "not_found", detail: object = "", **more: Any) -> None:
        super().__init__(code, detail, **more)


class Conflict(MallError):
    kind = "conflict"


class Unsupported(MallError):
    kind = "unsupported"


class TooLarge(MallError):
    kind = "too_large"


class Invalid(MallError):
    kind = "invalid"

    def __init__(
        self, errors: FieldErrors | None = None, detail: object = "", code: str = "invalid_fields", **more: Any
    ) -> None:
        super().__init__(code, detail, errors=errors, **more)


class TooMany(MallError):
    kind = "too_many"


class Unavailable(MallError):
    kind = "unavailable"
