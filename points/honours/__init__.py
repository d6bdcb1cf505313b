"""Honours: members whom staff commend, and who agreed to be shown."""
