"""Vouchers: pools of codes that are given out once."""
