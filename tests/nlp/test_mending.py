import pytest

from helpdesk.nlp.lexical import Bm25Index
from helpdesk.nlp.mending import corrected, mended
from helpdesk.nlp.words import MAX_WORD, stem


@pytest.fixture
def lexical():
    index = Bm25Index()
    index.put([1, 2, 3], ["How is credit cover calculated", "Credit cover and charges", "Certificate signing requests"])
    return index


def nothing(_word: str) -> bool:
    return False


class TestMendingAWord:
    KNOWN = frozenset({stem("registration"), stem("quantity"), stem("supplies")})

    @pytest.mark.parametrize(
        ("typed", "meant"),
        [
            ("regstration", "registration"),
            ("registrationn", "registration"),
            ("registratoin", "registration"),
            ("registrazion", "registration"),
            ("quantitiy", "quantity"),
            ("suppleis", "supplies"),
        ],
    )
    def test_one_leads_back_to_a_known_word(self, typed, meant):
        assert mended(typed, self.KNOWN.__contains__, nothing)[stem(meant)].startswith(stem(meant)[:-1])

    @pytest.mark.parametrize("typed", ["", "regi", "regstratn", "smets2", "x" * (MAX_WORD + 1)])
    def test_what_is_short_has_two_or_is_no_word_is_left(self, typed):
        assert mended(typed, self.KNOWN.__contains__, nothing) == {}

    def test_of_forms_with_one_stem_it_is_one_that_is_a_word(self):
        known = {stem("responsible")}.__contains__
        assert set(mended("responsble", known, nothing).values()) == {"responsable"}
        assert set(mended("responsble", known, {"responsible"}.__contains__).values()) == {"responsible"}


class TestMendingAQuery:
    @pytest.mark.parametrize("typed", ["calcluated", "calculted", "Calculatted", "calculatid"])
    def test_one_is_mended_into_a_word_that_some_item_has(self, lexical, typed):
        assert corrected(f"How is it {typed}?", [lexical], nothing) == "How is it calculated?"

    def test_the_commonest_word_of_all_indexes_is_meant(self, lexical):
        other = Bm25Index()
        other.put([1, 2, 3], ["the cower", "a cower", "cowers"])
        assert corrected("what cowver", [other, lexical], nothing) == "what cower"
        assert corrected("what cowver", [lexical, other], nothing) == "what cower"

    def test_a_word_that_is_one_elsewhere_is_no_error(self, lexical):
        text = "the cower and the crdeit"
        assert corrected(text, [lexical], {"cower"}.__contains__) == "the cower and the credit"
        assert corrected(text, [lexical], nothing) == "the cover and the credit"

    def test_a_possessive_of_a_known_word_is_no_error(self, lexical):
        text = "the party's cover's carge's credit's calculation's calcluated"
        assert corrected(text, [lexical], nothing).endswith(" calculated")

    @pytest.mark.parametrize("typed", ["SMETS 2", "smets-2", "SMETS2"])
    def test_an_identifier_written_apart_is_no_error_but_one_that_some_item_has(self, lexical, typed):
        lexical.put([5], ["Sets of SMETS2 meters"])
        mended_query = corrected(f"{typed} within 10 days", [lexical], {"within", "days"}.__contains__)
        assert mended_query.lower() == "smets2 within 10 days"

    def test_a_known_word_before_a_number_keeps_its_place(self, lexical):
        lexical.put([5], ["See schedule5.pdf and cover4.pdf"])
        text = "Schedule 5, cover 4"
        assert corrected(text, [lexical], {"schedule"}.__contains__) == text

    def test_another_language_and_attached_logs_are_left_alone(self, lexical):
        text = "calcluated crdit cvoer prty signng"
        assert corrected(text, [lexical], nothing) == text

    @pytest.mark.parametrize("text", ["caver", "g3.21", "hov", "", "zebra crossing", "whats theres arent"])
    def test_known_words_identifiers_short_words_and_others_stay_as_typed(self, lexical, text):
        lexical.put([5], ["A part of the caver, chats with an agent of threes"])
        assert corrected(text, [lexical], nothing) == text
