"""The one renderer: nothing dangerous leaves it, citations are linked in it, and no text makes it slow."""

import re
from collections.abc import Iterator

import html5lib
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from helpdesk.web import text
from helpdesk.web.text import excerpt, highlight, plain, render

SAFE_TAGS = text.TAGS
SAFE_ATTRIBUTES = {"href", "title", "rel", "class", "start", "colspan", "rowspan"}
SAFE_ADDRESS = re.compile(r"(?:https?:|mailto:|[^:]*$|[/?#.])", re.IGNORECASE)
PIECES = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<style>*{}</style>",
    "[a](javascript:alert(1))",
    "<a href='java\tscript:alert(1)'>",
    '<a href="data:text/html,x">',
    "[x][y]\n\n[y]: javascript:x",
    "<iframe src=//e.x>",
    "<form action=//e.x><input name=a>",
    "<math><mi xlink:href='data:x'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<a title='<b onclick=x>'>",
    "![a](http://e.x/a.png)",
    "<table><tr><td>",
    "&#60;script&#62;",
    *("<b><i>", "</p>", "<!--", "-->", "]]>", "<![CDATA[", "`", "```\n", "&lt;", "\x00"),
    *("\n\n", "# ", "> ", "- ", "|a|b|\n|-|-|\n", "H14.31", "https://e.x/H14.31"),
    *("\u202e", "سؤال", "👩🏽\u200d🔧"),
)


@pytest.fixture(autouse=True, scope="module")
def _no_code() -> Iterator[None]:
    """Applications that other tests made are gone, and with them the code that they knew."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "_link_citations", lambda _text: ())
        yield


@pytest.fixture
def _linked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A code of which only H14.31 is known."""

    def link(found: str) -> list[text.Link]:
        return [
            (match.start(), match.end(), "/code/sec/H14.31", 'H14.31 "Testing"')
            for match in re.finditer(r"H14\.31", found)
        ]

    monkeypatch.setattr(text, "_link_citations", link)


def assert_is_safe(html: str) -> None:
    tree = html5lib.parseFragment(html, namespaceHTMLElements=False)
    for node in tree.iter():
        assert isinstance(node.tag, str), f"a comment came through: {html}"
        if node.tag == "DOCUMENT_FRAGMENT":
            continue
        assert node.tag in SAFE_TAGS, f"<{node.tag}> came through: {html}"
        assert set(node.attrib) <= SAFE_ATTRIBUTES, f"{node.attrib} came through: {html}"
        assert SAFE_ADDRESS.match(node.attrib.get("href", "")), f"{node.attrib} came through: {html}"


class TestCleaning:
    @given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=12)), max_size=12).map("".join))
    @settings(max_examples=300, deadline=None)
    @example("<a href='javascript:alert(1)'>x</a>")
    @example("<<script>script>alert(1)<</script>/script>")
    @example("<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>")
    @example("\ud800")
    def test_nothing_dangerous_leaves_whatever_is_written(self, written: str) -> None:
        for body_format in ("markdown", "html", "plain"):
            assert_is_safe(render(written, body_format))

    @given(st.text(max_size=60))
    def test_plain_words_in_markdown_come_out_as_they_went_in(self, words: str) -> None:
        letters = re.sub(r"[^\w ]|_", "", words).strip()
        assert plain(letters).split() == letters.split() or re.match(r"\s*\d+[.)]", letters)

    def test_a_script_in_a_link_is_dropped_and_its_words_stay(self) -> None:
        assert render('<a href="javascript:alert(1)">help</a>', "html") == '<a rel="nofollow noopener">help</a>'

    def test_markdown_shows_html_as_text(self) -> None:
        assert "&lt;b&gt;" in render("<b>")

    def test_pictures_from_elsewhere_become_links(self) -> None:
        html = render('<img src="https://e.x/a.png" alt="Meter" width="1">', "html")
        assert html == '<a href="https://e.x/a.png" rel="nofollow noopener">Meter</a>'

    def test_a_link_says_nothing_to_where_it_leads(self) -> None:
        assert 'rel="nofollow noopener"' in render("[a](https://e.x)")

    def test_headings_start_where_the_page_allows_and_skip_no_level(self) -> None:
        assert re.findall(r"<h\d>", render("#### a\n\n# b\n\n### c\n\n# d", top=3)) == ["<h3>", "<h3>", "<h4>", "<h3>"]

    def test_a_plain_text_keeps_its_lines(self) -> None:
        assert render("(a) one\n\n(b) *two*", "plain") == "<p>(a) one</p><p>(b) *two*</p>"

    def test_a_text_too_long_to_read_is_shown_as_it_is(self) -> None:
        html = render("*a* " * text.MAX_CHARACTERS)
        assert html.startswith("<pre>*a* *a*")

    @pytest.mark.parametrize(
        "piece",
        [
            *(pytest.param(piece, marks=pytest.mark.slow) for piece in ("[", "![", "<div>", "*a ", "a|b\n-|-\n")),
            *("<b><p>", "> ", "H14.31 ", "https://a "),
        ],
    )
    def test_a_hundred_kilobytes_of_one_piece_come_through(self, piece: str) -> None:
        written = (piece * text.MAX_CHARACTERS)[: text.MAX_CHARACTERS]
        for body_format in ("markdown", "html"):
            assert "<script" not in render(written, body_format)


@pytest.mark.usefixtures("_linked")
class TestCitations:
    def test_a_citation_becomes_a_link_titled_with_its_clause(self) -> None:
        assert render("See H14.31.") == (
            '<p>See <a href="/code/sec/H14.31" title="H14.31 &quot;Testing&quot;" class="citation" '
            'rel="nofollow noopener">H14.31</a>.</p>\n'
        )

    @pytest.mark.parametrize("written", ["`H14.31`", "    H14.31", "[H14.31](https://e.x)", "<https://e.x/H14.31>"])
    def test_code_and_links_are_left_alone(self, written: str) -> None:
        assert "/code/sec" not in render(written)

    def test_an_address_that_ends_in_a_number_leads_where_it_says(self) -> None:
        html = render("https://e.x/H14.31, then")
        assert html == '<p><a href="https://e.x/H14.31" rel="nofollow noopener">https://e.x/H14.31</a>, then</p>\n'

    def test_other_documents_are_not_linked(self) -> None:
        assert render("H14.31", "plain", link=False) == "<p>H14.31</p>"

    def test_imported_html_cannot_pretend_to_be_a_citation(self) -> None:
        assert "class" not in render('<a class="citation" href="https://e.x">H14.31</a>', "html")


class TestWords:
    def test_plain_keeps_blocks_apart(self) -> None:
        assert plain("# Meters\n\n- one\n- *two*\n\n|a|b|\n|-|-|\n|c|d|") == "Meters\none\ntwo\na b\nc d"

    def test_marks_whole_words_and_their_endings(self) -> None:
        assert highlight("Charges and discharge", ["charge"]) == "<mark>Charges</mark> and discharge"

    def test_marks_identifiers_exactly(self) -> None:
        assert highlight("G3.20 and G3.201", ["g3.20"]) == "<mark>G3.20</mark> and G3.201"

    def test_what_is_marked_is_escaped(self) -> None:
        assert highlight("<b>&", ["<b>"]) == "<mark>&lt;b&gt;</mark>&amp;"

    def test_an_excerpt_shows_the_match(self) -> None:
        shown = excerpt("begin " + "x " * 400 + "credit cover " + "y " * 400, ["credit"], length=80)
        assert "<mark>credit</mark>" in shown
        assert shown.startswith("… ")
        assert shown.endswith(" …")

    def test_a_short_text_is_its_own_excerpt(self) -> None:
        assert excerpt("a\n b") == "a b"

    @given(st.text(max_size=400), st.lists(st.text(max_size=10), max_size=5), st.integers(20, 200))
    @settings(deadline=None)
    def test_excerpts_are_short_and_hold_only_marks(self, written: str, words: list[str], length: int) -> None:
        shown = excerpt(written, words, length=length)
        assert len(shown.striptags()) <= length + 4
        assert set(re.findall(r"</?(\w+)>", shown)) <= {"mark"}
