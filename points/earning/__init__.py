"""Earning: credit events, rules and their versions, cases, awards, caps."""
