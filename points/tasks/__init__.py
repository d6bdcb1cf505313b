"""What earns points today."""
