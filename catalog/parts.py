"""What gifts and getting them add to the app: routes, pages, commands, jobs, tables."""

from __future__ import annotations

from typing import Any

from catalog import codes as catalog_codes
from catalog import jobs as catalog_jobs
from catalog.causes import models as cause_models
from catalog.demo import cli as demo_cli
from catalog.draws import models as draw_models
from catalog.merging import models as merging_models
from catalog.notices import activities as activity_notices
from catalog.notices import handlers as notice_handlers
from catalog.notices import staff_models as staff_notice_models
from catalog.payment import jobs as payment_jobs
from catalog.redemption import badge_figures
from catalog.redemption import webhooks as order_webhooks
from catalog.routes import (
    account,
    account_pages,
    address_pages,
    addresses,
    causes,
    draws,
    gifts,
    news_pages,
    notifications,
    order_pages,
    orders,
    payment_pages,
    pictures,
    queue_pages,
    queues,
    redeem_pages,
    top_up_callbacks,
    wish_pages,
    wishes,
)
from catalog.routes import claims as prize_claims
from catalog.routes import pages as catalog_pages
from catalog.routes import payments as payment_routes
from catalog.stock import webhooks as stock_webhooks
from catalog.topups import jobs as top_up_jobs
from catalog.topups import models as top_up_models
from catalog.vouchers import models as voucher_models

API: tuple[Any, ...] = (
    gifts.blp,
    orders.blp,
    prize_claims.blp,
    addresses.blp,
    notifications.blp,
    wishes.blp,
    queues.blp,
    account.blp,
    payment_routes.blp,
    draws.blp,
    causes.blp,
    top_up_callbacks.blp,
)
"""Blueprints of the API."""
PAGES: tuple[Any, ...] = (
    catalog_pages.pages,
    order_pages.pages,
    pictures.pictures,
    wish_pages.pages,
    news_pages.pages,
    prize_claims.pages,
    queue_pages.pages,
    account_pages.pages,
    address_pages.pages,
    payment_pages.pages,
    redeem_pages.pages,
    causes.pages,
    draws.pages,
)
"""Blueprints of pages."""
TITLES: tuple[Any, ...] = (catalog_codes.TITLES,)
"""Titles of error codes."""
COMMANDS: tuple[Any, ...] = (demo_cli.register,)
"""What registers commands."""
BACKGROUND: tuple[Any, ...] = (
    catalog_jobs,
    top_up_jobs,
    notice_handlers,
    order_webhooks,
    stock_webhooks,
    activity_notices,
    badge_figures,
    payment_jobs,
)
"""Modules that register jobs, outbox handlers and figures when they are imported."""
TABLES: tuple[Any, ...] = (
    voucher_models,
    top_up_models,
    cause_models,
    staff_notice_models,
    draw_models,
    merging_models,
)
"""Models of tables that hand-written SQL serves, here so that migrations are compared with them."""
