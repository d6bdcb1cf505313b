"""A connection to a provider: bounded in time and in what is read, no redirects, nothing from the environment."""

from __future__ import annotations

import time
from typing import Any

import requests
from requests.adapters import HTTPAdapter

CONNECT_SECONDS, READ_SECONDS, WHOLE_SECONDS = 4.0, 6.0, 10.0
"""Somebody waits in front of a white page meanwhile, and a thread of the server with them."""
MOST_BYTES = 256 * 1024


class BoundedAdapter(HTTPAdapter):
    """Reads an answer as a whole, or gives up: however slowly it drips, and however long it is."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Raises requests.Timeout beyond the time or the size."""
        end = time.monotonic() + WHOLE_SECONDS
        kwargs.update(stream=True, timeout=(CONNECT_SECONDS, READ_SECONDS))
        response = super().send(request, *args, **kwargs)
        body = bytearray()
        for chunk in response.iter_content(16 * 1024):
            body += chunk
            if len(body) > MOST_BYTES or time.monotonic() > end:
                response.close()
                raise requests.Timeout("too slow or too long", request=request)
        response._content = bytes(body)
        return response


def bound(session: requests.Session) -> requests.Session:
    """Make a session bounded. A ``.netrc`` or a proxy that somebody left on the machine is not taken."""
    session.trust_env = False
    session.max_redirects = 0
    for scheme in ("https://", "http://"):
        session.mount(scheme, BoundedAdapter())
    return session
