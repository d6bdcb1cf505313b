"""The back office's pages: they look things up and call the same use cases as the API; no rule is theirs."""
