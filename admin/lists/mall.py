"""Lists of the mall's desks: gifts, stock, headings, causes, draws, drops, orders, pickup points, top-ups."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from admin.lists.declare import AT_ONCE, Errors, Lines, OfficeList, paged, whole, words
from admin.orders import SEES_FIGURES, SEES_MEMBERS
from admin.pages.lists import list_query
from admin.pages.orders import order_query, point_names
from admin.pages.pickup_points import READERS as POINT_READERS
from admin.pages.providers import READERS as PROVIDER_READERS
from admin.pages.stock import chosen_variant
from admin.pages.top_ups import READERS as TOP_UP_READERS
from admin.pages.top_ups import problem_words
from admin.people import names_of_staff
from admin.routes.catalog_schemas import AdminGiftsQuery
from admin.routes.gifts import READERS as GIFT_READERS
from admin.routes.orders import READERS as ORDER_READERS
from admin.routes.top_ups import TopUpsQuery
from admin.top_ups import top_up_wire
from catalog.causes.causes import causes
from catalog.draws.keep import find_draw
from catalog.draws.views import draws_page, entries_page
from catalog.drops.keep import drops_page
from catalog.fulfilment.hours import opening_of
from catalog.fulfilment.hours_words import hours_words
from catalog.gifts.edit import get_gift
from catalog.gifts.queries import ordered_gifts_page, staff_gifts_page
from catalog.gifts.shelves import categories, gifts_on, pickup_points
from catalog.gifts.tags import tags
from catalog.gifts.variants import variants_of
from catalog.redemption.staff_views import staff_orders
from catalog.routes.draw_wire import draw_shown
from catalog.stock.alerts import low_items
from catalog.stock.change import movements_page
from catalog.stock.models import StockMovement
from catalog.stock.unlimited import counted
from catalog.topups.orders import top_ups_page
from catalog.topups.providers import providers
from catalog.topups.states import State
from mall.http.call import Call
from mall.http.ids import checked_id
from mall.http.pagination import decode_cursor, page_of
from mall.i18n import language
from points.earning.book_events import mall_zone


def _gifts(call: Call, errors: Errors) -> Lines:
    query, wrong = list_query(AdminGiftsQuery())
    errors.update(wrong)
    kind, state = words("words", "kind_name"), words("words", "gift_status_name")
    shelves = {shelf.id: shelf.name for shelf in categories(call.tx)}
    named = {tag.id: tag.name for tag in tags(call.tx)}

    def read(tx: Session, cursor: str | None) -> dict[str, Any]:
        if request.args.get("view") == "order":
            return ordered_gifts_page(tx, AT_ONCE, cursor)
        return staff_gifts_page(tx, query.get("status"), AT_ONCE, cursor)

    columns = {
        _("Id"): lambda row: row[0].id, _("Code"): lambda row: row[0].code, _("Gift"): lambda row: row[0].name,
        _("Kind"): lambda row: kind(row[0].kind), _("State"): lambda row: state(row[0].status),
        _("Points"): lambda row: row[0].points, _("Stock"): lambda row: counted(row[1]),
        _("Category"): lambda row: shelves.get(row[0].category_id),
        _("Tags"): lambda row: [named[tag] for tag in row[0].tag_ids if tag in named],
        _("On sale from"): lambda row: row[0].on_sale_from, _("On sale until"): lambda row: row[0].on_sale_until,
        _("Made"): lambda row: row[0].created_at, _("Last changed"): lambda row: row[0].updated_at,
    }  # fmt: skip
    return Lines(columns, paged(read), query)


def _low_stock(_call: Call, _errors: Errors) -> Lines:
    columns = {
        _("Gift"): lambda one: one.gift_name, _("Variant"): lambda one: one.variant_name,
        _("Stock"): lambda one: one.on_hand, _("Told at"): lambda one: one.low_at,
        _("Since"): lambda one: one.low_since,
    }  # fmt: skip
    return Lines(columns, whole(low_items))


def _movements(call: Call, _errors: Errors, gift_id: str) -> Lines:
    gift = get_gift(call.tx, checked_id(gift_id))
    chosen = chosen_variant([one for one in variants_of(call.tx, gift.id) if one.active], request.args.get("variant"))
    kind, name, key = words("words", "movement_name"), names_of_staff(call.tx), gift.id

    def who(one: StockMovement) -> str:
        return str(_("Member")) if one.actor.startswith("member:") else name(one.actor)

    columns = {
        _("When"): lambda one: one.at, _("Kind"): lambda one: kind(one.kind),
        _("Pieces"): lambda one: counted(one.change),
        _("Why"): lambda one: one.reason, _("Order"): lambda one: one.ref, _("Who"): who,
    }  # fmt: skip
    return Lines(
        columns, paged(lambda tx, cursor: movements_page(tx, key, chosen, AT_ONCE, cursor)), {"variant": chosen}
    )


def _shelves(call: Call, _errors: Errors) -> Lines:
    on_it = gifts_on(call.tx)
    columns = {
        _("Kind"): lambda row: row[0], _("Place"): lambda row: row[1].position, _("Name"): lambda row: row[1].name,
        _("Code"): lambda row: row[1].code, _("Gifts"): lambda row: on_it.get(row[1].id, 0),
    }  # fmt: skip
    return Lines(
        columns,
        whole(lambda tx: [*((_("Category"), one) for one in categories(tx)), *((_("Tag"), one) for one in tags(tx))]),
    )


def _causes(_call: Call, _errors: Errors) -> Lines:
    columns = {
        _("Code"): lambda one: one.cause.code, _("Cause"): lambda one: one.cause.name,
        _("Shown"): lambda one: one.cause.active, _("Given"): lambda one: one.points,
        _("Donations"): lambda one: one.donations, _("Goal"): lambda one: one.cause.goal_points,
    }  # fmt: skip
    return Lines(columns, whole(lambda tx: causes(tx, all_of_them=True)))


def _draws(call: Call, _errors: Errors) -> Lines:
    state, losers = words("draw_parts", "state"), words("draw_parts", "losers")
    read = paged(lambda tx, cursor: draws_page(tx, AT_ONCE, cursor, call.now))
    columns = {
        _("Id"): lambda one: one["id"], _("Gift"): lambda one: one["gift_name"], _("State"): state,
        _("Points"): lambda one: one["points"], _("Entries"): lambda one: one["entries"],
        _("Prizes"): lambda one: one["winners_count"],
        _("Points of those who do not win"): lambda one: losers(one["losers"]),
        _("Entries open"): lambda one: one["opens_at"], _("Entries close"): lambda one: one["closes_at"],
    }  # fmt: skip

    def portion(tx: Session, cursor: str | None) -> tuple[list[Any], str | None]:
        views, following = read(tx, cursor)
        return [draw_shown(view) for view in views], following

    return Lines(columns, portion)


def _entries(call: Call, _errors: Errors, draw_id: str) -> Lines:
    draw = find_draw(call.tx, checked_id(draw_id))
    call.tx.expunge(draw)
    columns = {_("Entry"): lambda one: one["entry"], _("Rank"): lambda one: one["rank"]}
    return Lines(columns, paged(lambda tx, cursor: entries_page(tx, draw, AT_ONCE, cursor)))


def _drops(_call: Call, _errors: Errors) -> Lines:
    state, days = words("drop_parts", "state"), words("drop_parts", "days")
    columns = {
        _("Gift"): lambda one: one.gift_name, _("Variant"): lambda one: one.variant_name,
        _("State"): lambda one: state(one.drop), _("Days of the week"): lambda one: days(one.drop),
        _("At"): lambda one: f"{one.drop.minute // 60:02}:{one.drop.minute % 60:02}",
        _("First day"): lambda one: one.drop.first_day, _("Last day"): lambda one: one.drop.last_day,
        _("Pieces each time"): lambda one: one.drop.pieces, _("Reserve"): lambda one: one.drop.reserve,
        _("On sale now"): lambda one: one.on_hand,
    }  # fmt: skip
    return Lines(columns, paged(lambda tx, cursor: drops_page(tx, AT_ONCE, cursor)))


def _orders(call: Call, errors: Errors) -> Lines:
    """Addresses are in the list of parcels only."""
    query, wrong, wanted = order_query()
    errors.update(wrong)
    kind, state, points = words("words", "kind_name"), words("words", "order_name"), point_names(call.tx)
    columns = {
        _("Order number"): lambda one: one.number, _("Gift"): lambda one: one.gift_name,
        _("Variant"): lambda one: one.variant_name, _("Pieces"): lambda one: one.quantity,
        _("Kind"): lambda one: kind(one.kind), _("Pickup point"): lambda one: points.get(one.pickup_point_id or ""),
        _("State"): lambda one: state(one.status), _("Placed on"): lambda one: one.placed_at,
        _("Tracking number"): lambda one: one.tracking,
    }  # fmt: skip
    if call.staff.role in SEES_FIGURES:
        columns[_("Points")] = lambda one: one.points
    if call.staff.role in SEES_MEMBERS:
        columns[_("Member")] = lambda one: one.member_id
    return Lines(columns, lambda tx, cursor: staff_orders(tx, wanted, AT_ONCE, cursor), query)


def _points(call: Call, _errors: Errors) -> Lines:
    today = call.now.astimezone(mall_zone()).date()

    def hours(point: Any) -> object:
        opening = opening_of(point.opening)
        return hours_words(opening, today, language()) if opening else point.hours

    columns = {
        _("Code"): lambda one: one.code, _("Pickup point"): lambda one: one.name,
        _("Address"): lambda one: one.address, _("Opening hours"): hours, _("Telephone"): lambda one: one.phone,
        _("In use"): lambda one: one.active, _("Chosen first"): lambda one: one.is_default,
    }  # fmt: skip
    return Lines(columns, whole(lambda tx: pickup_points(tx, all_of_them=True)))


def _top_ups(call: Call, errors: Errors) -> Lines:
    query, wrong = list_query(TopUpsQuery())
    errors.update(wrong)
    state, problems = query.get("state") or State.STUCK.value, problem_words()

    def read(tx: Session, cursor: str | None) -> dict[str, Any]:
        seen = decode_cursor(cursor, str)
        rows = top_ups_page(tx, state, AT_ONCE, seen[0] if seen else None)
        found = page_of(rows, AT_ONCE, lambda row: (row[0].order_id,))
        # Accounts are what the page shows to those who send; a file of them would leave the mall.
        return {**found, "items": [top_up_wire(row, False) for row in found["items"]]}

    columns = {
        _("Order number"): lambda one: one["number"], _("Gift"): lambda one: one["gift_name"],
        _("Pieces"): lambda one: one["quantity"], _("Product"): lambda one: one["product"],
        _("Reference"): lambda one: one["reference"], _("Attempts"): lambda one: one["attempts"],
        _("Last problem"): lambda one: problems.get(one["problem"], one["problem"]),
        _("Next attempt"): lambda one: one["next_at"],
    }  # fmt: skip
    return Lines(columns, paged(read), {"state": state})


def _providers(_call: Call, _errors: Errors) -> Lines:
    columns = {
        _("Id"): lambda one: one.id, _("Provider"): lambda one: one.name, _("Address"): lambda one: one.url,
        _("In use"): lambda one: one.active, _("Made"): lambda one: one.created_at,
    }  # fmt: skip
    return Lines(columns, whole(providers))


LISTS = (
    OfficeList("desk-gifts.gift_list", "/gifts", _l("Gifts"), GIFT_READERS, _gifts),
    OfficeList("desk-stock.low_stock", "/stock", _l("Low stock"), GIFT_READERS, _low_stock),
    OfficeList("desk-stock.gift_stock", "/gifts/<gift_id>/stock", _l("Stock movements"), GIFT_READERS, _movements),
    OfficeList("desk-shelves.shelf_list", "/shelves", _l("Categories and tags"), GIFT_READERS, _shelves),
    OfficeList("desk-causes.cause_list", "/causes", _l("Causes"), GIFT_READERS, _causes),
    OfficeList("desk-draws.draw_list", "/draws", _l("Draws"), GIFT_READERS, _draws),
    OfficeList("desk-draws.draw_page", "/draws/<draw_id>", _l("Entries"), GIFT_READERS, _entries),
    OfficeList("desk-drops.drop_list", "/drops", _l("Drops"), GIFT_READERS, _drops),
    OfficeList("desk-orders.order_list", "/orders", _l("Orders"), ORDER_READERS, _orders),
    OfficeList("desk-pickup-points.point_list", "/pickup-points", _l("Pickup points"), POINT_READERS, _points),
    OfficeList("desk-top-ups.top_ups", "/top-ups", _l("Top-ups"), TOP_UP_READERS, _top_ups),
    OfficeList("desk-providers.provider_list", "/top-up-providers", _l("Providers"), PROVIDER_READERS, _providers),
)
