"""Titles of the error codes that ``catalog`` raises."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

TITLES = {
    "draw_exists": _l("This gift has a draw already."),
    "draw_open": _l("This draw has opened: what was announced stands."),
    "draw_closed": _l("The entries of this draw are closed."),
    "not_a_draw": _l("Only a gift of the kind draw can be drawn."),
    "draw_with_variants": _l("A gift that is drawn has no variants."),
    "drop_exists": _l("This item has a drop already."),
    "not_refundable": _l("This order cannot be refunded as it stands."),
    "refund_exceeded": _l("More than is left to give back."),
    "not_on_sale": _l("This gift is not on sale now."),
    "payment_unavailable": _l("This gift has a part to pay in cash, which cannot be paid here at the moment."),
    "refund_exceeds_payment": _l("More than was paid and has not gone back yet."),
    "order_on_hold": _l("The payment of this order is disputed: nothing can be done with it until that is settled."),
    "bad_signature": _l("The payment provider has not signed this message."),
    "sold_out": _l("This gift is sold out."),
    "limit_reached": _l("The limit for each member is reached."),
    "not_eligible": _l("This gift is for higher levels."),
    "illegal_transition": _l("The order cannot go there from where it is."),
    "pickup_code_not_found": _l("No order waits for this code."),
    "too_many_codes": _l("Too many wrong codes. Please wait a little."),
    "gift_changed": _l("Somebody else has changed this gift meanwhile: nothing was overwritten."),
    "code_taken": _l("This code is used already."),
    "stock_below_zero": _l("There is not that much in stock."),
    "voucher_stock": _l("The stock of a voucher gift is its unused codes: import codes instead."),
    "not_a_voucher": _l("Only voucher gifts have codes."),
    "address_book_full": _l("The address book is full. Please delete one that is no longer needed."),
    "not_virtual": _l("Only virtual gifts are topped up by a provider."),
    "top_up_ended": _l("This top-up has ended."),
    "bad_lines": _l("Some lines cannot be booked, so none was."),
    "too_many_wishes": _l("Your wish list is full."),
    "too_many_tags": _l("There are as many tags as there can be."),
    "category_in_use": _l("Gifts are in this category: give them another first."),
    "too_many_pictures": _l("This gift has as many pictures as it can have."),
    "too_many_variants": _l("This gift has as many variants as it can have."),
    "variant_exists": _l("Stock of a gift with variants is kept for each variant."),
}
