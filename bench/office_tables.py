"""What ``bench.office`` loads, as set-based SQL: every statement fills one table from the one before.

The rows are as the mall writes them and pass its CHECKs, but for four things, left out because they take hours or say
nothing about speed: hash chains (each hash is of the posting alone), the boxes of sources (all hold the same event),
addresses of orders, and refunds (an order that is cancelled here has given no points back).

Each member's book is a pattern: ``orders`` times two credits that one order spends, then ``extra`` credits that lie
there; a seventh of the members has let one of those expire, an eleventh has one that waits.
Settings of the session: ``bench.now``, ``bench.members``, ``bench.client`` (the reporting system's id).
"""

from __future__ import annotations

from points.standing.ladder import DEFAULT

NOW = "current_setting('bench.now')::timestamptz"
_MEMBERS = "current_setting('bench.members')::int8"
_PUBLIC = "m.k % 10 >= 3"
"""Three of ten credits are for tips, five for check-ins, two for quizzes."""
_TYPE = "CASE WHEN m.k % 10 < 3 THEN 'tip.outcome' WHEN m.k % 10 < 8 THEN 'check.in' ELSE 'quiz.result' END"
_SOURCE = """CASE WHEN m.k % 10 < 3 THEN current_setting('bench.client') WHEN m.k % 10 < 8 THEN 'mall:check-in'
 ELSE 'mall:quiz' END"""
_LABEL = "CASE WHEN m.k % 10 < 3 THEN 'points' WHEN m.k % 10 < 8 THEN 'check_in' ELSE 'quiz' END"
_RULE = "CASE WHEN m.k % 10 < 3 THEN 'tip-outcome' WHEN m.k % 10 < 8 THEN 'daily-check-in' ELSE 'quiz-result' END"
_AWARD = "bench_id('awd', m.at, m.k)"
_ORDER = "bench_id('ord', m.at, m.k)"
_CASE = "substr(sha256(int8send(m.k)), 1, 16)"
_EVENT = "substr(sha256(int8send(m.k)), 17)"
_CREDIT = "m.role IN ('c', 'e', 'p')"
_GONE = "(m.role = 'e' AND p.gone AND m.v = 4 * p.orders + 1)"
_WAITS_UNTIL = f"CASE WHEN m.role = 'p' AND m.n % 2 = 0 THEN {NOW} + interval '10 days' END"
_EXPIRES = f"""CASE WHEN {_GONE} THEN m.at + interval '1 hour'
 WHEN m.role = 'e' AND m.v = 4 * p.orders + 1 AND m.n % 60 = 0 THEN {NOW} - interval '1 hour'
 WHEN m.role = 'e' AND m.v = 4 * p.orders + 1 AND m.n % 3 = 0 THEN {NOW} + interval '1 day' * (5 + m.n % 25)
 ELSE date_trunc('month', m.at + interval '760 days') END"""

SET_UP = (
    """CREATE FUNCTION bench_id(prefix text, at timestamptz, number int8) RETURNS text LANGUAGE sql IMMUTABLE
 RETURN prefix || '_01' || lpad(to_hex((extract(epoch FROM at) * 1000)::int8), 12, '0')
 || lpad(to_hex(number), 12, '0')""",
    """CREATE FUNCTION bench_dice(number int8, seed int8) RETURNS float8 LANGUAGE sql IMMUTABLE
 RETURN ((hashint8extended(number, seed) >> 11) & 9007199254740991)::float8 / 9007199254740992""",
    f"""CREATE UNLOGGED TABLE bench_people AS SELECT n, bench_id('mem', joined, n) AS id, joined, orders, extra, points,
 n % 7 = 0 AND extra > 0 AS gone, n % 11 = 0 AND extra > 1 AS waits,
 4 * orders + extra + (n % 7 = 0 AND extra > 0)::int AS versions
 FROM (SELECT n, {NOW} - interval '10 days' - interval '710 days' * (1 - n::float8 / {_MEMBERS}) AS joined,
  CASE WHEN n = 1 THEN 2000 ELSE floor(-ln(1 - bench_dice(n, 1)) * 5.15)::int8 END AS orders,
  CASE WHEN n = 1 THEN 2000 ELSE floor(-ln(1 - bench_dice(n, 2)) * 5.15)::int8 END AS extra, 30 + n % 50 AS points
  FROM generate_series(1, {_MEMBERS}) AS n) AS drawn""",
    f"""CREATE UNLOGGED TABLE bench_moves AS SELECT row_number() OVER (ORDER BY at, n, v) AS k, * FROM (
 SELECT p.n, v, p.joined + ({NOW} - p.joined) * ((CASE WHEN v <= 4 * p.orders AND v % 4 = 0 THEN v - 1 ELSE v END - 0.5)
  / p.versions) AS at,
  CASE WHEN v <= 4 * p.orders THEN (ARRAY['c', 'c', 'h', 's'])[(v - 1) % 4 + 1]
  WHEN v > 4 * p.orders + p.extra THEN 'x' WHEN v = 4 * p.orders + p.extra AND p.waits THEN 'p' ELSE 'e' END AS role
 FROM bench_people p, generate_series(1, p.versions) AS v) AS m""",
    """CREATE UNLOGGED TABLE bench_gifts AS SELECT row_number() OVER (ORDER BY s.item_id) - 1 AS place, g.id AS gift_id,
 s.item_id, g.kind, g.name, g.pictures[1] AS picture, v.name AS variant_name,
 CASE WHEN g.kind = 'pickup' THEN (SELECT id FROM pickup_points WHERE is_default) END AS point_id
 FROM stock_items s JOIN gifts g ON g.id = s.gift_id LEFT JOIN gift_variants v ON v.id = s.item_id
 WHERE g.kind IN ('delivery', 'pickup', 'voucher')""",
    "ANALYZE bench_people, bench_moves, bench_gifts",
)

_JOIN = "FROM bench_moves m JOIN bench_people p ON p.n = m.n"
_STATUS = f"""CASE WHEN m.k % 33 = 0 THEN 'cancelled' WHEN {NOW} - m.at > interval '20 days' THEN 'completed'
 WHEN g.kind = 'voucher' THEN 'completed'
 WHEN g.kind = 'pickup' AND {NOW} - m.at > interval '14 days' THEN 'completed'
 WHEN {NOW} - m.at < interval '6 hours' THEN 'placed' WHEN {NOW} - m.at < interval '1 day' THEN 'confirmed'
 WHEN g.kind = 'pickup' THEN 'ready_for_pickup' WHEN {NOW} - m.at < interval '2 days' THEN 'preparing'
 ELSE 'shipped' END"""
_PATH = """CASE o.status WHEN 'placed' THEN ARRAY['placed'] WHEN 'confirmed' THEN ARRAY['placed', 'confirmed']
 WHEN 'cancelled' THEN ARRAY['placed', 'cancelled'] WHEN 'preparing' THEN ARRAY['placed', 'confirmed', 'preparing']
 WHEN 'completed' THEN ARRAY['placed', 'confirmed', CASE o.kind WHEN 'delivery' THEN 'shipped' WHEN 'pickup'
  THEN 'ready_for_pickup' ELSE 'issued' END, 'completed'] ELSE ARRAY['placed', 'confirmed', o.status] END"""
_LEVEL = " + ".join(f"(s.public_points >= {step.from_points})::int" for step in DEFAULT.steps)
_OURS = "o.member_id IN (SELECT id FROM bench_people)"
"""Orders of the members made here; those of the demo have all that belongs to them."""

TABLES: tuple[tuple[str, str], ...] = (
    (
        "public.members",
        """INSERT INTO members (id, username, username_key, nickname, password_hash, status, created_at)
 SELECT id, 'bench_' || n, 'bench_' || n, (ARRAY['小', '阿', '老', '大'])[n % 4 + 1]
 || (ARRAY['王', '李', '张', '刘', '陈', '杨', '赵', '黄', '周', '吴'])[n / 4 % 10 + 1] || n, 'none',
 CASE WHEN n % 400 = 0 THEN 'suspended' ELSE 'active' END, joined FROM bench_people ORDER BY n""",
    ),
    (
        "ledger.postings",
        f"""INSERT INTO ledger.postings (member_id, version, debit, credit, points, kind, label, ref, award_id,
 occurred_at, posted_at, available_at, expires_at, net_after, hash)
 SELECT p.id, m.v, CASE m.role WHEN 's' THEN 'held' WHEN 'c' THEN 'issued' WHEN 'e' THEN 'issued' WHEN 'p' THEN 'issued'
 ELSE 'available' END,
 CASE m.role WHEN 'h' THEN 'held' WHEN 's' THEN 'redeemed' WHEN 'x' THEN 'expired' WHEN 'p' THEN 'pending'
 ELSE 'available' END, p.points * CASE WHEN m.role IN ('h', 's') THEN 2 ELSE 1 END,
 CASE m.role WHEN 'h' THEN 'held' WHEN 's' THEN 'captured' WHEN 'x' THEN 'expired' ELSE 'earned' END,
 CASE WHEN m.role IN ('h', 's') THEN 'gift' WHEN m.role = 'x' THEN 'expired' ELSE {_LABEL} END,
 CASE m.role WHEN 'h' THEN {_ORDER} WHEN 's' THEN bench_id('ord', m.at, m.k - 1) END,
 CASE WHEN {_CREDIT} THEN {_AWARD} END, m.at, m.at, {_WAITS_UNTIL},
 CASE WHEN {_CREDIT} THEN {_EXPIRES} END,
 p.points * CASE WHEN m.v <= 4 * p.orders THEN (ARRAY[1, 2, 0, 0])[(m.v - 1) % 4 + 1]
  WHEN m.role = 'x' THEN p.extra - p.waits::int - 1 ELSE m.v - 4 * p.orders - (m.role = 'p')::int END,
 sha256(int8send(m.k)) {_JOIN} ORDER BY m.k""",
    ),
    (
        "ledger.lots",
        f"""INSERT INTO ledger.lots (member_id, version, award_id, points, remaining, expired_points, pending,
 available_at, expires_at) SELECT p.id, m.v, {_AWARD}, p.points,
 CASE WHEN m.role = 'c' OR {_GONE} THEN 0 ELSE p.points END,
 CASE WHEN {_GONE} THEN p.points ELSE 0 END, m.role = 'p', {_WAITS_UNTIL}, {_EXPIRES}
 {_JOIN} WHERE {_CREDIT} ORDER BY m.k""",
    ),
    (
        "ledger.lot_draws",
        """INSERT INTO ledger.lot_draws (member_id, version, lot_version, points)
 SELECT p.id, m.v, m.v - d, p.points FROM bench_moves m JOIN bench_people p ON p.n = m.n, unnest(ARRAY[2, 1]) AS d
 WHERE m.role = 'h' ORDER BY m.k""",
    ),
    (
        "ledger.holds",
        f"""INSERT INTO ledger.holds (member_id, hold_id, points, label, ref, captured)
 SELECT p.id, {_ORDER}, p.points * 2, 'gift', {_ORDER}, p.points * 2 {_JOIN} WHERE m.role = 'h' ORDER BY m.k""",
    ),
    (
        "ledger.hold_shares",
        f"""INSERT INTO ledger.hold_shares (member_id, hold_id, lot_version, position, points, captured)
 SELECT p.id, {_ORDER}, m.v - d, 2 - d, p.points, p.points FROM bench_moves m JOIN bench_people p ON p.n = m.n,
 unnest(ARRAY[2, 1]) AS d WHERE m.role = 'h' ORDER BY m.k""",
    ),
    (
        "ledger.wallets",
        """INSERT INTO ledger.wallets (member_id, version, issued, pending, available, redeemed, expired, next_due_at,
 head_hash, sealed_version) SELECT p.id, p.versions, p.points * (2 * p.orders + p.extra), p.points * p.waits::int,
 p.points * (p.extra - p.waits::int - p.gone::int), p.points * 2 * p.orders, p.points * p.gone::int, l.due,
 sha256(int8send(p.n)), p.versions FROM bench_people p LEFT JOIN (SELECT member_id,
  min(least(available_at, expires_at)) AS due FROM ledger.lots WHERE remaining > 0 GROUP BY 1) AS l
 ON l.member_id = p.id""",
    ),
    (
        "sources.awards",
        f"""INSERT INTO sources.awards (award_id, case_key, member_id, rule_key, rule_version, points, explanation,
 available_at, expires_at, visibility, label, booked_at) SELECT {_AWARD}, {_CASE}, p.id, {_RULE}, 1, p.points,
 jsonb_build_array(jsonb_build_array('fixed', p.points::text)), CASE WHEN m.role = 'p' THEN {_WAITS_UNTIL}
 ELSE m.at END,  {_EXPIRES}, CASE WHEN {_PUBLIC} THEN 'public' ELSE 'confidential' END, {_LABEL}, m.at
 {_JOIN} WHERE {_CREDIT} ORDER BY m.k""",
    ),
    (
        "sources.cases",
        f"""INSERT INTO sources.cases (case_key, source_id, member_id, type, arrivals, anchor_at, deciding_event,
 deciding_at, worth, award_ids) SELECT {_CASE}, {_SOURCE}, p.id, {_TYPE}, 1, m.at, {_EVENT}, m.at, p.points,
 ARRAY[{_AWARD}] {_JOIN} WHERE {_CREDIT} ORDER BY m.k""",
    ),
    (
        "sources.credit_events",
        f"""INSERT INTO sources.credit_events (event_key, source_id, fingerprint, box, member_id, case_key, type, facts,
 occurred_at, arrival, posted_at, status, points, awards) SELECT {_EVENT}, {_SOURCE}, {_CASE},
 decode(current_setting('bench.box'), 'hex'), p.id, {_CASE}, {_TYPE}, CASE WHEN m.k % 10 < 3
  THEN '{{"stage": "adopted", "grade": 2}}'::jsonb WHEN m.k % 10 < 8 THEN '{{"streak": 3, "streak_day": 3}}'
  ELSE '{{"score_percent": 80}}' END, m.at, 1, m.at, CASE WHEN m.role = 'p' THEN 'pending' ELSE 'booked' END,
 p.points, json_build_array(json_build_object('award_id', {_AWARD}, 'rule', {_RULE}, 'rule_version', 1, 'points',
 p.points, 'explanation', json_build_array('each time: ' || p.points))) {_JOIN} WHERE {_CREDIT} ORDER BY m.k""",
    ),
    (
        "sources.source_members",
        f"""INSERT INTO sources.source_members (member_hash, source_id, member_id, box, created_at)
 SELECT substr(sha256(convert_to(id, 'UTF8')), 1, 16), current_setting('bench.client'), id, '\\x00', {NOW}
 FROM bench_people""",
    ),
    (
        "public.orders",
        f"""INSERT INTO orders (id, number, member_id, gift_id, item_id, kind, status, quantity, points, gift_name,
 variant_name, picture, pickup_point_id, pickup_until, carrier, tracking, history_seq, placed_at, moved_at)
 SELECT o.id, o.number, o.member_id, o.gift_id, o.item_id, o.kind, o.status, 1, o.points, o.name, o.variant_name,
 o.picture, o.point_id, CASE WHEN o.kind = 'pickup' THEN o.at + interval '14 days' END,
 CASE WHEN o.status = 'shipped' THEN 'SF' END, CASE WHEN o.status = 'shipped' THEN 'SF' || o.k END,
 array_length({_PATH}, 1), o.at, least({NOW}, o.at + interval '1 day' * (array_length({_PATH}, 1) - 1))
 FROM (SELECT m.k, m.at, {_ORDER} AS id, 'R' || to_char(m.at, 'YYYYMMDD') || '-'
   || lpad(((m.k * 387421 + 271828) % 1000000)::text, 6, '0') AS number, p.id AS member_id, p.points * 2 AS points,
  {_STATUS} AS status, g.* FROM bench_moves m JOIN bench_people p ON p.n = m.n
  JOIN bench_gifts g ON g.place = m.k * 7 % (SELECT count(*) FROM bench_gifts) WHERE m.role = 'h') AS o
 ORDER BY o.k""",
    ),
    (
        "public.order_history",
        f"""INSERT INTO order_history (order_id, seq, status, at, actor) SELECT o.id, s.seq, s.status,
 least({NOW}, o.placed_at + interval '1 day' * greatest(0, s.seq - 2)) AS at,
 CASE WHEN s.seq = 1 THEN 'member:' || o.member_id ELSE 'system' END
 FROM orders o, unnest({_PATH}) WITH ORDINALITY AS s(status, seq) WHERE {_OURS} ORDER BY at""",
    ),
    (
        "public.stock_movements",
        f"""INSERT INTO stock_movements (id, item_id, kind, change, ref, actor, at) SELECT bench_id('stm', placed_at,
 row_number() OVER (ORDER BY id)), item_id, 'ordered', -1, id, 'member:' || member_id, placed_at FROM orders o
 WHERE {_OURS} ORDER BY id""",
    ),
    (
        "public.notifications",
        f"""INSERT INTO notifications (id, member_id, kind, order_id, detail, created_at, read_at)
 SELECT bench_id('ntc', moved_at, row_number() OVER (ORDER BY moved_at)), member_id, 'order.' || status, id, '{{}}',
 moved_at, CASE WHEN placed_at < {NOW} - interval '30 days' OR history_seq % 2 = 0 THEN moved_at END
 FROM orders o WHERE {_OURS} ORDER BY moved_at""",
    ),
    (
        "public.check_ins",
        """INSERT INTO check_ins (member_id, day, streak, points) SELECT p.id, m.day, 1 + p.n % 30, p.points FROM (
 SELECT DISTINCT n, (at AT TIME ZONE 'Asia/Shanghai')::date AS day FROM bench_moves
 WHERE k % 10 BETWEEN 3 AND 7 AND role IN ('c', 'e', 'p')) AS m JOIN bench_people p ON p.n = m.n
 ORDER BY m.day, p.id""",
    ),
    (
        "public.quiz_attempts",
        """INSERT INTO quiz_attempts (id, member_id, quiz_id, question_ids, started_at, submitted_at, answers, score,
 max_score, points) SELECT bench_id('att', m.at, m.k), p.id, q.id, ARRAY[]::text[], m.at, m.at, '{}', 4, 5, p.points
 FROM bench_moves m JOIN bench_people p ON p.n = m.n JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place,
 count(*) OVER () AS quizzes FROM quizzes) AS q ON q.place = m.k % q.quizzes
 WHERE m.k % 10 >= 8 AND m.role IN ('c', 'e', 'p') ORDER BY m.k""",
    ),
    (
        "public.login_sessions",
        f"""INSERT INTO login_sessions (id, token_hash, kind, member_id, device, restricted, created_at, last_seen_at,
 expires_at) SELECT bench_id('ses', {NOW} - interval '1 day' * (n % 29), n), sha256(int8send(n)), 'browser', id,
 'WeChat', false, {NOW} - interval '1 day' * (n % 29), {NOW} - interval '1 day' * (n % 29 * bench_dice(n, 3)),
 {NOW} + interval '1 day' * (30 - n % 29) FROM bench_people WHERE n % 5 < 3""",
    ),
    (
        "public.audit_entries",
        """INSERT INTO audit_entries (id, at, actor, action, subject, detail, request_id) SELECT
 bench_id('aud', a.at, a.k), a.at, a.actor, a.action, a.subject, jsonb_build_object('from', a.k % 97, 'to', a.k % 89,
 'note', 'entry ' || a.k), 'req-' || a.k FROM (SELECT k, at, 'staff:' || (SELECT array_agg(id ORDER BY id) FROM staff)
  [k % 5 + 1] AS actor, (ARRAY['order.advanced', 'gift.changed', 'stock.changed', 'member.suspended', 'orders.exported',
  'order.part_refunded', 'earning_rule.drafted', 'member.read_source'])[1 + k % 8] AS action,
  CASE k % 3 WHEN 0 THEN 'order:' || bench_id('ord', at, k) WHEN 1 THEN 'gift:' || bench_id('gft', at, k % 31)
  ELSE 'member:' || bench_id('mem', at, n) END AS subject FROM bench_moves WHERE k % 8 = 0) AS a ORDER BY a.k""",
    ),
    (
        "public.api_requests",
        f"""INSERT INTO api_requests (at, client_id, method, route, status, tenths_ms, request_id)
 SELECT at, current_setting('bench.client'), 'POST', '/api/v1/credit-events', CASE WHEN k % 50 = 0 THEN 422 ELSE 201
 END, 20 + k % 300, 'req-' || k FROM bench_moves WHERE at > {NOW} - interval '30 days' ORDER BY k""",
    ),
    (
        "public.standings",
        """INSERT INTO standings (member_id, public_points)
 SELECT id, points * (orders * 2 + extra) * 7 / 10 FROM bench_people""",
    ),
    (
        "public.member_levels",
        f"""INSERT INTO member_levels (member_id, level, changed_at) SELECT p.id, {_LEVEL}, p.joined
 FROM bench_people p JOIN standings s ON s.member_id = p.id""",
    ),
    (
        "public.board_members",
        "INSERT INTO board_members (member_id, opted_in_at) SELECT id, joined FROM bench_people WHERE n % 5 = 1",
    ),
    (
        "public.badge_figures",
        """INSERT INTO badge_figures (member_id, fact, value, updated_at)
 SELECT id, 'gifts_received', orders, joined FROM bench_people WHERE orders > 0""",
    ),
    (
        "sources.member_badges",
        """INSERT INTO sources.member_badges (member_id, code, earned_at) SELECT p.id, c.code, p.joined
 FROM bench_people p, unnest(string_to_array(current_setting('bench.badges'), ' ')) WITH ORDINALITY AS c(code, place)
 WHERE c.place <= 1 + p.n % 4""",
    ),
    (
        "public.wishes",
        """INSERT INTO wishes (member_id, gift_id, created_at, affordable, in_stock) SELECT p.id, g.gift_id, p.joined,
 false, true FROM bench_people p JOIN (SELECT DISTINCT ON (gift_id) gift_id, place FROM bench_gifts) AS g
 ON g.place = p.n % 20 WHERE p.n % 3 = 0""",
    ),
    (
        "public.idempotency_keys",
        f"""INSERT INTO idempotency_keys (key_hash, owner, fingerprint, status, body_box, created_at)
 SELECT sha256(int8send(k)), 'member:' || p.id, sha256(int8send(k)), 201, '\\x00', m.at
 {_JOIN} WHERE m.role = 'h' AND m.at > {NOW} - interval '30 days'""",
    ),
)
TEAR_DOWN = ("DROP TABLE bench_people, bench_moves, bench_gifts", "DROP FUNCTION bench_id, bench_dice")
