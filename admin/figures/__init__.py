"""Figures that only the back office reads: rolled up by day, and reports that are kept."""
