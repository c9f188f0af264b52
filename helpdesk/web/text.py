"""The one way from text that people wrote, or that was imported, to HTML: rendered, cleaned, citations linked."""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from html.parser import HTMLParser

import nh3
from flask import Flask
from markdown_it import MarkdownIt
from markupsafe import Markup, escape

MAX_CHARACTERS = 100_000  # longer texts are shown as plain text: they are logs, and are not worth the time
MAX_WORDS = 32  # words that one text is searched for when matches are marked
MAX_WORD_CHARACTERS = 60
EXCERPT_CHARACTERS = 240
KEPT_TEXTS = 256  # cleaned texts that a process remembers; each is a few kB

BLOCKS = frozenset(
    {
        *("p", "br", "hr", "div", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd", "pre"),
        *("blockquote", "table", "thead", "tbody", "tr", "th", "td"),
    }
)
INLINE = frozenset({"a", "abbr", "b", "code", "del", "em", "i", "kbd", "q", "s", "small", "strong", "sub", "sup", "u"})
TAGS = BLOCKS | INLINE
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
VOID = frozenset({"br", "hr"})
ATTRIBUTES = {
    "a": {"href", "title"},
    "abbr": {"title"},
    "ol": {"start"},
    "th": {"colspan", "rowspan"},
    "td": {"colspan", "rowspan"},
}
SCHEMES = {"http", "https", "mailto"}
UNLINKED = frozenset({"a", "code", "pre", "kbd"})  # no citation or address becomes a link inside these

_ADDRESS = re.compile(r"https?://[^\s<>\"'“”‘’]{1,500}")
_ADDRESS_END = ".,;:!?)]}…"
_SPACE = re.compile(r"\s+")

_markdown = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])
_taken_in = nh3.Cleaner(
    tags=set(TAGS | {"img"}),
    attributes={**ATTRIBUTES, "img": {"src", "alt"}},
    url_schemes=SCHEMES,
    clean_content_tags={"script", "style", "title", "template", "iframe", "object", "svg", "math"},
    link_rel=None,
)
_given_out = nh3.Cleaner(
    tags=set(TAGS),
    attributes=ATTRIBUTES,
    allowed_classes={"a": {"citation"}},
    url_schemes=SCHEMES,
    link_rel="nofollow noopener",
)


Link = tuple[int, int, str, str]  # where it starts and ends in the text, the address it leads to, its title
LinkCitations = Callable[[str], Iterable[Link]]

_link_citations: LinkCitations = lambda _text: ()  # noqa: E731 - until the application installs the code's own


def install(app: Flask, link_citations: LinkCitations) -> None:
    """Hand the filters to the templates, and to the renderer whoever knows the clauses."""
    global _link_citations  # noqa: PLW0603 - one code a process, installed once by the application
    _link_citations = link_citations
    app.jinja_env.filters.update(render=render, excerpt=excerpt, highlight=highlight, plain=plain)


def render(text: str, body_format: str = "markdown", *, top: int = 2, link: bool = True) -> Markup:
    """Safe HTML from a text that is `markdown`, `html` or `plain`.

    The text's own headings begin at level `top`; citations become links unless `link` is false.
    """
    body = _cleaned(text, body_format)
    writer = _Writer(top, _link_citations if link else lambda _text: ())
    writer.feed(body)
    writer.close()
    return Markup(_given_out.clean("".join(writer.parts)))  # noqa: S704 - the cleaner has the last word


def plain(text: str, body_format: str = "markdown") -> str:
    """The words alone, blocks apart by line ends; for excerpts, indexes and the plain part of a mail."""
    reader = _Reader()
    reader.feed(_cleaned(text, body_format))
    reader.close()
    lines = (_SPACE.sub(" ", line).strip() for line in "".join(reader.parts).split("\n"))
    return "\n".join(line for line in lines if line)


def excerpt(text: str, words: Iterable[str] = (), length: int = EXCERPT_CHARACTERS) -> Markup:
    """About `length` characters of a plain text around the first of `words`, every one of them marked."""
    wanted = tuple(words)
    flat = _SPACE.sub(" ", _storable(text[:MAX_CHARACTERS])).strip()
    if len(flat) <= length:
        return highlight(flat, wanted)
    pattern = _pattern(wanted)
    match = pattern.search(flat) if pattern else None
    start = max(match.start() - length // 4, 0) if match else 0
    start = min(start, len(flat) - length)
    if start:
        start = flat.find(" ", start, start + 40) + 1 or start
    end = start + length
    if end < len(flat):
        end = flat.rfind(" ", end - 40, end) if " " in flat[end - 40 : end] else end
    piece = flat[start:end].strip()
    return highlight(f"{'… ' if start else ''}{piece}{' …' if end < len(flat) else ''}", wanted)


def highlight(text: str, words: Iterable[str] = ()) -> Markup:
    """The text escaped, with each of `words` (and its endings: charge, charges) in `<mark>`."""
    pattern = _pattern(tuple(words))
    if pattern is None:
        return escape(_storable(text))
    parts: list[Markup] = []
    at = 0
    text = _storable(text)
    for match in pattern.finditer(text):
        parts += (escape(text[at : match.start()]), Markup("<mark>{}</mark>").format(match[0]))
        at = match.end()
    return Markup("").join([*parts, escape(text[at:])])


@lru_cache(maxsize=KEPT_TEXTS)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str] | None:
    """Whole words, longest first; a word of four letters or more also with an ending of up to three."""
    wanted = {word.strip()[:MAX_WORD_CHARACTERS] for word in words[:MAX_WORDS]}
    choices = [
        re.escape(word) + (r"\w{0,3}" if len(word) > 3 and word.isalpha() else "")
        for word in sorted(wanted, key=lambda word: (-len(word), word))
        if word
    ]
    return re.compile(rf"(?<!\w)(?:{'|'.join(choices)})(?!\w)", re.IGNORECASE) if choices else None


@lru_cache(maxsize=KEPT_TEXTS)
def _cleaned(text: str, body_format: str) -> str:
    """Well-formed HTML of allowed elements only (and images, which are not shown but linked)."""
    text = _storable(text)
    if len(text) > MAX_CHARACTERS:
        return f"<pre>{escape(text)}</pre>"
    if body_format == "plain":
        return "".join(f"<p>{escape(line)}</p>" for line in text.splitlines() if line.strip())
    return _taken_in.clean(text if body_format == "html" else _markdown.render(text))


def _storable(text: str) -> str:
    """Without what UTF-8 cannot hold: lone halves of a character."""
    return text.encode("utf-8", "replace").decode("utf-8")


class _Writer(HTMLParser):
    """Writes cleaned HTML again with citations and bare addresses linked, headings shifted, images as links."""

    def __init__(self, top: int, link_citations: LinkCitations) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._link_citations = link_citations
        self._top = top
        self._outline: list[int] = []  # levels of the headings that the present one lies under
        self._unlinked = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self._image(dict(attrs))
            return
        self._unlinked += tag in UNLINKED
        name = self._open_heading(tag) if tag in HEADINGS else tag
        written = "".join(Markup(' {}="{}"').format(key, value or "") for key, value in attrs)
        self.parts.append(f"<{name}{written}>")

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        self._unlinked -= tag in UNLINKED
        self.parts.append(f"</{self._heading() if tag in HEADINGS else tag}>")

    def handle_data(self, data: str) -> None:
        self.parts.append(str(escape(data)) if self._unlinked else self._linked(data))

    def _open_heading(self, tag: str) -> str:
        """The level by nesting, not by number: a reader's outline must not skip a level."""
        level = int(tag[1])
        while self._outline and self._outline[-1] >= level:
            self._outline.pop()
        self._outline.append(level)
        return self._heading()

    def _heading(self) -> str:
        return f"h{min(self._top + len(self._outline) - 1, 6)}"

    def _image(self, attributes: dict[str, str | None]) -> None:
        """Pictures from elsewhere would tell elsewhere who reads; they become links to follow or not."""
        source, label = attributes.get("src") or "", attributes.get("alt") or "Picture"
        outside = source.startswith(("https://", "http://")) and not self._unlinked
        self.parts.append(f'<a href="{escape(source)}">{escape(label)}</a>' if outside else str(escape(label)))

    def _linked(self, data: str) -> str:
        parts: list[str] = []
        at = 0
        for start, end, url, title in self._links(data):
            if start < at:
                continue
            parts.append(str(escape(data[at:start])))
            about = f' title="{escape(title)}" class="citation"' if title else ""
            parts.append(f'<a href="{escape(url)}"{about}>{escape(data[start:end])}</a>')
            at = end
        return "".join([*parts, str(escape(data[at:]))])

    def _links(self, data: str) -> list[Link]:
        addresses: list[Link] = []
        for match in _ADDRESS.finditer(data) if "://" in data else ():
            url = match[0].rstrip(_ADDRESS_END)
            addresses.append((match.start(), match.start() + len(url), url, ""))
        return sorted([*addresses, *self._link_citations(data)])


class _Reader(HTMLParser):
    """Collects the words of cleaned HTML."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.parts.append(dict(attrs).get("alt") or "")
        elif tag in BLOCKS:
            self.parts.append(" " if tag in {"td", "th"} else "\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in BLOCKS - {"td", "th"}:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        self.parts.append(data.replace("\n", " "))
