import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.nlp.acronyms import Acronyms, long_form

GLOSSARY = {
    "DCC": "Data Communications Company, the licensed operator of the network",
    "SECAS": "Smart Energy Code Administrator and Secretariat, the team that runs the code",
    "DP": "Draft Proposal: a stated problem",
    "Party": "An organisation that has acceded",
}


class TestReadingLongForms:
    @pytest.mark.parametrize(
        ("acronym", "meaning", "form"),
        [
            ("DCC", "Data Communications Company, the operator", "Data Communications Company"),
            (
                "SECAS",
                "Smart Energy Code Administrator and Secretariat",
                "Smart Energy Code Administrator and Secretariat",
            ),
            ("SECCo", "Smart Energy Code Company, the body corporate", "Smart Energy Code Company"),
            ("CSAT", "Customer satisfaction measured by survey", "Customer satisfaction"),
            ("SSC", "Security Sub-Committee", "Security Sub Committee"),
            ("DP", "Draft Proposal: a stated problem", "Draft Proposal"),
        ],
    )
    def test_the_words_that_spell_it(self, acronym, meaning, form):
        assert long_form(acronym, meaning) == form

    @pytest.mark.parametrize(
        ("term", "meaning"),
        [
            ("Party", "Part acceded, right then, yes"),
            ("Ofgem", "The energy regulator"),
            ("SECMP", "Older four-digit numbering of modifications"),
            ("PA / IA", "Preliminary Assessment and Impact Assessment"),
            ("DCC", ""),
            ("", "Data"),
        ],
    )
    def test_what_does_not_spell_the_term_is_none(self, term, meaning):
        assert long_form(term, meaning) == ""


class TestWidening:
    @pytest.fixture
    def acronyms(self):
        return Acronyms(GLOSSARY)

    @pytest.mark.parametrize(
        ("text", "added"),
        [
            ("What does the DCC do?", "Data Communications Company"),
            ("what does the dcc do?", "Data Communications Company"),
            ("The data communications company charges us", "DCC"),
            ("Who writes a DP?", "Draft Proposal"),
            ("SMETS 2 meter", "SMETS2"),
            ("SECMP-0034", "SECMP0034"),
            ("What became of SMETS2?", "SMETS 2"),
            ("Who writes DP 110?", "Draft Proposal DP110"),
        ],
    )
    def test_each_form_brings_the_other(self, acronyms, text, added):
        assert acronyms.widened(text) == f"{text} {added}"

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "the DCCs",
            "a dp",
            "DCC (Data Communications Company)",
            "a Party asks",
            "nothing here",
            "SMETS2 is SMETS 2",
            "within 10 days",
            "Section 5 of May 2, Part 4",
            "REGISTERED IN 2024",
            "SEC 5.5",
            "G3.20",
        ],
    )
    def test_what_needs_nothing_stays(self, acronyms, text):
        assert acronyms.widened(text) == text

    def test_without_a_glossary_nothing_is_added(self):
        assert Acronyms({}).widened("What does the DCC do?") == "What does the DCC do?"

    def test_without_a_glossary_identifiers_find_their_other_form(self):
        assert Acronyms({}).widened("SMETS 2 meter") == "SMETS 2 meter SMETS2"

    @given(st.text(max_size=200))
    def test_any_text_keeps_its_own_words(self, text):
        assert Acronyms(GLOSSARY).widened(text).startswith(text)
