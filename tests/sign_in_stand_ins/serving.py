"""What both stand-ins share: a server in a thread, faults on demand, and a page on which to say who one is."""

from __future__ import annotations

import threading
import time
from html import escape
from urllib.parse import urlencode

from werkzeug.serving import make_server
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><h1>{title}</h1><form>{hidden}<p><label>Who are you? <input name="who" value="{who}"></label></p>
<p><button name="say" value="yes">It is me</button> <button name="say" value="no">Not now</button></p></form></html>"""


class StandIn:
    """A provider on a port of this machine. ``who``: who is there, for whoever sends ``who`` nothing.

    ``asks``: show a page with a form, as a person sees it, instead of answering at once. ``fault``: what goes wrong
    until it is set to None: ``slow``, ``500``, or one of the provider's own.
    """

    title = ""

    def __init__(self, port: int = 0, *, asks: bool = False) -> None:
        self.who, self.asks, self.fault, self.calls = "person-1", asks, None, []  # type: ignore[var-annotated]
        self._codes: dict[str, dict[str, str]] = {}
        self._server = make_server("127.0.0.1", port, Request.application(self._answer), threaded=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> StandIn:
        """Serve in a thread."""
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def stop(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, request: Request) -> Response:
        if request.path == "/favicon.ico":  # browsers ask for one
            return Response(status=204)
        self.calls.append(request.path)
        if self.fault == "slow":
            time.sleep(1.5)
        if self.fault == "500":
            return Response("<h1>Bad gateway</h1>", 502, mimetype="text/html")
        return self.answer(request)

    def answer(self, request: Request) -> Response:
        """A request to the provider."""
        raise NotImplementedError

    def consent(self, request: Request, back: str, state: str, code: str, denied: dict[str, str]) -> Response:
        """The person says yes or no; then the browser goes back."""
        if self.asks and "say" not in request.args:
            hidden = "".join(
                f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
                for name, value in request.args.items()
            )
            page = PAGE.format(title=escape(self.title), hidden=hidden, who=escape(self.who))
            return Response(page, mimetype="text/html")
        said_no = request.args.get("say") == "no" or self.fault == "denied"
        answer = {**denied, "state": state} if said_no else {"code": code, "state": state}
        return redirect(f"{back}{'&' if '?' in back else '?'}{urlencode(answer)}", 302)  # type: ignore[return-value]
