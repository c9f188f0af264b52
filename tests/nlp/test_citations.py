import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.nlp.citations import CitationFinder, canonical_key, parents
from helpdesk.nlp.evaluation.sorting import citations

FINDER = CitationFinder()

FOUND = [
    ("See Section H14.31 for testing", "H14.31"),
    ("SEC Appendix L", "Appendix L"),
    ("clarify G4.2(b)", "G4.2(b)"),
    ("SECMP0034, DP110 and MP115", "SECMP0034 | DP110 | MP115"),
    ("Schedule 5; Appendix AD 3.2", "Schedule 5 | Appendix AD 3.2"),
    ("Section Z 1.3", "Z1.3"),
    ("Section H14.36C(c); Section N4A; G8.22(b)(ii)", "H14.36C(c) | N4A | G8.22(b)(ii)"),
    ("Sections F1.4 (e), (f) and (g)", "F1.4(e) | F1.4(f) | F1.4(g)"),
    ("Sections J1, J2 and J3", "J1 | J2 | J3"),
    ("G2.11, G2.15, G2.30, G3.5 and G3.18", "G2.11 | G2.15 | G2.30 | G3.5 | G3.18"),
    ("Sections G3 to G6", "G3..G6"),
    ("SEC Sections G3-G6", "G3..G6"),
    ("Section C8.11 – C8.13", "C8.11..C8.13"),
    ("paragraph (b) of Section B1.2", "B1.2(b)"),
    ("paragraphs (b) and (c) of Section B1.2", "B1.2(b) | B1.2(c)"),
    ("paragraph 6.2 of SEC Appendix AE", "Appendix AE 6.2"),
    ("clause 4.1 of Appendix AG", "Appendix AG 4.1"),
    ("(SECMP)0009; dp 110; SECMP-0026; MP 160", "SECMP0009 | DP110 | SECMP0026 | MP160"),
    ("Issue SEC0009/SECMP0032", "SEC0009 | SECMP0032"),
    ("section h14.31; SEC J3 credit cover", "H14.31 | J3"),
    ("SEC Section H1/H8.19", "H1 | H8.19"),
    ("Appendices L and M; Section G 'Security'", "Appendix L | Appendix M | Section G"),
    ("Section\u00a0H14.31", "H14.31"),
    ("Section G3, then Section G3 again", "G3"),
    ("Section H1 applies; BSC Section H1 does not", "H1"),
    ("Sections A to C", "Section A..Section C"),
    ("G4.2(b) to (d)", "G4.2(b)..G4.2(d)"),
    ("Appendix AC 2.4(b) and (c)", "Appendix AC 2.4(b) | Appendix AC 2.4(c)"),
    ("G8.22(b)(i) and (ii)", "G8.22(b)(i) | G8.22(b)(ii)"),
    ("G3.5 and B2.1 of the UNC", "G3.5"),
]

NOT_FOUND = [
    "h14.31 on its own",
    "H1 is the first half",
    "SEC 5.5; SEC4.15; November 2019 SEC Release",
    "SRV 4.6.1; Service Request 8.14.1; response codes I99 and I0",
    "SMETS v4.2; R3.0; 5G; BS7858:2019",
    "P379; BSC Section S; Section K of the BSC; DCUSA Schedule 16",
    "Sections K1 and L2 of the BSC",
    "UNC Section B2.1",
    "Section A1 (Interpretation) of the Retail Energy Code",
    "Section 8 of the report; Appendix 1; section 4.41 of TMAD",
    "licence condition 21A.6; Section 6 of the Electricity Act; SEC Rule 14a-8; SEC Section 13(d)",
    "Charging Group g1; Type 2 Device; S1SPKI",
    "EC3M 4AJ; 020 7090 7755; H14.31.pdf; https://example.org/H14.31",
    "MP3; 2 DP; MP for Leeds; SECMP00341; DP1100; A4 paper; M25; room C2",
    "In this section I explain; Schedule a meeting; schedule 5 pm",
    "write to H14.31@example.org",
]

PIECES = [
    *["Section", "SEC", "App.", "Schedule", "G3.20", "(b)", "and", ",", "/", "-", "–", "to", "of", "the", "BSC"],
    *["DP110", "H1", "é", "🔥", "א", "\n"],
]

RUBBISH = [
    "Section " * 12_500,
    "(" * 100_000,
    "A" * 100_000,
    "G1" * 50_000,
    " " * 100_000,
    "Section (a)(b)(c)" * 6_000,
    "Section (a), (b), (c), (a), (b) and " * 3_000,
    "G3.5 of the " + "Aa " * 30_000,
    "G 3.5 in " * 11_000,
    "SECMP " * 16_000,
    "a@" * 50_000,
]


class TestTheGrammar:
    @pytest.mark.parametrize(("text", "expected"), FOUND)
    def test_what_is_cited_is_found(self, text, expected):
        assert " | ".join(FINDER.cited(text)) == expected

    @pytest.mark.parametrize("text", NOT_FOUND)
    def test_what_only_looks_like_it_is_not(self, text):
        assert FINDER.find(text) == []

    def test_the_collected_table_is_read_exactly(self, data):
        with (data / "sec-public" / "citations.csv").open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        figures, misses = citations([row["text"] for row in rows], [row["expected"] for row in rows])
        assert figures["exact"] >= 0.95, misses
        assert figures["false_hits"] == 0, misses


class TestSpans:
    def test_they_cover_the_keyword_and_not_the_full_stop(self):
        text = "As in Section G5.14."
        (span,) = FINDER.find(text)
        assert text[span.start : span.end] == "Section G5.14"

    def test_each_member_of_a_list_has_its_own(self):
        text = "Sections F1.4 (e), (f) and (g)"
        assert [text[span.start : span.end] for span in FINDER.find(text)] == ["Sections F1.4 (e)", "(f)", "(g)"]

    def test_a_citation_that_stands_twice_is_linked_twice(self):
        assert len(FINDER.find("Section H1 and once more Section H1")) == 2

    @given(st.lists(st.sampled_from(PIECES)))
    def test_they_never_overlap_and_lie_inside_the_text(self, words):
        text = " ".join(words)
        end = 0
        for span in FINDER.find(text):
            assert end <= span.start < span.end <= len(text)
            end = span.end

    @given(st.text(max_size=400))
    def test_any_text_can_be_read(self, text):
        assert all(span.canonical for span in FINDER.find(text))

    @pytest.mark.parametrize("text", RUBBISH, ids=lambda text: text[:12])
    def test_a_hundred_thousand_characters_of_rubbish_are_read(self, text):
        # A quadratic expression would need minutes here and be stopped by whoever waits for it.
        FINDER.find(text)


class TestCanonicalKeys:
    @pytest.mark.parametrize(
        ("typed", "expected"),
        [
            ("h14.31", "H14.31"),
            ("Section G4.2 (b)", "G4.2(b)"),
            ("G", "Section G"),
            ("dp 110", "DP110"),
            ("appendix ad 3.2", "Appendix AD 3.2"),
            (" H1 ", "H1"),
            ("hello", None),
            ("G3 to G6", None),
            ("", None),
        ],
    )
    def test_one_typed_citation_gets_its_canonical_form(self, typed, expected):
        assert canonical_key(typed) == expected


class TestParents:
    @pytest.mark.parametrize(
        ("citation", "expected"),
        [
            ("G4.2(b)", ["G4.2", "G4", "Section G"]),
            ("G8.22(b)(ii)", ["G8.22(b)", "G8.22", "G8", "Section G"]),
            ("Appendix AD 3.2(b)", ["Appendix AD 3.2", "Appendix AD 3", "Appendix AD"]),
            ("Schedule 9 5.3.2", ["Schedule 9 5.3", "Schedule 9 5", "Schedule 9"]),
            ("N4A", ["Section N"]),
            ("Section G", []),
            ("SECMP0034", []),
        ],
    )
    def test_a_citation_lies_in_its_parents_nearest_first(self, citation, expected):
        assert parents(citation) == expected
