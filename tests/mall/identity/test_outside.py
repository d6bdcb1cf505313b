"""Signing in with an OpenID provider or WeChat: over real HTTP, with stand-ins that answer as the real ones do."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
import requests
from sqlalchemy import text

from mall.db import Login
from mall.identity.login_links import create_login_link
from mall.identity.outside import http
from mall.identity.outside.oidc import OpenId
from mall.identity.outside.provider import Refused, Trip
from mall.identity.outside.wechat import App, WeChat
from tests.sign_in_stand_ins.openid import CLIENT_ID, CLIENT_SECRET, OpenIdStandIn
from tests.sign_in_stand_ins.wechat import ACCOUNT, SITE, WeChatStandIn

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/15E148 MicroMessenger/8.0.50"
DESKTOP = "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0"
PASSWORD = "a long enough phrase"


@pytest.fixture(scope="module")
def stand_ins():
    openid, wechat = OpenIdStandIn().start(), WeChatStandIn().start()
    yield {"oidc": openid, "wechat": wechat}
    openid.stop()
    wechat.stop()


@pytest.fixture
def places(app, stand_ins, monkeypatch):
    """The stand-ins without faults, and the app that knows them."""
    openid, wechat = stand_ins["oidc"], stand_ins["wechat"]
    openid.fault = wechat.fault = openid.auth_time = None
    wechat.unionid, openid.who, wechat.who = False, "person-1", "person-1"
    labels = {"zh": "社区账号", "en": "community account"}
    found = {
        "wechat": WeChat(App(*ACCOUNT), App(*SITE), open_base=wechat.url, api_base=wechat.url),
        "oidc": OpenId(openid.url, CLIENT_ID, CLIENT_SECRET, labels),
    }
    monkeypatch.setitem(app.extensions, "outside_providers", found)
    return stand_ins


def go(client, key, query="", agent=DESKTOP):
    """There and back; the answer of the way back."""
    headers = {"User-Agent": agent, "Accept-Language": "en"}
    out = client.get(f"/sign-in/with/{key}{query}", headers=headers)
    assert out.status_code == 303
    if not out.headers["Location"].startswith("http://127.0.0.1"):
        return out
    there = requests.get(out.headers["Location"], allow_redirects=False, timeout=10)
    assert there.status_code == 302, there.text
    back = there.headers["Location"]
    assert back.startswith(f"http://localhost/sign-in/with/{key}/back?")
    return client.get(back.removeprefix("http://localhost"), headers=headers)


def join(client, key, nickname="小满", agent=DESKTOP):
    assert go(client, key, agent=agent).headers["Location"] == "/sign-in/first-time"
    done = client.post("/sign-in/first-time/open", data={"nickname": nickname}, headers={"User-Agent": agent})
    assert (done.status_code, done.headers["Location"]) == (303, "/")


def me(client):
    answer = client.get("/api/v1/me")
    return answer.json if answer.status_code == 200 else None


def rows(run):
    asked = "SELECT provider, member_id, octet_length(subject_hash) FROM outside_identities ORDER BY 1, 2"
    return [tuple(row) for row in run(Login.OWNER, lambda tx: tx.execute(text(asked)).all())]


def people(run):
    asked = "SELECT count(*), count(*) FILTER (WHERE claimed_at IS NOT NULL) FROM members"
    return tuple(run(Login.OWNER, lambda tx: tx.execute(text(asked)).one()))


def aged(run):
    """Everybody's proof is a day old."""
    old = "UPDATE login_sessions SET authenticated_at = now() - interval '1 day'"
    run(Login.OWNER, lambda tx: tx.execute(text(old)))


@pytest.mark.parametrize(("key", "agent"), [("oidc", DESKTOP), ("wechat", PHONE), ("wechat", DESKTOP)])
def test_the_first_time_opens_an_account_and_the_next_time_signs_in_to_it(app, places, run, key, agent):
    browser = app.test_client()
    assert go(browser, key, "?next=/mall", agent).headers["Location"] == "/sign-in/first-time"
    assert me(browser) is None
    page = browser.get("/sign-in/first-time", headers={"Accept-Language": "en"}).text
    assert ('value="person-1 of the prov"' in page) is (key == "oidc")
    done = browser.post("/sign-in/first-time/open", data={"nickname": "小满"})
    assert (done.status_code, done.headers["Location"]) == (303, "/mall")
    own = me(browser)
    assert (own["username"], own["nickname"]) == (None, "小满")
    assert (people(run), rows(run)) == ((1, 1), [(key, own["id"], 16)])
    other = app.test_client()
    assert go(other, key, "?next=/orders", agent).headers["Location"] == "/orders"
    assert me(other)["id"] == own["id"]
    assert people(run) == (1, 1)
    assert other.get("/api/v1/me/statement").status_code == 200  # a full session


def test_pkce_state_and_nonce_are_new_each_time_and_a_way_back_works_once(app, places):
    browser = app.test_client()
    places["oidc"].asked.clear()
    first = browser.get("/sign-in/with/oidc").headers["Location"]
    back = requests.get(first, allow_redirects=False, timeout=10).headers["Location"].removeprefix("http://localhost")
    stranger = app.test_client()
    assert stranger.get(back).headers["Location"] == "/sign-in"  # the state is another browser's
    assert me(stranger) is None
    assert browser.get(back).headers["Location"] == "/sign-in/first-time"
    assert browser.get(back).headers["Location"] == "/sign-in"
    go(browser, "oidc")
    one, two = places["oidc"].asked
    assert one["code_challenge_method"] == two["code_challenge_method"] == "S256"
    assert one["scope"] == "openid profile"
    assert not {one[name] for name in ("state", "nonce", "code_challenge")} & {
        two[name] for name in ("state", "nonce", "code_challenge")
    }


@pytest.mark.parametrize(
    ("key", "fault", "sentence"),
    [
        *[
            ("oidc", fault, "did not work")
            for fault in (
                "bad_signature", "shared_key", "unsigned", "wrong_nonce", "wrong_audience", "wrong_issuer", "expired",
                "no_id_token",
            )
        ],
        ("oidc", "denied", "You did not sign in"),
        ("oidc", "500", "cannot be reached"),
        ("oidc", "slow", "cannot be reached"),
        ("wechat", "busy", "cannot be reached"),
        ("wechat", "500", "cannot be reached"),
        ("wechat", "slow", "cannot be reached"),
        ("wechat", "snapshot", "did not work"),
        ("wechat", "denied", "did not work"),
    ],
)  # fmt: skip
def test_an_answer_that_proves_nothing_signs_nobody_in(app, places, run, monkeypatch, key, fault, sentence):
    join(app.test_client(), key)
    before = rows(run), people(run)
    browser = app.test_client()
    monkeypatch.setattr(http, "READ_SECONDS", 0.4)
    out = browser.get(f"/sign-in/with/{key}", headers={"User-Agent": DESKTOP})
    stand_in = places[key]
    if fault == "denied":
        stand_in.fault = fault
        there = requests.get(out.headers["Location"], allow_redirects=False, timeout=10)
        sentence = "You did not sign in"
    else:
        there = requests.get(out.headers["Location"], allow_redirects=False, timeout=10)
        stand_in.fault = fault
    back = there.headers["Location"].removeprefix("http://localhost")
    began = time.monotonic()
    answer = browser.get(back, headers={"Accept-Language": "en", "User-Agent": DESKTOP})
    assert time.monotonic() - began < 1.4  # the stand-in takes longer
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
    assert sentence in browser.get("/sign-in", headers={"Accept-Language": "en", "User-Agent": DESKTOP}).text
    assert me(browser) is None
    assert (rows(run), people(run)) == before


def test_a_provider_that_is_down_leaves_the_password_form_and_says_so(app, places):
    places["oidc"].fault = "500"
    answer = app.test_client().get("/sign-in/with/oidc")
    assert answer.headers["Location"] == "/sign-in"


def test_a_code_used_twice_and_a_code_made_up_are_refused_by_wechat(app, places):
    wechat = app.extensions["outside_providers"]["wechat"]
    trip, now = Trip.new(), datetime.now(UTC)
    with app.test_request_context():
        address = wechat.address(trip, "http://localhost/back", PHONE, again=False)
    there = requests.get(address.partition("#")[0], allow_redirects=False, timeout=10)
    code = there.headers["Location"].partition("code=")[2].partition("&")[0]
    assert wechat.person(trip, code, "", PHONE, now).subjects == (f"openid {ACCOUNT[0]} o-aa-person-1",)
    for wrong, errcode in ((code, "40163"), ("0" * 32, "40029")):
        with pytest.raises(Refused, match=errcode):
            wechat.person(trip, wrong, "", PHONE, now)


def test_a_key_that_the_provider_has_changed_is_looked_up_again(app, places, monkeypatch):
    join(app.test_client(), "oidc")
    monkeypatch.setattr("mall.identity.outside.oidc.AGAIN_SECONDS", 0.0)
    places["oidc"].rotate()
    browser = app.test_client()
    assert go(browser, "oidc").headers["Location"] == "/"
    assert me(browser) is not None
    places["oidc"].calls.clear()
    assert go(app.test_client(), "oidc").headers["Location"] == "/"
    assert places["oidc"].calls == ["/authorize", "/token"]  # discovery and keys are kept


def test_a_unionid_is_one_person_on_phone_and_computer_and_replaces_the_openid(app, places, run):
    phone, computer = app.test_client(), app.test_client()
    join(phone, "wechat", agent=PHONE)
    places["wechat"].unionid = True
    assert go(app.test_client(), "wechat", agent=PHONE).headers["Location"] == "/"  # known by openid, now by unionid
    assert go(computer, "wechat").headers["Location"] == "/"
    assert me(computer)["id"] == me(phone)["id"]
    assert len(rows(run)) == 1


def test_an_account_that_is_there_is_linked_by_its_password_alone(app, places, run, make_member):
    member = make_member("grandma")
    browser = app.test_client()
    go(browser, "oidc")
    wrong = browser.post("/sign-in/first-time/link", data={"username": "grandma", "password": "not the password"})
    assert (wrong.status_code, rows(run), me(browser)) == (401, [], None)
    done = browser.post("/sign-in/first-time/link", data={"username": "grandma", "password": PASSWORD})
    assert (done.status_code, me(browser)["id"]) == (303, member.id)
    assert rows(run) == [("oidc", member.id, 16)]
    told = "SELECT payload ->> 'kind' FROM outbox_messages WHERE topic = 'account.told'"
    assert run(Login.OWNER, lambda tx: tx.execute(text(told)).scalars().all()) == ["account.sign_in_linked"]


def test_linking_and_taking_off_need_a_fresh_password_and_the_last_way_in_stays(app, places, run, make_member):
    make_member("grandma")
    browser = app.test_client()
    browser.post("/sign-in", data={"username": "grandma", "password": PASSWORD})
    assert go(browser, "wechat", "?for=link").headers["Location"] == "/sign-in/first-time"
    assert rows(run) == []  # coming back links nothing: the member has to press a button here
    assert browser.post("/sign-in/first-time/link").headers["Location"] == "/me/security"
    assert [row[0] for row in rows(run)] == ["wechat"]
    taken = app.test_client()
    browser.post("/sign-out")
    make_member("grandpa")
    taken.post("/sign-in", data={"username": "grandpa", "password": PASSWORD})
    assert go(taken, "wechat", "?for=link").headers["Location"] == "/me/security"
    assert "belongs to another account" in taken.get("/me/security", headers={"Accept-Language": "en"}).text
    go(browser, "wechat")
    aged(run)
    assert go(browser, "oidc", "?for=link").headers["Location"].startswith("/me/confirm?next=")
    assert browser.post("/me/sign-ins/wechat/unlink").headers["Location"] == "/me/confirm?next=/me/security"
    assert browser.delete("/api/v1/me/sign-ins/wechat").status_code == 403
    assert [row[0] for row in rows(run)] == ["wechat"]
    browser.post("/me/confirm", data={"password": PASSWORD, "next": "/me/security"})
    assert browser.post("/me/sign-ins/wechat/unlink").status_code == 303
    assert rows(run) == []
    only = app.test_client()
    join(only, "oidc")
    before = rows(run)
    assert only.get("/api/v1/me/sign-ins").json["items"][0]["provider"] == "oidc"
    refused = only.delete("/api/v1/me/sign-ins/oidc")
    assert (refused.status_code, refused.json["code"]) == (409, "last_sign_in")
    only.post("/me/sign-ins/oidc/unlink")
    assert rows(run) == before


def test_who_has_no_password_confirms_at_the_provider_which_has_to_ask_again(app, places, run):
    browser = app.test_client()
    join(browser, "oidc")
    aged(run)
    assert browser.get("/me/leave").headers["Location"] == "/me/confirm?next=/me/leave"
    page = browser.get("/me/confirm?next=/me/leave").text
    assert 'href="/sign-in/with/oidc?for=confirm&amp;next=%2Fme%2Fleave"' in page
    assert 'type="password"' not in page
    places["oidc"].asked.clear()
    places["oidc"].auth_time = time.time() - 3600  # it remembered the browser and did not ask
    assert go(browser, "oidc", "?for=confirm&next=/me/leave").headers["Location"] == "/me/confirm"
    assert (places["oidc"].asked[0]["prompt"], places["oidc"].asked[0]["max_age"]) == ("login", "0")
    assert browser.get("/me/leave").status_code == 303
    places["oidc"].auth_time, places["oidc"].who = time.time(), "somebody-else"
    assert go(browser, "oidc", "?for=confirm&next=/me/leave").headers["Location"] == "/me/confirm"
    assert browser.get("/me/leave").status_code == 303
    places["oidc"].who = "person-1"
    assert go(browser, "oidc", "?for=confirm&next=/me/leave").headers["Location"] == "/me/leave"
    assert browser.get("/me/leave").status_code == 200


def test_who_forgot_the_password_sets_a_new_one_after_proving_it_at_the_provider_alone(
    app, places, run, make_member, monkeypatch, now
):
    member = make_member("grandma")
    browser, other = app.test_client(), app.test_client()
    go(browser, "oidc")
    given = {"username": "grandma", "password": PASSWORD}
    assert browser.post("/sign-in/first-time/link", data=given).status_code == 303
    other.post("/sign-in", data=given)
    new = {"new_password": "quite another phrase"}

    def refused(client):
        stored = "SELECT password_hash FROM members WHERE id = :id"
        before = run(Login.OWNER, lambda tx: tx.execute(text(stored), {"id": member.id}).scalar_one())
        assert client.post("/me/new-password", data=new).headers["Location"] == "/me/new-password"
        page = client.get("/me/new-password").text
        assert 'name="new_password"' not in page and "for=confirm&amp;next=%2Fme%2Fnew-password" in page
        assert run(Login.OWNER, lambda tx: tx.execute(text(stored), {"id": member.id}).scalar_one()) == before

    refused(browser)  # the password was given a moment ago: that is no proof from elsewhere
    assert go(browser, "oidc", "?next=/me/new-password").headers["Location"] == "/me/new-password"
    refused(browser)  # signed in by it, but not asked for again
    places["oidc"].who = "somebody-else"
    go(browser, "oidc", "?for=confirm&next=/me/new-password")
    refused(browser)
    places["oidc"].who = "person-1"
    assert go(browser, "oidc", "?for=confirm&next=/me/new-password").headers["Location"] == "/me/new-password"
    stale = browser.get_cookie("mall_session")
    short = browser.post("/me/new-password", data={"new_password": "short"})
    assert (short.status_code, 'name="new_password"' in short.text) == (422, True)
    with monkeypatch.context() as later:
        later.setattr("mall.clock.now", lambda: now + timedelta(minutes=16))
        refused(browser)
    assert browser.post("/me/new-password", data=new).headers["Location"] == "/me/security"
    assert (me(browser)["id"], me(other)) == (member.id, None)
    refused(browser)  # once
    browser.set_cookie(stale.key, stale.value)
    assert browser.post("/me/new-password", data=new).headers["Location"].startswith("/sign-in")
    fresh = app.test_client()
    assert fresh.post("/sign-in", data=given).status_code == 401
    assert fresh.post("/sign-in", data={**given, "password": "quite another phrase"}).status_code == 303
    told = "SELECT count(*) FROM outbox_messages WHERE payload ->> 'kind' = 'account.password_changed'"
    assert run(Login.OWNER, lambda tx: tx.execute(text(told)).scalar_one()) == 1
    make_member("no-links")
    plain = app.test_client()
    plain.post("/sign-in", data={"username": "no-links", "password": PASSWORD})
    assert plain.get("/me/new-password").headers["Location"] == "/me/security"


def test_a_sign_in_that_the_provider_remembers_from_hours_ago_is_no_fresh_proof(app, places):
    join(app.test_client(), "oidc")
    places["oidc"].auth_time = time.time() - 3600
    browser = app.test_client()
    assert go(browser, "oidc").headers["Location"] == "/"
    assert me(browser) is not None
    assert browser.delete("/api/v1/me").json["code"] == "confirmation_required"


def test_a_login_link_to_an_account_with_a_linked_sign_in_opens_a_restricted_session(app, places, run, now):
    browser = app.test_client()
    join(browser, "oidc")
    own = me(browser)["id"]
    url, _ends = run(Login.REDEMPTION, lambda tx: create_login_link(tx, own, "/", now))
    came = app.test_client()
    assert came.post(url.removeprefix("http://localhost")).status_code == 303
    refused = came.get("/api/v1/me/statement")
    assert (refused.status_code, refused.json["code"]) == (403, "credential_required")
    assert go(came, "oidc", "?for=link").headers["Location"].startswith("/me/confirm")
    assert go(came, "oidc", "?for=confirm&next=/statement").headers["Location"] == "/statement"
    assert came.get("/api/v1/me/statement").status_code == 200


def test_an_unclaimed_account_is_claimed_by_linking_and_other_sessions_end(app, places, run, now):
    opened = "INSERT INTO members (id, nickname, status, created_at) VALUES ('mem_u', '网友000001', 'active', now())"
    run(Login.OWNER, lambda tx: tx.execute(text(opened)))
    mine, other = app.test_client(), app.test_client()
    for browser in (mine, other):
        url, _ends = run(Login.REDEMPTION, lambda tx: create_login_link(tx, "mem_u", "/", now))
        browser.post(url.removeprefix("http://localhost"))
    go(mine, "wechat", "?for=link", PHONE)
    assert mine.post("/sign-in/first-time/link").headers["Location"] == "/me/security"
    assert rows(run) == [("wechat", "mem_u", 16)]
    assert people(run) == (1, 1)
    assert me(other) is None
    assert me(mine)["id"] == "mem_u"
    aged(run)
    given = {"username": "xiaoman", "password": PASSWORD}
    asked = mine.get("/me/security").text  # nothing is typed that would be lost on the way
    assert 'href="/me/confirm?next=/me/security"' in asked and 'action="/me/credential"' not in asked
    assert mine.post("/me/credential", data=given).headers["Location"] == "/me/confirm?next=/me/security"
    assert go(mine, "wechat", "?for=confirm&next=/me/security", PHONE).headers["Location"] == "/me/security"
    assert mine.post("/me/credential", data=given).status_code == 303
    assert me(mine)["username"] == "xiaoman"


def test_leaving_forgets_the_sign_in_and_the_next_time_is_the_first(app, places, run):
    browser = app.test_client()
    join(browser, "oidc")
    assert browser.delete("/api/v1/me").status_code == 204
    assert rows(run) == []
    assert go(app.test_client(), "oidc").headers["Location"] == "/sign-in/first-time"


def test_wechat_comes_first_inside_wechat_and_a_phone_outside_is_offered_no_code_to_scan(app, places):
    def buttons(agent):
        page = app.test_client().get("/sign-in", headers={"User-Agent": agent, "Accept-Language": "en"}).text
        places_of = {key: page.find(f'href="/sign-in/with/{key}"') for key in ("wechat", "oidc")}
        places_of["form"] = page.index('name="password"')
        return [key for key in sorted(places_of, key=places_of.__getitem__) if places_of[key] >= 0]

    assert buttons(PHONE) == ["wechat", "oidc", "form"]
    assert buttons(DESKTOP) == ["form", "oidc", "wechat"]
    assert buttons("Mozilla/5.0 (Linux; Android 14) Chrome/140.0 Mobile") == ["form", "oidc"]


def test_without_settings_nothing_is_offered_and_the_addresses_lead_nowhere(app, client, monkeypatch):
    monkeypatch.setitem(app.extensions, "outside_providers", {})
    assert "/sign-in/with/" not in client.get("/sign-in").text
    for path in ("/sign-in/with/oidc", "/sign-in/with/oidc/back?code=1&state=2"):
        assert client.get(path).status_code == 404
    assert client.get("/sign-in/first-time").headers["Location"] == "/sign-in"


def test_an_arrival_is_good_for_a_quarter_of_an_hour(app, places, run, monkeypatch, now):
    browser = app.test_client()
    go(browser, "oidc")
    monkeypatch.setattr("mall.clock.now", lambda: now + timedelta(minutes=16))
    done = browser.post("/sign-in/first-time/open", data={"nickname": "小满"})
    assert (done.headers["Location"], people(run)) == ("/sign-in", (0, 0))
