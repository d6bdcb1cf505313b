"""A member's browser for tests of pages: cookies, hidden fields and all."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from mall.db import Login
from mall.identity.sessions import BROWSER, open_session


class Browser:
    """A member's browser: cookies, hidden fields and all."""

    def __init__(self, shop, points=0, restricted=False):
        self.member, self.client = shop.member(points), shop.app.test_client()
        now = datetime.now(UTC)
        opened = shop.run(
            Login.REDEMPTION,
            lambda tx: open_session(tx, now, kind=BROWSER, member_id=self.member.id, restricted=restricted),
        )
        with self.client.session_transaction() as session:
            session["token"] = opened.token

    def get(self, path, **more):
        answer = self.client.get(path, headers={"Accept-Language": "en"}, **more)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.get_data(as_text=True)

    def submit(self, page, action, **fields):
        """Post the form of ``page`` that goes to ``action``."""
        form = re.search(rf'<form[^>]*action="{re.escape(action)}".*?</form>', page, re.S).group()
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
        return self.client.post(action, data={**hidden, **fields}, headers={"Accept-Language": "en"})
