"""gunicorn's settings while it is timed: as `serve` has them, but nobody is refused for asking fast."""

from typing import Any

from helpdesk.web.security import limiter

loglevel = "warning"
accesslog = None
graceful_timeout = 20
preload_app = False


def post_worker_init(worker: Any) -> None:
    """Warm the process as `serve` does, then stop counting requests."""
    for warm in worker.app.wsgi().extensions.get("signpost.warm", ()):
        warm()
    limiter.enabled = False
