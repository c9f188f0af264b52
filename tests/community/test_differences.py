"""Edits as people read them."""

from helpdesk.community.differences import MAX_WORDS, Piece, compare


class TestCompare:
    def test_a_changed_word_alone_is_marked(self) -> None:
        assert compare("Send the old form.", "Send the new form.") == [
            Piece("same", "Send the "),
            Piece("removed", "old "),
            Piece("added", "new "),
            Piece("same", "form."),
        ]

    def test_lines_that_stayed_are_one_piece(self) -> None:
        assert compare("one\ntwo\n", "one\ntwo\nthree") == [Piece("same", "one\ntwo\n"), Piece("added", "three")]

    def test_both_texts_can_be_read_back(self) -> None:
        before, after = "First line.\n\nSecond  line, long.\n", "First lines.\nA new one.\nSecond  line."
        pieces = compare(before, after)
        assert "".join(piece.text for piece in pieces if piece.sort != "added") == before
        assert "".join(piece.text for piece in pieces if piece.sort != "removed") == after

    def test_a_very_long_passage_is_replaced_whole(self) -> None:
        before, after = "word " * (MAX_WORDS + 1), "other " * (MAX_WORDS + 1)
        assert compare(before, after) == [Piece("removed", before), Piece("added", after)]

    def test_very_many_lines_are_not_compared_one_by_one(self) -> None:
        before, after = "a\n" * (MAX_WORDS + 1), "b\n" + "a\n" * (MAX_WORDS + 1)
        assert compare(before, after) == [Piece("removed", before), Piece("added", after)]

    def test_equal_texts_differ_in_nothing(self) -> None:
        assert compare("same", "same") == [Piece("same", "same")]
        assert compare("", "") == []
        assert compare("a\n" * (MAX_WORDS + 1), "a\n" * (MAX_WORDS + 1)) == [Piece("same", "a\n" * (MAX_WORDS + 1))]
