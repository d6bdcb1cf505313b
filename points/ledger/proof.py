"""Pure: the proof of one book. Raises Bad with the table, the key and what is wrong of the first bad row."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from points.ledger.accounts import DEBIT_NORMAL, MOVES, Account
from points.ledger.states import (
    GENESIS,
    DrawRow,
    HoldState,
    LotState,
    PostingRow,
    SealedHead,
    ShareState,
    WalletState,
    posting_hash,
)

_MOVES = {(debit.value, credit.value) for debit, credit in MOVES}


class Bad(Exception):
    """The first row that does not hold."""


@dataclass(frozen=True, slots=True)
class BookRows:
    """All rows of one book, each list in key order."""

    wallet: WalletState
    postings: list[PostingRow]
    lots: list[LotState]
    draws: list[DrawRow]
    holds: list[HoldState]


def check_book(rows: BookRows, sealed: SealedHead | None) -> None:
    """Check chain, sums, lots, holds and the newest seal of one book.

    The chain comes first: once it holds, the postings are the measure for everything else.
    """
    balances = _check_chain(rows, sealed)
    member_id = rows.wallet.member_id
    for account in Account:
        shown = getattr(rows.wallet, account.value)
        if shown != balances[account.value]:
            raise Bad(f"wallet {member_id}: {account.value} is {shown}, its postings say {balances[account.value]}")
    _check_lots(rows)
    _check_expired(rows)
    _check_holds(rows)
    _check_due(rows)


def _check_chain(rows: BookRows, sealed: SealedHead | None) -> dict[str, int]:
    wallet = rows.wallet
    balances = dict.fromkeys((account.value for account in Account), 0)
    link = GENESIS
    for expected, posting in enumerate(rows.postings, start=1):
        name = f"posting {posting.member_id}/{posting.version}"
        if posting.version != expected:
            raise Bad(f"posting {posting.member_id}/{expected}: missing")
        if (posting.debit, posting.credit) not in _MOVES or posting.points <= 0:
            raise Bad(f"{name}: not a posting the ledger knows")
        link = posting_hash(link, posting)
        if link != posting.hash:
            raise Bad(f"{name}: the hash does not match its columns and the posting before")
        for account, sign in ((posting.debit, 1), (posting.credit, -1)):
            balances[account] += (sign if account in DEBIT_NORMAL else -sign) * posting.points
        if posting.net_after != balances["available"] - balances["debt"]:
            raise Bad(f"{name}: net_after is {posting.net_after}")
        if sealed is not None and sealed.version == posting.version and sealed.head_hash != link:
            raise Bad(f"{name}: not the posting that was sealed")
    if wallet.version > len(rows.postings):
        raise Bad(f"posting {wallet.member_id}/{len(rows.postings) + 1}: missing (wallet is at {wallet.version})")
    if sealed is not None and sealed.version > len(rows.postings):
        raise Bad(f"posting {wallet.member_id}/{len(rows.postings) + 1}: missing (sealed at {sealed.version})")
    if wallet.version < len(rows.postings):
        raise Bad(f"wallet {wallet.member_id}: version is {wallet.version}, its postings go to {len(rows.postings)}")
    if wallet.head_hash != link:
        raise Bad(f"wallet {wallet.member_id}: head_hash is not the hash of posting {wallet.version}")
    return balances


def _check_lots(rows: BookRows) -> None:
    member_id = rows.wallet.member_id
    postings = {posting.version: posting for posting in rows.postings}
    lots = {lot.version: lot for lot in rows.lots}
    drawn: dict[int, int] = defaultdict(int)
    by_posting: dict[int, int] = defaultdict(int)
    for draw in rows.draws:
        if draw.version not in postings or draw.lot_version not in lots:
            raise Bad(f"draw {member_id}/{draw.version}/{draw.lot_version}: no such posting or lot")
        drawn[draw.lot_version] += draw.points
        by_posting[draw.version] += draw.points
    for posting in rows.postings:
        if (posting.expires_at is not None) != (posting.version in lots):
            raise Bad(
                f"lot {member_id}/{posting.version}: " + ("missing" if posting.expires_at else "made by no credit")
            )
        if by_posting[posting.version] != (due := _drawn_by(posting)):
            raise Bad(f"draw {member_id}/{posting.version}: draws add up to {by_posting[posting.version]}, not {due}")
    pending = available = 0
    for lot in rows.lots:
        name = f"lot {member_id}/{lot.version}"
        if lot.version not in postings:
            raise Bad(f"{name}: no posting made it")
        posting = postings[lot.version]
        for column in ("points", "award_id", "available_at", "expires_at"):
            if getattr(lot, column) != getattr(posting, column):
                raise Bad(f"{name}: {column} differs from its posting")
        if lot.remaining != lot.points - drawn[lot.version] or not 0 <= lot.remaining <= lot.points:
            raise Bad(f"{name}: remaining is {lot.remaining}, its draws leave {lot.points - drawn[lot.version]}")
        if lot.pending and posting.credit != Account.PENDING:
            raise Bad(f"{name}: pending, but it was available from the start")
        if lot.pending:
            pending += lot.remaining
        else:
            available += lot.remaining
    for what, total, posted in (
        ("pending", pending, rows.wallet.pending),
        ("available", available, rows.wallet.available),
    ):
        if total != posted:
            raise Bad(f"lot {member_id}: all hold {total} {what}, the postings say {posted}")


def _drawn_by(posting: PostingRow) -> int:
    """How many points a posting draws from lots; negative where it gives them back."""
    if posting.credit == Account.AVAILABLE:
        comes_back = posting.debit in (Account.HELD, Account.REDEEMED) and posting.expires_at is None
        return -posting.points if comes_back else 0
    return posting.points if posting.debit in (Account.AVAILABLE, Account.PENDING) else 0


def _check_expired(rows: BookRows) -> None:
    """Expired points of each award: what its lots lost to expiry, less what was clawed back of it."""
    postings = {posting.version: posting for posting in rows.postings}
    expired: dict[int, int] = defaultdict(int)
    for draw in rows.draws:
        if postings[draw.version].credit == Account.EXPIRED:
            expired[draw.lot_version] += draw.points
    left: dict[str | None, int] = defaultdict(int)
    for posting in rows.postings:
        if (posting.debit, posting.credit) == (Account.EXPIRED, Account.REVERSED):
            left[posting.award_id] -= posting.points
    for lot in rows.lots:
        left[lot.award_id] += expired[lot.version] - lot.expired_points
        if not 0 <= lot.expired_points <= expired[lot.version]:
            raise Bad(
                f"lot {rows.wallet.member_id}/{lot.version}: expired_points is {lot.expired_points}, "
                f"only {expired[lot.version]} expired"
            )
    for lot in rows.lots:
        if left[lot.award_id]:
            raise Bad(f"lot {rows.wallet.member_id}/{lot.version}: expired_points is off by {left[lot.award_id]}")


def _check_holds(rows: BookRows) -> None:
    member_id = rows.wallet.member_id
    draws: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for draw in rows.draws:
        draws[draw.version].append((draw.lot_version, draw.points))
    placed: Counter[tuple[object, ...]] = Counter()
    settled: Counter[tuple[object, ...]] = Counter()
    for posting in rows.postings:
        move, of = (posting.debit, posting.credit), (posting.label, posting.ref)
        if move == (Account.AVAILABLE, Account.HELD):
            placed[(*of, posting.points, *sorted(draws[posting.version]))] += 1
        elif Account.HELD in move or posting.debit == Account.REDEEMED:
            settled[(*of, *move)] += posting.points
    for hold in rows.holds:
        name = f"hold {member_id}/{hold.hold_id}"
        for what in ("points", "captured", "released", "refunded"):
            of_hold, of_shares = getattr(hold, what), sum(getattr(share, what) for share in hold.shares)
            if of_hold != of_shares:
                raise Bad(f"{name}: {what} is {of_hold}, its shares say {of_shares}")
        parts: list[HoldState | ShareState] = [hold, *hold.shares]
        for part in parts:
            left = (part.points - part.captured - part.released, part.captured - part.refunded)
            if min(*left, part.captured, part.released, part.refunded) < 0:
                raise Bad(f"{name}: more captured, released or refunded than held")
        shares = sorted((share.lot_version, share.points) for share in hold.shares)
        placed[(hold.label, hold.ref, hold.points, *shares)] -= 1
        if placed[(hold.label, hold.ref, hold.points, *shares)] < 0:
            raise Bad(f"{name}: no posting placed it like this")
        for points, move in (
            (hold.captured, (Account.HELD, Account.REDEEMED)),
            (hold.released, (Account.HELD, Account.AVAILABLE)),
            (hold.refunded, (Account.REDEEMED, Account.AVAILABLE)),
        ):
            settled[(hold.label, hold.ref, *move)] -= points
    for key, count in placed.items():
        if count:
            raise Bad(f"hold {member_id}: the one of {key[2]} points for {key[0]} {key[1]} is missing")
    for key, points in settled.items():
        if points:
            label, ref, debit, credit = key
            raise Bad(f"hold {member_id}: those for {label} {ref} are {points} off the postings {debit} to {credit}")


def _check_due(rows: BookRows) -> None:
    """Nothing may come due before the wallet looks for it."""
    moments = [lot.available_at if lot.pending else lot.expires_at for lot in rows.lots if lot.remaining]
    moments += [hold.expires_at for hold in rows.holds if hold.open_points]
    first = min(filter(None, moments), default=None)
    due = rows.wallet.next_due_at
    if first is not None and (due is None or due > first):
        raise Bad(f"wallet {rows.wallet.member_id}: next_due_at is {due}, something is due at {first}")
