"""The roof: the one module that knows every package, and builds the app from them."""

from __future__ import annotations

from multiprocessing.util import Finalize

from flask import Flask
from flask_migrate import Migrate
from flask_wtf.csrf import CSRFProtect
from sqlalchemy.pool import NullPool
from werkzeug.middleware.proxy_fix import ProxyFix

from admin import parts as admin_parts
from catalog import parts as catalog_parts
from catalog.payment.gateway import Gateway
from catalog.payment.stripe_gateway import StripeGateway
from mall import i18n, logs, metrics, openapi, request_log
from mall import parts as mall_parts
from mall.crypto import Keyring
from mall.db import Login, db, engine_options, login_urls
from mall.embedded import EmbeddedStores
from mall.http import answered, limits, problems, security
from mall.http.badges import badge_of
from mall.http.flask_app import Compression, FlaskApp
from mall.http.page import form_key
from mall.identity.outside.ways import EXTENSION as OUTSIDE_PROVIDERS
from mall.identity.outside.ways import providers_of
from mall.settings import Settings
from points import parts as points_parts

MAX_BODY_BYTES = 2 * 1024 * 1024
"""A batch of 1,000 credit events is about 300 KB."""


PARTS = (mall_parts, points_parts, catalog_parts, admin_parts)
"""The floors from the ground up: what each adds is listed in its ``parts.py``."""


def create_app(settings: Settings | None = None) -> Flask:
    """The app for ``settings`` (from the environment when None).

    Without a database or Redis address in the settings, the embedded ones are started or joined.
    """
    settings = settings or Settings.from_env()
    stores = EmbeddedStores(settings)
    # Not atexit alone: a forked worker of the HTTP server ends without it, and may be the last to leave the stores.
    Finalize(None, stores.stop, exitpriority=0)
    urls = stores.ensure()
    app = FlaskApp("mall", template_folder="../templates", static_folder="static")
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
    db.init_app(app)
    Migrate(app, db, directory="mall/migrations")
    CSRFProtect(app)
    Compression(app)
    security.init_app(app)
    if settings.proxies:
        hops = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    limits.init_app(app, settings, urls.redis_url)
    problems.init_app(app)
    for part in (answered, logs, i18n, metrics, request_log):
        part.init_app(app)
    app.jinja_env.globals.update(form_key=form_key, badge_of=badge_of)
    api = openapi.create_api(app)
    for floor in PARTS:
        for titles in floor.TITLES:
            problems.register_titles(titles)
        for blueprint in floor.API:
            api.register_blueprint(blueprint)
        for blueprint in floor.PAGES:
            app.register_blueprint(blueprint)
        for register in floor.COMMANDS:
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
        options = engine_options(settings, Login(name))
        if name == "owner":
            options = {"poolclass": NullPool, "connect_args": options["connect_args"]}
        binds[name] = {"url": url, **options}
    return binds
