"""The WSGI entry point: ``app``."""

import gc

gc.disable()  # what imports make is not garbage: looking for some of it is a quarter of the time of a start

from mall.app import create_app  # noqa: E402

app = create_app()
gc.freeze()
gc.enable()
