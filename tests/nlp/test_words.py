import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.nlp.words import MAX_WORD, STOP_WORDS, plain_words, terms


class TestIdentifiers:
    @pytest.mark.parametrize("identifier", ["G3.20", "DP110", "SECMP0034", "SMETS2", "N4A", "4.1.2", "I1.5"])
    def test_they_stay_whole(self, identifier):
        assert terms(f"about {identifier}, please") == [identifier.lower()]

    def test_a_paragraph_is_found_by_its_clause_too(self):
        assert terms("H14.36A(b)") == ["h14.36a(b)", "h14.36a"]
        assert terms("G8.22(b)(ii)") == ["g8.22(b)(ii)", "g8.22(b)", "g8.22"]

    def test_they_are_not_stemmed(self):
        assert terms("SMETS2") == ["smets2"]


class TestWords:
    def test_forms_of_a_word_share_a_stem(self):
        assert terms("assessment assessments") == [terms("assessment")[0]] * 2

    def test_function_words_are_dropped(self):
        assert terms("how do I become a Party") == terms("become Party")

    def test_a_possessive_is_the_word(self):
        assert terms("Party's Parties’") == terms("Party Parties")

    def test_wide_letters_are_the_same_words(self):
        assert terms("ｃｒｅｄｉｔ") == terms("credit")

    @pytest.mark.parametrize("text", ["क्रेडिट कवर", "בְּרֵאשִׁית בָּרָא", "மின் கட்டணம்"], ids=["Hindi", "Hebrew", "Tamil"])
    def test_vowel_signs_are_parts_of_words(self, text):
        assert len(terms(text)) == len(plain_words(text)) == 2

    def test_plain_words_are_left_as_written(self):
        assert plain_words("The assessments of G3.20") == ["assessments", "g3.20"]

    @given(st.text(max_size=300))
    def test_any_text_gives_short_terms_without_function_words(self, text):
        assert all(0 < len(term) <= MAX_WORD * 3 for term in terms(text))
        assert STOP_WORDS.isdisjoint(plain_words(text))

    def test_an_encoded_attachment_gives_nothing(self):
        assert terms("QUJD" * 25_000) == []
