"""gunicorn's settings that need code: models are loaded before a worker takes its first request."""

from typing import Any

loglevel = "warning"
accesslog = None
graceful_timeout = 20
preload_app = False


def post_worker_init(worker: Any) -> None:
    """Load encoder and indexes now, so that no request ever does."""
    for warm in worker.app.wsgi().extensions.get("signpost.warm", ()):
        warm()
