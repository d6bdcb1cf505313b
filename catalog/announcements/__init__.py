"""Announcements: what staff tell everybody, or some members; one row each, which inboxes join."""
