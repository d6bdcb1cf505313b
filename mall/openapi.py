"""The OpenAPI document of the API and its reader, both served by the mall itself, offline too."""

from __future__ import annotations

from threading import Lock
from typing import Any

from flask import Blueprint, Flask, Response, current_app, render_template
from flask_smorest import Api
from flask_smorest import Blueprint as SmorestBlueprint

from mall.http import problems
from mall.http.fields import Choice, Flag, Instant, OpaqueId, Points, QueryFlag, QueryWhole, Text, Whole
from mall.http.operation import SECURITY_SCHEMES
from mall.http.principals import PUBLIC
from mall.json_text import compact
from mall.webhooks.events import openapi_webhooks

API_VERSION = "1.0.0"

docs = Blueprint("docs", __name__)


class MallApi(Api):
    """flask-smorest's Api with our own error answers: each operation lists its own, so none is the default.

    Routes are registered at once, their documentation when somebody first asks for it: describing every operation
    takes longer than all the rest of a start, and a worker or a command never shows the document.
    """

    DEFAULT_ERROR_RESPONSE_NAME = None

    def __init__(self, app: Flask, **options: Any) -> None:
        self._undocumented: list[SmorestBlueprint] = []
        self._documenting = Lock()
        super().__init__(app, **options)

    def _register_error_handlers(self) -> None:
        """Errors are answered by ``mall.http.problems``, also for pages."""

    def register_blueprint(self, blp: SmorestBlueprint, **options: Any) -> None:
        """Register the routes of ``blp``; ``document`` describes them."""
        self._app.extensions["flask-smorest"]["blp_name_to_api"][blp.name] = self
        self._app.register_blueprint(blp, **options)
        self._undocumented.append(blp)

    def document(self) -> dict[str, Any]:
        """The whole OpenAPI document, with every blueprint that was registered."""
        with self._documenting:
            while self._undocumented:
                blueprint = self._undocumented.pop(0)
                blueprint.register_views_in_doc(self, self._app, self.spec, name=blueprint.name, parameters=None)
                self.spec.tag({"name": blueprint.name, "description": blueprint.description})
            return {**self.spec.to_dict(), "webhooks": openapi_webhooks()}


def create_api(app: Flask) -> MallApi:
    """The Api that blueprints register with."""
    app.config.update(
        API_TITLE="Points mall",
        API_VERSION=API_VERSION,
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=None,
    )
    api = MallApi(
        app,
        spec_kwargs={
            "info": {
                "description": "Points for tips, logins and quizzes; gifts for points. "
                "Refusals are application/problem+json; unknown fields are errors.",
            },
            "servers": [{"url": "/"}],
        },
    )
    for field in (Text, OpaqueId, Choice):
        api.register_field(field, "string", None)
    for field in (Whole, Points, QueryWhole):
        api.register_field(field, "integer", None)
    for field in (Flag, QueryFlag):
        api.register_field(field, "boolean", None)
    api.register_field(Instant, "string", "date-time")
    for name, scheme in SECURITY_SCHEMES.items():
        api.spec.components.security_scheme(name, scheme)
    app.extensions["mall_api"] = api
    return api


def openapi_json() -> Response:
    """The document, rendered once for each process."""
    app = current_app
    text = app.extensions.get("openapi_text")
    if text is None:
        text = compact(app.extensions["mall_api"].document())
        app.extensions["openapi_text"] = text
    response = Response(text, content_type="application/json")
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


def docs_page() -> str:
    """A reader for the document (Swagger UI, vendored)."""
    return render_template("docs/api.html")


def errors_page() -> str:
    """Every error code with its title."""
    return render_template("docs/errors.html", titles=sorted(problems.TITLES.items()))


for _rule, _view in (
    ("/api/v1/openapi.json", openapi_json),
    ("/api/docs", docs_page),
    ("/api/docs/errors", errors_page),
):
    _view.auth = PUBLIC  # type: ignore[attr-defined, union-attr]
    docs.add_url_rule(_rule, _view.__name__, _view)
