"""Everything that earns or counts points."""
