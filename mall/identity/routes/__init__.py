"""API routes of identity."""
