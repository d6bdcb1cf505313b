"""A member's account as a whole: leaving."""
