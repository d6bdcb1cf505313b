"""Reports made by schedule and kept with their figures: daily, weekly, monthly."""
