"""Routes of points: API and pages."""
