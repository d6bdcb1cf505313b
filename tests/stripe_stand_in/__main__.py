"""``python -m tests.stripe_stand_in [PORT] [WEBHOOK_URL]``: the stand-in by hand, to try payments."""

from __future__ import annotations

import sys

from .server import SECRET_KEY, WEBHOOK_SECRET, StandIn


def main() -> None:
    """Serve until Ctrl-C, and say what the mall has to be told."""
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 12111
    webhook = sys.argv[2] if len(sys.argv) > 2 else "http://127.0.0.1:8000/api/v1/stripe/webhook"
    stand_in = StandIn(port, webhook)
    say = sys.stdout.write
    say(f"STRIPE_API_BASE={stand_in.url} STRIPE_SECRET_KEY={SECRET_KEY} STRIPE_WEBHOOK_SECRET={WEBHOOK_SECRET}\n")
    say(f"Events go to {webhook}\n")
    sys.stdout.flush()
    try:
        stand_in.serve()
    except KeyboardInterrupt:
        stand_in.stop()


if __name__ == "__main__":
    main()
