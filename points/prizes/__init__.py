"""Prizes of the month: for the first places of the board, within a budget, paid once."""
