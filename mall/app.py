"""The roof: the one module that knows every package, and builds the app from them."""

from __future__ import annotations

import atexit
import importlib
import importlib.util

from flask import Flask
from flask_compress import Compress
from flask_migrate import Migrate
from flask_wtf.csrf import CSRFProtect
from sqlalchemy.pool import NullPool
from werkzeug.middleware.proxy_fix import ProxyFix

from mall.crypto import Keyring
from mall.db import db, engine_options, login_urls
from mall.embedded import EmbeddedStores
from mall.http import limits, problems, security
from mall.http.page import form_key
from mall.openapi import create_api, docs
from mall.settings import Settings

MAX_BODY_BYTES = 2 * 1024 * 1024
"""A batch of 1,000 credit events is about 300 KB."""

# While the house is being built: what exists is registered. Becomes literal imports when all rooms stand.
API_BLUEPRINTS = (
    "mall.identity.routes.members:blp", "mall.identity.routes.sessions:blp",
    "points.routes.credit_events:blp", "points.routes.sources:blp", "points.routes.me:blp", "points.routes.claims:blp",
    "points.routes.quizzes:blp", "points.routes.leaderboards:blp",
    "catalog.routes.gifts:blp", "catalog.routes.orders:blp", "catalog.routes.notifications:blp",
    "admin.routes.members:blp", "admin.routes.audit:blp", "admin.routes.api_clients:blp", "admin.routes.gifts:blp",
    "admin.routes.orders:blp",
)
PAGE_BLUEPRINTS = ("mall.identity.pages:pages", "points.routes.pages:pages", "points.routes.me_pages:pages", "points.routes.quiz_pages:pages", "catalog.routes.pages:pages",
    "mall.health:health", "mall.metrics:metrics", "catalog.routes.pictures:pictures")
COMMANDS = ("mall.cli:register", "mall.identity.cli:register", "points.ledger.cli:register", "catalog.demo.cli:register")
INITS = ("mall.logs:init_app", "mall.i18n:init_app", "mall.metrics:init_app")
TITLES = ("mall.identity.codes:TITLES", "points.codes:TITLES", "catalog.codes:TITLES", "admin.codes:TITLES")


def _find(names):
    for name in names:
        module, attr = name.split(":")
        try:
            spec = importlib.util.find_spec(module)
        except ModuleNotFoundError:
            spec = None
        if spec is None:
            continue
        found = getattr(importlib.import_module(module), attr, None)
        if found is not None:
            yield found


def create_app(settings: Settings | None = None) -> Flask:
    """The app for ``settings`` (from the environment when None).

    Without a database or Redis address in the settings, the embedded ones are started or joined.
    """
    settings = settings or Settings.from_env()
    stores = EmbeddedStores(settings)
    urls = stores.ensure()
    atexit.register(stores.stop)
    app = Flask("mall", template_folder="../templates", static_folder="static")
    app.extensions["settings"] = settings
    app.extensions["keyring"] = Keyring(settings.secret_key)
    app.extensions["stores"] = stores
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
        SEND_FILE_MAX_AGE_DEFAULT=31536000,
    )
    app.url_map.strict_slashes = False
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
    for init in _find(INITS):
        init(app)
    app.jinja_env.globals["form_key"] = form_key
    api = create_api(app)
    for titles in _find(TITLES):
        problems.register_titles(titles)
    for blueprint in _find(API_BLUEPRINTS):
        api.register_blueprint(blueprint)
    for blueprint in (docs, *_find(PAGE_BLUEPRINTS)):
        app.register_blueprint(blueprint)
    for register in _find(COMMANDS):
        register(app)
    return app


def _binds(settings: Settings, database_url: str) -> dict[str | None, dict[str, object]]:
    binds: dict[str | None, dict[str, object]] = {}
    for name, url in login_urls(settings, database_url).items():
        options = engine_options(settings)
        if name == "owner":
            options = {"poolclass": NullPool, "connect_args": options["connect_args"]}
        binds[name] = {"url": url, **options}
    return binds
