import pytest

from helpdesk.nlp.lexical import Bm25Index, pair_index
from helpdesk.nlp.vocabulary import HashedVocabulary


class TestHashedTerms:
    def test_a_term_keeps_its_number_before_and_after_settling(self):
        known = HashedVocabulary()
        numbers = [known.setdefault(term, len(known)) for term in ("credit cover", "cover us", "credit cover")]
        known.settle()
        assert numbers == [0, 1, 0]
        assert (known["cover us"], known.setdefault("credit cover", 9), len(known)) == (1, 0, 2)

    def test_an_unknown_term_has_none(self):
        known = HashedVocabulary()
        assert "credit cover" not in known
        with pytest.raises(KeyError):
            known["credit cover"]

    def test_broken_unicode_has_a_number_too(self):
        known = HashedVocabulary()
        assert known.setdefault("\ud800 x", 0) == 0
        assert "\ud800 x" in known


@pytest.mark.parametrize("make", [Bm25Index, pair_index])
class TestKeepingAnIndex:
    TEXTS = ("How is credit cover calculated", "Credit cover and charges", "How do I become a Party", "§ 4.2 of λόγος")

    def test_its_state_makes_an_index_that_finds_the_same(self, make):
        index, other = make(), make()
        index.put(range(4), self.TEXTS)
        index.remove([3])
        other.restore(index.state())
        for text in (*self.TEXTS, "charges for credit cover"):
            assert other.search(text, 4) == index.search(text, 4)
        other.put([7], ["become a Party soon"])
        assert {hit.key for hit in other.search("become a Party", 4)} == {2, 7}

    def test_an_empty_one_is_kept_too(self, make):
        other = make()
        other.restore(make().state())
        other.put([1], ["credit cover"])
        assert [hit.key for hit in other.search("credit cover", 2)] == [1]
