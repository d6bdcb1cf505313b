"""The ground floor: identity, storage, HTTP and machinery. Knows no points and no gifts."""
