"""Virtual gifts: a provider tops an account up."""
