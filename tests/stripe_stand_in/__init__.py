"""A small Stripe on loopback: what the mall uses of it, with faults on demand."""
