"""A member's address book."""
