"""Makes one list of candidates that match in different ways."""

from collections.abc import Sequence

from helpdesk.nlp.confidence import Doubles
from helpdesk.nlp.ranking import Candidate, matching_of

# What staff wrote for the category of Party that asks may know of a rule or a date that is theirs. It comes before
# others that match in the same way and score less than so much more, as a share of the whole range of scores. A
# judgement: no data pack says for whom an answer was written.
FOR_ASKER = 0.05


def merged(found: Sequence[Candidate], scores: Doubles, probabilities: Doubles) -> list[int]:
    """The places of `found`, best first: what is cited, then what is worded alike, then the others.

    These go by score within a way of matching, and between ways by probability.

    A probability counts for no more than those above it in its list, so that no list is reordered.
    """
    negated, chances = (-scores).tolist(), probabilities.tolist()
    ranked = sorted(range(len(found)), key=lambda at: (negated[at], found[at].kind, found[at].id))
    ceiling: dict[str, float] = {}
    worth: dict[int, float] = {}
    for at in ranked:
        if found[at].is_cited or found[at].is_same:
            worth[at] = 3.0 if found[at].is_cited else 2.0  # More than any probability.
            continue
        matching = matching_of(found[at].kind)
        worth[at] = ceiling[matching] = min(ceiling.get(matching, 1.0), chances[at])
    return _addressed_sooner(sorted(ranked, key=lambda at: -worth[at]), found, scores)


def _addressed_sooner(order: list[int], found: Sequence[Candidate], scores: Doubles) -> list[int]:
    """`order`, in which what is for the asker took the places of near-equal candidates that match in the same way.

    Last of all, since it says nothing of how probable anything is: the places themselves stay what they are.
    """
    order = list(order)
    for matching in {matching_of(one.kind) for one in found if one.is_for_asker}:
        places = [place for place, at in enumerate(order) if matching_of(found[at].kind) == matching]
        for number in range(1, len(places)):
            for upper, lower in zip(places[number - 1 :: -1], places[number:0:-1], strict=True):
                above, below = order[upper], order[lower]
                is_sooner = found[below].is_for_asker and not found[above].is_for_asker
                is_near = scores[above] - scores[below] < FOR_ASKER and found[above].is_same <= found[below].is_same
                if not (is_sooner and is_near):
                    break
                order[upper], order[lower] = below, above
    return order
