"""Claim codes: made by a source, used by whoever holds one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from mall.db import Login
from mall.errors import Conflict, NotFound, TooMany
from points.earning.claim_codes import claim, create_codes, note_miss, refuse_after_misses, revoke_batch
from points.earning.event_types import EventSource
from points.ledger.queries import balance

MEMBER = "mem_claims"
SOURCE = EventSource("cli_test")


@pytest.fixture
def make(mall):
    def create(points=50, count=3, expires_at=None, source=SOURCE):
        return mall.run(Login.EARNING, lambda tx: create_codes(tx, source, points, count, expires_at, mall.noon))

    return create


@pytest.fixture
def use(mall):
    def attempt(code, now=mall.noon, member=MEMBER):
        return mall.run(Login.EARNING, lambda tx: claim(tx, member, code, now))

    return attempt


def figures(mall, now=None):
    return mall.run(Login.EARNING, lambda tx: balance(tx, MEMBER, now or mall.noon))


def rows(mall, query):
    return mall.run(Login.EARNING, lambda tx: tx.execute(text(query)).all())


def test_a_code_gives_its_points_once(mall, make, use):
    code = make().codes[0]
    assert use(code) == 50
    assert figures(mall).available == 50
    for member in (MEMBER, "mem_other"):
        with pytest.raises(NotFound) as refused:
            use(code, member=member)
        assert refused.value.code == "claim_code_not_found"
    assert figures(mall).available == 50


def test_codes_differ_and_are_long(make):
    codes = make(count=1000).codes
    assert len(set(codes)) == 1000
    assert {len(code.replace("-", "")) for code in codes} == {26}


def test_a_code_may_be_typed_as_people_type(make, use):
    code = make().codes[0]
    assert use(" " + code.lower().replace("-", " ").replace("0", "O").replace("1", "l") + " ") == 50


def test_codes_are_not_stored(mall, make):
    code = make(count=1).codes[0]
    stored = str(rows(mall, "SELECT c::text, b::text FROM sources.claim_codes c, sources.claim_batches b"))
    assert code not in stored
    assert code.replace("-", "").lower() not in stored


def test_an_expired_code_is_as_good_as_a_wrong_one(mall, make, use):
    code = make().codes[0]
    with pytest.raises(NotFound):
        use(code, now=mall.noon + timedelta(days=90))
    assert use(code, now=mall.noon + timedelta(days=90, seconds=-1)) == 50


def test_unused_codes_of_a_batch_can_be_revoked(mall, make, use):
    batch = make()
    use(batch.codes[0])
    assert mall.run(Login.EARNING, lambda tx: revoke_batch(tx, SOURCE, batch.batch_id, mall.noon)) == 2
    with pytest.raises(NotFound):
        use(batch.codes[1])
    assert figures(mall).available == 50


def test_another_sources_batch_cannot_be_revoked(mall, make, use):
    batch = make()
    with pytest.raises(NotFound):
        mall.run(Login.EARNING, lambda tx: revoke_batch(tx, EventSource("cli_b"), batch.batch_id, mall.noon))
    assert use(batch.codes[0]) == 50


def test_codes_count_into_the_daily_cap_when_they_are_made(mall, make):
    capped = EventSource("cli_test", may_credit=True, daily_cap_points=100)
    make(points=30, count=3, source=capped)
    with pytest.raises(Conflict) as refused:
        make(points=11, count=1, source=capped)
    assert refused.value.code == "daily_cap_reached"
    assert rows(mall, "SELECT count(*) FROM sources.claim_codes") == [(3,)]
    credit = mall.event("c", "points.credit", points=11, label="bonus")
    assert mall.points(credit, source=capped) == ["daily_cap_reached"]


def test_nothing_left_joins_a_batch_to_a_member(mall, make, use):
    batch = make(count=2)
    use(batch.codes[0])
    use(batch.codes[1])
    assert rows(mall, "SELECT * FROM sources.claim_codes") == []
    for table in (
        "sources.credit_events",
        "sources.cases",
        "sources.awards",
        "ledger.postings",
        "ledger.lots",
    ):
        text_of_rows = str(rows(mall, f"SELECT t::text FROM {table} t"))
        assert batch.batch_id not in text_of_rows
        assert "cli_test" not in text_of_rows
    assert MEMBER not in str(rows(mall, "SELECT t::text FROM sources.claim_batches t"))


def test_five_misses_in_fifteen_minutes_lock_the_door(mall):
    def check(now):
        mall.run(Login.EARNING, lambda tx: refuse_after_misses(tx, MEMBER, now))

    minute = timedelta(minutes=1)
    for number in range(5):
        check(mall.noon + minute * number)
        mall.run(Login.EARNING, lambda tx, n=number: note_miss(tx, MEMBER, mall.noon + minute * n))
    with pytest.raises(TooMany) as refused:
        check(mall.noon + minute * 5)
    assert refused.value.code == "too_many_misses"
    assert 0 < refused.value.retry_after <= 601
    check(mall.noon + minute * 16)
