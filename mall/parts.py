"""What the ground floor adds to the app: routes, pages, commands, jobs, tables (``mall/app.py`` puts them together)."""

from __future__ import annotations

from typing import Any

from mall import cli as mall_cli
from mall import health, metrics, openapi, request_log
from mall.identity import care_models, pages_outside
from mall.identity import cli as identity_cli
from mall.identity import codes as identity_codes
from mall.identity import jobs as identity_jobs
from mall.identity import pages as identity_pages
from mall.identity.routes import members as member_routes
from mall.identity.routes import sessions as session_routes
from mall.identity.routes import sign_ins, staff_account
from mall.webhooks import codes as webhook_codes
from mall.webhooks import deliveries as webhook_deliveries

API: tuple[Any, ...] = (
    member_routes.blp,
    session_routes.blp,
    sign_ins.blp,
    staff_account.blp,
)
"""Blueprints of the API."""
PAGES: tuple[Any, ...] = (
    openapi.docs,
    health.health,
    metrics.metrics,
    identity_pages.pages,
    pages_outside.pages,
)
"""Blueprints of pages."""
TITLES: tuple[Any, ...] = (
    identity_codes.TITLES,
    webhook_codes.TITLES,
)
"""Titles of error codes."""
COMMANDS: tuple[Any, ...] = (
    mall_cli.register,
    identity_cli.register,
)
"""What registers commands."""
BACKGROUND: tuple[Any, ...] = (
    identity_jobs,
    request_log,
    webhook_deliveries,
)
"""Modules that register jobs, outbox handlers and figures when they are imported."""
TABLES: tuple[Any, ...] = (care_models,)
"""Models of tables that hand-written SQL serves, here so that migrations are compared with them."""
