"""Redemption rules: who may redeem what, how much of it, and when."""
