"""The HTTP edge: endpoint and page decorators, problems, fields, pagination, idempotency."""
