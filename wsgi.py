"""The WSGI entry point: ``app``."""

from mall.app import create_app

app = create_app()
