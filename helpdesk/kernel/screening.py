"""What must never be published to the community: a lower domain asks, a higher one knows the rules."""

from collections.abc import Callable

from helpdesk.kernel.errors import Invalid

Screen = Callable[[str], str]
"""The sentence that refuses a text, or nothing."""

_screen: Screen = lambda _text: ""  # noqa: E731 - until the application installs the rules


def install(screen: Screen) -> None:
    """Say which rules texts are held against; `app.py` hands in the tickets' own."""
    global _screen  # noqa: PLW0603 - one set of rules a process, installed once by the application
    _screen = screen


def require_publishable(text: str) -> None:
    """Raise unless `text` may be published.

    Raises:
        Invalid: it reports a matter that only a restricted team may read.
    """
    if refusal := _screen(text):
        raise Invalid(refusal)
