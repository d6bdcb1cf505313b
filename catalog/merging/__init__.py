"""Duplicates: two accounts of one person are made one, by two persons of the staff."""
