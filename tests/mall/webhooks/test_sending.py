"""Webhooks out: signed as the standard says, sent nowhere they must not go, bounded in every way."""

from __future__ import annotations

import http.server
import socket
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook

from mall.webhooks import delivery
from mall.webhooks.address import BadAddress, Target, is_public, read_url, resolve
from mall.webhooks.delivery import DELAYS, Message, next_attempt, send
from mall.webhooks.signing import is_signed, new_secret, signed_headers

NOW = datetime.now(UTC)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/", "ftp://example.com/", "https://", "https://user:pw@example.com/", "https://e.com/#x",
        "https://example.com:0/", "https://example.com:99999/", "https://exa mple.com/", "https://例子.cn/",
        "https://example.com/\n", "https://" + "x" * 600, "//example.com", "https://[::1",
        "file:///etc/passwd", "javascript:1",
    ],
)  # fmt: skip
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(BadAddress):
        read_url(url, private=False)


def test_an_address_is_read_in_parts():
    assert read_url("https://example.com/a?b=1", private=False) == Target("https", "example.com", 443, "/a?b=1")
    assert read_url("http://127.0.0.1:81", private=True) == Target("http", "127.0.0.1", 81, "/")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1", "fd00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::",
        "64:ff9b::7f00:1", "64:ff9b::a00:1", "198.18.0.1", "192.0.2.1", "ff02::1", "nonsense",
    ],
)  # fmt: skip
def test_what_is_not_the_open_internet_is_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"])
def test_the_open_internet_is_public(address):
    assert is_public(address)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "2130706433", "0x7f000001", "127.1", "::1", "0"])
def test_names_of_this_machine_lead_nowhere(host):
    with pytest.raises(BadAddress):
        resolve(Target("https", host, 443, "/"), private=False)


def test_one_private_address_among_public_ones_is_enough_to_refuse(monkeypatch):
    found = [(socket.AF_INET, 1, 6, "", ("1.1.1.1", 443)), (socket.AF_INET, 1, 6, "", ("10.0.0.1", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(BadAddress, match="private"):
        resolve(Target("https", "rebound.example", 443, "/"), private=False)


def test_a_message_is_signed_as_the_standard_says():
    first, second = new_secret(), new_secret()
    body = '{"a":"积分"}'.encode()
    now = datetime.now(UTC)  # the library asks the clock itself
    headers = signed_headers([first, second], "msg_1", now, body)
    assert Webhook(first).verify(body, headers) == Webhook(second).verify(body, headers) == {"a": "积分"}
    assert headers["webhook-id"] == "msg_1" and len(headers["webhook-signature"].split(" ")) == 2
    assert is_signed([second], headers, body, now)


def test_the_standards_own_example_is_signed_the_same():
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    moment = datetime.fromtimestamp(1614265330, UTC)
    headers = signed_headers([secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", moment, body)
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert is_signed([secret], headers, body, moment)


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "other"}, {"webhook-timestamp": "1"}, {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": ""},
        {"webhook-signature": "nonsense"}, {"webhook-signature": "v1,ü"}, {"webhook-timestamp": "١٢٣"},
        {"webhook-timestamp": "9" * 30}, {"webhook-id": ""}, {"webhook-signature": "v1, " * 900},
    ],
)  # fmt: skip
def test_what_is_not_signed_is_told_apart_and_nothing_is_raised(change):
    secret = new_secret()
    headers = {**signed_headers([secret], "msg_1", NOW, b"{}"), **change}
    assert not is_signed([secret], headers, b"{}", NOW)


def test_a_signature_is_good_for_five_minutes_and_for_its_body_alone():
    secret = new_secret()
    headers = signed_headers([secret], "msg_1", NOW, b"{}")
    assert not is_signed([secret], headers, b"[]", NOW) and not is_signed([secret], headers, b"\xff", NOW)
    assert is_signed([secret], headers, b"{}", NOW + timedelta(minutes=4, seconds=58))
    assert not is_signed([secret], headers, b"{}", NOW + timedelta(minutes=5, seconds=2))
    assert not is_signed([new_secret()], headers, b"{}", NOW)


def test_attempts_are_made_at_the_documented_delays():
    waits = [next_attempt(count, NOW) - NOW for count in range(10)]
    seconds = [0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]
    assert [wait.total_seconds() for wait in waits] == seconds == [delay.total_seconds() for delay in DELAYS]
    assert next_attempt(10, NOW) is None


class Receiver:
    """Something on loopback that answers as it is told."""

    def __init__(self, answer):
        self.seen = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                outer.seen.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
                answer(self)

            def log_message(self, *_):
                return

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def receiver():
    made = []

    def make(answer):
        made.append(Receiver(answer))
        return made[-1]

    yield make
    for one in made:
        one.close()


def say(status, body=b"", **headers):
    def answer(handler):
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def post(url, private=True):
    return send(Message(url, "msg_1", b'{"a":1}'), [new_secret()], NOW, private=private)


def test_a_message_arrives_whole_and_the_answer_comes_back(receiver):
    place, secret = receiver(say(200, b'{"ok":true}')), new_secret()
    answer = send(Message(place.url, "msg_1", b'{"a":1}'), [secret], datetime.now(UTC), private=True)
    assert (answer.status, answer.body, answer.problem) == (200, b'{"ok":true}', None)
    headers, body = place.seen[0]
    assert Webhook(secret).verify(body, headers) == {"a": 1}
    assert headers["Content-Type"] == "application/json"


def test_without_leave_this_machine_gets_nothing(receiver):
    place = receiver(say(200))
    assert post(place.url, private=False).problem == "scheme"
    assert post(place.url.replace("http:", "https:"), private=False).problem == "private"
    assert place.seen == []


def test_a_redirect_is_not_followed(receiver):
    other = receiver(say(200))
    place = receiver(say(302, Location=other.url))
    assert post(place.url).status == 302
    assert other.seen == []


def test_an_answer_without_end_is_cut_off(receiver):
    place = receiver(say(200, b"x" * 70_000))
    assert post(place.url).problem == "too_large"


def test_an_answer_that_drips_is_cut_off_in_time(receiver, monkeypatch):
    monkeypatch.setattr(delivery, "WHOLE_SECONDS", 0.4)

    def drip(handler):
        handler.send_response(200)
        handler.end_headers()
        try:
            for _ in range(40):
                handler.wfile.write(b" ")
                time.sleep(0.05)
        except OSError:
            return

    place, begun = receiver(drip), time.monotonic()
    assert post(place.url).problem == "timeout"
    assert time.monotonic() - begun < 1.5


def test_silence_and_nonsense_are_answers_too(receiver, monkeypatch):
    monkeypatch.setattr(delivery, "WHOLE_SECONDS", 0.3)
    silent = receiver(lambda handler: time.sleep(0.6))
    assert post(silent.url).problem == "timeout"
    nonsense = receiver(lambda handler: handler.wfile.write(b"hello\r\n\r\n"))
    assert post(nonsense.url).problem == "protocol"
    plain = receiver(say(200))
    assert post(plain.url.replace("http:", "https:")).problem in ("tls", "protocol")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        closed = probe.getsockname()[1]
    assert post(f"http://127.0.0.1:{closed}/").problem == "connect"
    assert post("https://no-such-name.invalid/").problem in ("unknown", "private")
