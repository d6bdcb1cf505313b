"""API routes of the back office, under /api/v1/admin."""
