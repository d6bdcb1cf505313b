"""Redemption: orders from placing to completion."""
