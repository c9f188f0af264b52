"""The kinds of document in the rulebook."""

from enum import StrEnum


class DocumentKind(StrEnum):
    """Only the section set is cited by the grammar of the code (Section G, H14.31, Appendix L)."""

    SECTION_SET = "section_set"
    GUIDANCE = "guidance"
    RULEBOOK = "rulebook"
