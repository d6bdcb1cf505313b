"""Accounts of one person that became one: what is still to follow."""
