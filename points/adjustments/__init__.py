"""Points given, taken or forgiven by hand: asked for by one person, approved by another."""
