"""The waiting room of a hot drop: a fair order, and turns to place an order."""
