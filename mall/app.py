"""The roof: the one module that knows every package, and builds the app from them."""

from __future__ import annotations

from multiprocessing.util import Finalize

from flask import Flask
from flask_compress import Compress
from flask_migrate import Migrate
from flask_wtf.csrf import CSRFProtect
from sqlalchemy.pool import NullPool
from werkzeug.middleware.proxy_fix import ProxyFix

from admin import cli as admin_cli
from admin.figures import jobs as figure_jobs
from admin.figures import models as figure_models
from admin.pages import activities as desk_activities
from admin.pages import adjustments as desk_adjustments
from admin.pages import announcements as desk_announcements
from admin.pages import appeals as desk_appeals
from admin.pages import approvals as desk_approvals
from admin.pages import audit as desk_audit
from admin.pages import awards as desk_awards
from admin.pages import badges as desk_badges
from admin.pages import boards as desk_boards
from admin.pages import budgets as desk_budgets
from admin.pages import campaigns as desk_campaigns
from admin.pages import causes as desk_causes
from admin.pages import check_ins as desk_check_ins
from admin.pages import clients as desk_clients
from admin.pages import counter as desk_counter
from admin.pages import cropping as desk_cropping
from admin.pages import curation as desk_curation
from admin.pages import dashboard as desk_dashboard
from admin.pages import draws as desk_draws
from admin.pages import drops as desk_drops
from admin.pages import figures as desk_figures
from admin.pages import files as desk_files
from admin.pages import gifts as desk_gifts
from admin.pages import home as desk_home
from admin.pages import honours as desk_honours
from admin.pages import integrations as desk_integrations
from admin.pages import labels as desk_labels
from admin.pages import levels as desk_levels
from admin.pages import member_care as desk_member_care
from admin.pages import member_sources as desk_member_sources
from admin.pages import members as desk_members
from admin.pages import merges as desk_merges
from admin.pages import notices as desk_notices
from admin.pages import order_policy as desk_order_policy
from admin.pages import orders as desk_orders
from admin.pages import orders_bulk as desk_orders_bulk
from admin.pages import own_account as desk_own_account
from admin.pages import parcels as desk_parcels
from admin.pages import password_resets as desk_password_resets
from admin.pages import pickup_points as desk_pickup_points
from admin.pages import prizes as desk_prizes
from admin.pages import providers as desk_providers
from admin.pages import quiz_bank as desk_quiz_bank
from admin.pages import quiz_bank_files as desk_quiz_bank_files
from admin.pages import quiz_results as desk_quiz_results
from admin.pages import quizzes as desk_quizzes
from admin.pages import reconciliation as desk_reconciliation
from admin.pages import redemption_rules as desk_redemption_rules
from admin.pages import reports as desk_reports
from admin.pages import rule_backtests as desk_rule_backtests
from admin.pages import rule_editor as desk_rule_editor
from admin.pages import rule_set as desk_rule_set
from admin.pages import rule_steps as desk_rule_steps
from admin.pages import rules as desk_rules
from admin.pages import search as desk_search
from admin.pages import security as desk_security
from admin.pages import segments as desk_segments
from admin.pages import shelves as desk_shelves
from admin.pages import staff as desk_staff
from admin.pages import stock as desk_stock
from admin.pages import top_ups as desk_top_ups
from admin.pages import undo as desk_undo
from admin.pages import webhooks as desk_webhooks
from admin.reports import jobs as report_jobs
from admin.reports import models as report_models
from admin.routes import activities as admin_activities
from admin.routes import adjustments as admin_adjustments
from admin.routes import announcements as admin_announcements
from admin.routes import api_clients as admin_api_clients
from admin.routes import appeals as admin_appeals
from admin.routes import audit as admin_audit
from admin.routes import awards as admin_awards
from admin.routes import badges as admin_badges
from admin.routes import boards as admin_boards
from admin.routes import budgets as admin_budgets
from admin.routes import campaigns as admin_campaigns
from admin.routes import causes as admin_causes
from admin.routes import check_ins as admin_check_ins
from admin.routes import curation as admin_curation
from admin.routes import draws as admin_draws
from admin.routes import drops as admin_drops
from admin.routes import earning_rules as admin_earning_rules
from admin.routes import gift_parts as admin_gift_parts
from admin.routes import gifts as admin_gifts
from admin.routes import honours as admin_honours
from admin.routes import integrations as admin_integrations
from admin.routes import labels as admin_labels
from admin.routes import ledger as admin_ledger
from admin.routes import levels as admin_levels
from admin.routes import member_care as admin_member_care
from admin.routes import member_sources as admin_member_sources
from admin.routes import members as admin_members
from admin.routes import merges as admin_merges
from admin.routes import notices as admin_notices
from admin.routes import orders as admin_orders
from admin.routes import password_resets as admin_password_resets
from admin.routes import pickup_look as admin_pickup_look
from admin.routes import pickup_points as admin_pickup_points
from admin.routes import prizes as admin_prizes
from admin.routes import quiz_results as admin_quiz_results
from admin.routes import quizzes as admin_quizzes
from admin.routes import redemption_rules as admin_redemption_rules
from admin.routes import refunds as admin_refunds
from admin.routes import reports as admin_reports
from admin.routes import rule_backtests as admin_rule_backtests
from admin.routes import rule_set as admin_rule_set
from admin.routes import rule_steps as admin_rule_steps
from admin.routes import search as admin_search
from admin.routes import security as admin_security
from admin.routes import segments as admin_segments
from admin.routes import shipments as admin_shipments
from admin.routes import staff as admin_staff
from admin.routes import tags as admin_tags
from admin.routes import top_ups as admin_top_ups
from admin.routes import webhooks as admin_webhooks
from admin.undo import keep as undo_keep
from admin.undo import models as undo_models
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
from catalog.payment.gateway import Gateway
from catalog.payment.stripe_gateway import StripeGateway
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
    orders,
    payment_pages,
    pictures,
    queue_pages,
    queues,
    top_up_callbacks,
    wish_pages,
    wishes,
)
from catalog.routes import (
    claims as prize_claims,
)
from catalog.routes import pages as catalog_pages
from catalog.routes import payments as payment_routes
from catalog.stock import webhooks as stock_webhooks
from catalog.topups import jobs as top_up_jobs
from catalog.topups import models as top_up_models
from catalog.vouchers import models as voucher_models
from mall import cli as mall_cli
from mall import health, i18n, logs, metrics, openapi, request_log
from mall.crypto import Keyring
from mall.db import db, engine_options, login_urls
from mall.embedded import EmbeddedStores
from mall.http import limits, problems, security
from mall.http.badges import badge_of
from mall.http.page import form_key
from mall.identity import care_models, pages_outside
from mall.identity import cli as identity_cli
from mall.identity import codes as identity_codes
from mall.identity import jobs as identity_jobs
from mall.identity import pages as identity_pages
from mall.identity.outside.ways import EXTENSION as OUTSIDE_PROVIDERS
from mall.identity.outside.ways import providers_of
from mall.identity.routes import members as member_routes
from mall.identity.routes import sessions as session_routes
from mall.identity.routes import sign_ins, staff_account
from mall.settings import Settings
from mall.webhooks import codes as webhook_codes
from mall.webhooks import deliveries as webhook_deliveries
from points import codes as points_codes
from points.backtest import runner as backtest_runner
from points.badges import models as badge_models
from points.earning import jobs as earning_jobs
from points.earning import rule_models
from points.earning import webhooks as earning_webhooks
from points.ledger import cli as ledger_cli
from points.ledger import figures as ledger_figures
from points.ledger import jobs as ledger_jobs
from points.ledger import models as ledger_models
from points.ledger import webhooks as ledger_webhooks
from points.merging import jobs as merging_jobs
from points.prizes import jobs as prize_jobs
from points.quizzes import jobs as quiz_jobs
from points.routes import (
    activities,
    appeals,
    badges,
    boards,
    check_in_pages,
    check_ins,
    claims,
    credit_events,
    effectiveness,
    honours,
    leaderboards,
    me,
    me_pages,
    quiz_pages,
    quizzes,
    reconciliation,
    sources,
    tasks,
)
from points.routes import pages as points_pages
from points.standing import jobs as standing_jobs
from points.standing import level_models
from points.standing import models as standing_models

MAX_BODY_BYTES = 2 * 1024 * 1024
"""A batch of 1,000 credit events is about 300 KB."""

API_BLUEPRINTS = (
    member_routes.blp,
    session_routes.blp,
    sign_ins.blp,
    staff_account.blp,
    reconciliation.blp,
    credit_events.blp,
    sources.blp,
    me.blp,
    check_ins.blp,
    tasks.blp,
    claims.blp,
    quizzes.blp,
    leaderboards.blp,
    gifts.blp,
    orders.blp,
    prize_claims.blp,
    addresses.blp,
    notifications.blp,
    wishes.blp,
    queues.blp,
    account.blp,
    payment_routes.blp,
    admin_members.blp,
    admin_member_care.blp,
    admin_member_sources.blp,
    admin_merges.blp,
    admin_password_resets.blp,
    admin_audit.blp,
    admin_staff.blp,
    admin_security.blp,
    admin_api_clients.blp,
    admin_integrations.blp,
    admin_webhooks.blp,
    admin_gifts.blp,
    admin_pickup_points.blp,
    admin_pickup_look.blp,
    admin_shipments.blp,
    admin_gift_parts.blp,
    admin_curation.blp,
    admin_tags.blp,
    admin_drops.blp,
    admin_draws.blp,
    draws.blp,
    admin_orders.blp,
    admin_quizzes.blp,
    admin_quiz_results.blp,
    admin_top_ups.blp,
    admin_causes.blp,
    admin_notices.blp,
    causes.blp,
    top_up_callbacks.blp,
    admin_refunds.blp,
    admin_labels.blp,
    admin_earning_rules.blp,
    admin_rule_steps.blp,
    admin_rule_set.blp,
    admin_redemption_rules.blp,
    admin_segments.blp,
    admin_campaigns.blp,
    admin_rule_backtests.blp,
    admin_budgets.blp,
    admin_reports.blp,
    admin_search.blp,
    admin_levels.blp,
    admin_prizes.blp,
    admin_honours.blp,
    admin_badges.blp,
    admin_boards.blp,
    admin_announcements.blp,
    admin_activities.blp,
    effectiveness.blp,
    badges.blp,
    boards.blp,
    honours.blp,
    activities.blp,
    admin_awards.blp,
    admin_adjustments.blp,
    admin_appeals.blp,
    admin_check_ins.blp,
    appeals.blp,
    admin_ledger.blp,
)
PAGE_BLUEPRINTS = (
    openapi.docs,
    health.health,
    metrics.metrics,
    identity_pages.pages,
    pages_outside.pages,
    points_pages.pages,
    tasks.pages,
    check_in_pages.pages,
    effectiveness.pages,
    badges.pages,
    boards.pages,
    honours.pages,
    activities.pages,
    appeals.pages,
    me_pages.pages,
    quiz_pages.pages,
    catalog_pages.pages,
    pictures.pictures,
    wish_pages.pages,
    news_pages.pages,
    prize_claims.pages,
    queue_pages.pages,
    account_pages.pages,
    address_pages.pages,
    payment_pages.pages,
    causes.pages,
    draws.pages,
    desk_counter.pages,
    desk_parcels.pages,
    desk_top_ups.pages,
    desk_providers.pages,
    desk_counter.short,
    desk_home.pages,
    desk_dashboard.pages,
    desk_rules.pages,
    desk_rule_set.pages,
    desk_campaigns.pages,
    desk_budgets.pages,
    desk_redemption_rules.pages,
    desk_segments.pages,
    desk_levels.pages,
    desk_prizes.pages,
    desk_quizzes.pages,
    desk_quiz_bank.pages,
    desk_quiz_bank_files.pages,
    desk_quiz_results.pages,
    desk_honours.pages,
    desk_badges.pages,
    desk_boards.pages,
    desk_labels.pages,
    desk_announcements.pages,
    desk_activities.pages,
    desk_rule_editor.pages,
    desk_rule_steps.pages,
    desk_rule_backtests.pages,
    desk_approvals.pages,
    desk_awards.pages,
    desk_appeals.pages,
    desk_adjustments.pages,
    desk_check_ins.pages,
    desk_gifts.pages,
    desk_draws.pages,
    desk_curation.pages,
    desk_stock.pages,
    desk_drops.pages,
    desk_shelves.pages,
    desk_staff.pages,
    desk_own_account.pages,
    desk_security.pages,
    desk_causes.pages,
    desk_pickup_points.pages,
    desk_notices.pages,
    desk_orders.pages,
    desk_orders_bulk.pages,
    desk_order_policy.pages,
    desk_members.pages,
    desk_member_care.pages,
    desk_member_sources.pages,
    desk_merges.pages,
    desk_password_resets.pages,
    desk_clients.pages,
    desk_integrations.pages,
    desk_webhooks.pages,
    desk_reconciliation.pages,
    desk_audit.pages,
    desk_reports.pages,
    desk_figures.pages,
    desk_files.pages,
    desk_search.pages,
    desk_undo.pages,
    desk_cropping.pages,
)
TITLES = (identity_codes.TITLES, webhook_codes.TITLES, points_codes.TITLES, catalog_codes.TITLES)
COMMANDS = (mall_cli.register, identity_cli.register, ledger_cli.register, demo_cli.register, admin_cli.register)
BACKGROUND = (
    identity_jobs,
    request_log,
    webhook_deliveries,
    earning_jobs,
    earning_webhooks,
    standing_jobs,
    prize_jobs,
    quiz_jobs,
    merging_jobs,
    ledger_figures,
    ledger_jobs,
    ledger_webhooks,
    backtest_runner,
    catalog_jobs,
    top_up_jobs,
    notice_handlers,
    order_webhooks,
    stock_webhooks,
    activity_notices,
    badge_figures,
    payment_jobs,
    figure_jobs,
    report_jobs,
    undo_keep,
)
"""Modules that register jobs, outbox handlers and figures when they are imported."""
TABLES = (
    standing_models,
    badge_models,
    level_models,
    ledger_models,
    rule_models,
    voucher_models,
    top_up_models,
    cause_models,
    staff_notice_models,
    draw_models,
    figure_models,
    report_models,
    undo_models,
    care_models,
    merging_models,
)
"""Models of tables that hand-written SQL serves, here so that migrations are compared with them."""


def create_app(settings: Settings | None = None) -> Flask:
    """The app for ``settings`` (from the environment when None).

    Without a database or Redis address in the settings, the embedded ones are started or joined.
    """
    settings = settings or Settings.from_env()
    stores = EmbeddedStores(settings)
    # Not atexit alone: a forked worker of the HTTP server ends without it, and may be the last to leave the stores.
    Finalize(None, stores.stop, exitpriority=0)
    urls = stores.ensure()
    app = Flask("mall", template_folder="../templates", static_folder="static")
    app.extensions["settings"] = settings
    app.extensions["keyring"] = Keyring(settings.secret_key)
    app.extensions["stores"] = stores
    app.extensions["payment_gateway"] = payment_gateway(settings)
    app.extensions[OUTSIDE_PROVIDERS] = providers_of(settings)
    app.extensions["redis_url"] = urls.redis_url
    app.config.update(
        SECRET_KEY=app.extensions["keyring"].text_key("flask"),
        TESTING=settings.testing,
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        MAX_FORM_MEMORY_SIZE=MAX_BODY_BYTES,
        MAX_FORM_PARTS=200,
        SESSION_COOKIE_NAME="mall_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.public_url.startswith("https://"),
        PERMANENT_SESSION_LIFETIME=30 * 24 * 3600,
        SQLALCHEMY_BINDS=_binds(settings, urls.database_url),
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_CHECK_DEFAULT=False,
        COMPRESS_MIN_SIZE=600,
        COMPRESS_ALGORITHM=("br", "gzip", "zstd", "deflate"),  # best first: of these brotli makes the pages smallest
        COMPRESS_ALGORITHM_STREAMING=("br", "gzip", "zstd", "deflate"),  # styles and scripts; the default has no gzip
        COMPRESS_BR_LEVEL=5,
        SEND_FILE_MAX_AGE_DEFAULT=31536000,
    )
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False  # an answer of the API is never a redirect
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    if settings.proxies:
        hops = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    db.init_app(app)
    Migrate(app, db, directory="mall/migrations")
    CSRFProtect(app)
    Compress(app)
    security.init_app(app)
    limits.init_app(app, settings, urls.redis_url)
    problems.init_app(app)
    for part in (logs, i18n, metrics, request_log):
        part.init_app(app)
    app.jinja_env.globals.update(form_key=form_key, badge_of=badge_of)
    api = openapi.create_api(app)
    for titles in TITLES:
        problems.register_titles(titles)
    for blueprint in API_BLUEPRINTS:
        api.register_blueprint(blueprint)
    for blueprint in PAGE_BLUEPRINTS:
        app.register_blueprint(blueprint)
    for register in COMMANDS:
        register(app)
    return app


def payment_gateway(settings: Settings) -> Gateway | None:
    """The payment provider that the settings name, if they name one."""
    if settings.stripe_secret_key is None:
        return None
    return StripeGateway(settings.stripe_secret_key, settings.stripe_webhook_secret, settings.stripe_api_base)


def _binds(settings: Settings, database_url: str) -> dict[str | None, dict[str, object]]:
    binds: dict[str | None, dict[str, object]] = {}
    for name, url in login_urls(settings, database_url).items():
        options = engine_options(settings)
        if name == "owner":
            options = {"poolclass": NullPool, "connect_args": options["connect_args"]}
        binds[name] = {"url": url, **options}
    return binds
