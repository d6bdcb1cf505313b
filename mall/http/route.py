"""What a route of the API declares about itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import marshmallow as ma

from mall.db import Login
from mall.http.alike import AlikeBodies
from mall.http.principals import Auth


@dataclass(frozen=True, slots=True)
class Route:
    """What a route declares about itself."""

    method: str
    auth: Auth
    login: Login | None
    body: ma.Schema | None
    query: ma.Schema | None
    response: ma.Schema | None
    status: int
    idempotency: str | None
    secret_fields: tuple[str, ...]
    errors: tuple[str, ...]
    body_types: tuple[str, ...]
    dump: bool
    tx_with_key_only: bool
    body_optional: bool = False
    max_bytes: int | None = None
    before: Callable[[dict[str, Any]], None] | None = None
    alike: AlikeBodies | None = None
