"""Offline activities: signed up for, attended by a code that is shown at the venue."""
