"""Routes of the catalog: API and pages."""
