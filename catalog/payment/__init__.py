"""Payment: the cash part of orders."""
