"""Numbers of clauses: what people type, addresses, order."""

import pytest

from helpdesk.rulebook.contents import Entry, for_party, labels, nested
from helpdesk.rulebook.numbering import canonical, levels, lookup_order, other_address, set_address, set_order


class TestNumbers:
    @pytest.mark.parametrize(
        ("typed", "number"),
        [
            ("Section G", "Section G"),
            ("g", "Section G"),
            ("h1", "H1"),
            ("h14.31", "H14.31"),
            ("G4.2 (b)", "G4.2(b)"),
            ("appendix ad 3.2", "Appendix AD 3.2"),
            ("schedule 5", "Schedule 5"),
            ("hello", None),
            ("", None),
        ],
    )
    def test_a_typed_number_is_read_as_people_mean_it(self, typed: str, number: str | None) -> None:
        assert canonical(typed) == number

    def test_a_missing_clause_falls_back_to_what_it_lies_in(self) -> None:
        assert lookup_order("G4.2(b)") == ["G4.2(b)", "G4.2", "G4", "Section G"]

    def test_a_range_leads_to_its_start(self) -> None:
        assert lookup_order("G3..G6")[0] == "G3"

    @pytest.mark.parametrize(
        ("number", "address"),
        [("Section G", "G"), ("H14.36A", "H14.36A"), ("Appendix AD 3.2", "Appendix-AD-3.2")],
    )
    def test_addresses_of_the_section_set_are_readable(self, number: str, address: str) -> None:
        assert set_address(number) == address

    def test_addresses_elsewhere_hold_no_spaces_or_empty_parts(self) -> None:
        assert other_address("7.1.3.Guidance on high-risk customers .1.") == "7.1.3.guidance-on-high-risk-customers.1"
        assert other_address("…") == "clause"

    def test_levels_forgive_dots_and_spaces(self) -> None:
        assert levels("21.3.4. Guidance") == ("21", "3", "4", "guidance")

    def test_the_order_is_that_of_the_bound_code(self) -> None:
        bound = ["Section G", "G4", "G4.2(b)", "H2", "H14.36", "H14.36A", "Schedule 9", "Schedule 10", "Appendix S"]
        bound.append("Appendix AA")
        shuffled = sorted(bound)
        assert shuffled != bound
        assert sorted(shuffled, key=set_order) == bound


def entry(id_: int, parent_id: int | None = None, *words: str) -> Entry:
    depth = 0 if parent_id is None else 1
    return Entry(id=id_, parent_id=parent_id, depth=depth, number="", url="", title="", applies_to=frozenset(words))


class TestContents:
    def test_a_party_sees_what_fits_its_category_or_one_of_its_roles(self) -> None:
        entries = [entry(1), entry(2, None, "gas_network"), entry(3, None, "other_user"), entry(4, None, "dcc")]
        kept = for_party(entries, frozenset({"gas_network", "other_user"}))
        assert [found.id for found in kept] == [1, 2, 3]

    def test_a_clause_goes_with_its_parent(self) -> None:
        entries = [entry(1, None, "dcc"), entry(2, 1), entry(3), entry(4, 3, "dcc")]
        assert [found.id for found in for_party(entries, frozenset({"other"}))] == [3]

    def test_children_stand_below_their_parents(self) -> None:
        tops = nested([entry(1), entry(2, 1), entry(3)])
        assert [(node.entry.id, [below.entry.id for below in node.below]) for node in tops] == [(1, [2]), (3, [])]

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            ((), "Every Party"),
            (("dcc",), "DCC"),
            (("large_supplier", "small_supplier", "dcc"), "Suppliers and DCC"),
            (("import_supplier", "gas_supplier", "other"), "Other SEC Party, Import Supplier and Gas Supplier"),
        ],
    )
    def test_who_it_applies_to_is_said_in_the_codes_words(self, words: tuple[str, ...], said: str) -> None:
        assert labels(words) == said
