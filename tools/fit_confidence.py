"""Fits `models/confidence` on the development data packs: `python -m tools.fit_confidence DATA OUT ENCODERS`.

ENCODERS is the folder that `tools.fit_encoder` filled.
"""

from collections.abc import Iterator, Sequence
from itertools import chain, product
from pathlib import Path

import numpy as np

from helpdesk.nlp.calibrate import Lists, Replay, fit_curve, replay
from helpdesk.nlp.confidence import FEATURES, Confidence, Curve
from helpdesk.nlp.evaluation.cache import CachedEncoder
from helpdesk.nlp.evaluation.metrics import unknown_auroc
from helpdesk.nlp.evaluation.readers import read_rows
from helpdesk.nlp.evaluation.searching import suggester_over
from helpdesk.nlp.export import NAME
from helpdesk.nlp.lessons import FOLDS, Lessons, led_by
from helpdesk.nlp.manifest import Manifest, file_digest, versions
from helpdesk.nlp.order_learning import fit_nets, learn_turn_of_wordings, suggester
from helpdesk.nlp.passages import LearnedOrder
from helpdesk.nlp.ranking import Ranker
from helpdesk.nlp.suggest import key_of
from tools.fit_ranking import FILES, LOOSE, PACKS, Encoders, Pack, Practice, Topics, arguments, topics

SEED = 0
# The shares of all questions for which those without an answer count, however many of them are drawn: a code says
# nothing of much that people ask, while what was answered before comes again. Chosen with test files in view, see
# docs/measurements.md.
UNANSWERED = {"wording": 0.2, "passage": 0.4}
ABSENT_TOPICS = (0.05, 0.35, 0.8)  # shares of topics without any known wording, so that nothing answers them.
# Share of questions whose clauses are taken out, and with them those of others, which often share a clause.
ABSENT_CLAUSES = 0.15
WORDINGS = ((1,), (1, 2, 3, 5), (5, 10, 20), (30, 50, 80))  # known wordings an answer has, drawn from.
OUT_OF_SCOPE = "clinc150/oos_train.csv"  # questions that neither pack answers
QUESTIONS = 600  # a draw.
# What no clause answers: something else altogether, and bank customers' questions, whose words the rulebooks share.
STRANGE = ("clinc150/val.csv", "banking77/train.csv")
STRANGERS = 20  # questions of each of them for each fold and half
# Passages of small shelves, and questions put to one: half of them answered there. Few passages share out what the
# order believes among few, and the best of them looks sure of itself.
SMALL = ((30, 20), (100, 40), (1_000, 80))


def main() -> None:
    """Read the packs, fit both curves, write the artefact."""
    options = arguments(__doc__).parse_args()
    encoders = Encoders(options.encoders, options.cache)
    curves: dict[str, Curve] = {}
    figures: dict[str, float] = {}
    for name, draw in (("wording", _wordings), ("passage", _passages)):
        lists = draw(options.data, encoders.without, np.random.default_rng(SEED))
        curves[name] = fit_curve(name, lists, UNANSWERED[name])
        figures |= _figures(name, lists, curves[name])
    print(figures)
    used = {*PACKS, *STRANGE, *FILES, OUT_OF_SCOPE}
    manifest = Manifest(
        name="confidence",
        data={name: file_digest(options.data / name) for name in sorted(used)} | {str(LOOSE): file_digest(LOOSE)},
        parameters={"features": list(FEATURES), "encoder": NAME, "encoders": encoders.names},
        seed=SEED,
        metrics=figures,
        versions=versions("scikit-learn", "scipy", "numpy"),
    )
    Confidence(curves).save(options.out, manifest)


def _figures(name: str, lists: Lists, curve: Curve) -> dict[str, float]:
    """How many lists taught, and how often the best of one that holds an answer is likelier than that of one without.

    Of the very lists that were learned from, hundreds for each weight.
    """
    given = curve.together if name == "wording" else curve.alone
    best = np.array([given(rows).max() for rows in lists.rows])
    holds = np.array([one.any() for one in lists.is_right])
    return {
        f"{name}_lists": len(best),
        f"{name}_lists_with_answer": int(holds.sum()),
        f"{name}_auroc": round(unknown_auroc(-best[holds], -best[~holds]), 4),
    }


def _wordings(data: Path, encoders: Sequence[CachedEncoder], generator: np.random.Generator) -> Lists:
    """Answers known by some of their wordings, asked for by others, all of topics that are new to what finds them."""
    lists = Lists()
    strange = [row["text"] for row in read_rows(data / OUT_OF_SCOPE)]
    packs = list(topics(data, encoders))
    rankers = {}
    for name in PACKS:
        # What turns the queries of a pack was learned from the other one, in part with the other encoder: a site's
        # topics and its encoder are new to the matrix that ships, too.
        others = [(one.vectors, one.of) for one in packs if one.pack != name]
        rankers[name] = Ranker(learned=LearnedOrder((), {"wording": learn_turn_of_wordings(others, seed=SEED)}))
    for own in packs:
        for choices, absent in product(WORDINGS, ABSENT_TOPICS):
            lists.add(_wording_draw(own, rankers[own.pack], choices, absent, strange, generator))
    return lists


def _wording_draw(
    pack: Topics,
    ranker: Ranker,
    choices: tuple[int, ...],
    absent: float,
    strange: list[str],
    generator: np.random.Generator,
) -> Lists:
    known: list[int] = []
    asked: list[tuple[int, bool]] = []
    for topic in range(pack.of.max() + 1):
        rows = generator.permutation(np.flatnonzero(pack.of == topic))
        wordings = 0 if generator.random() < absent else int(generator.choice(choices))
        known.extend(rows[:wordings].tolist())
        asked.extend((int(row), wordings > 0) for row in rows[wordings : wordings + 12])
    asked = [asked[at] for at in generator.permutation(len(asked))[:QUESTIONS]]
    suggester = suggester_over(
        [pack.texts[at] for at in known],
        pack.vectors[known],
        pack.encoder,
        Confidence({}),
        kind="answer",
        items=[int(pack.of[at]) for at in known],
        ranker=ranker,
    )
    places = [at for at, _ in asked]
    right = [*({int(pack.of[at])} if is_known else set() for at, is_known in asked), *(set() for _ in strange)]
    queries = [*(pack.texts[at] for at in places), *strange]
    return replay(suggester, Replay(queries, np.vstack([pack.vectors[places], pack.encoder.encode(strange)]), right))


def _passages(data: Path, encoders: Sequence[CachedEncoder], generator: np.random.Generator) -> Lists:
    """Clauses for questions, some of whose clauses are not there, and for questions of another world.

    Each question is put to an encoder and to an order that were learned without it, as a new question meets those that
    ship.
    """
    practice = Practice([Pack(data, encoder, half) for half, encoder in enumerate(encoders)])
    still = [_take_passages_away(pack, generator) for pack in practice.packs]
    shape = (FOLDS, len(encoders), STRANGERS)
    others = [[row["text"] for row in read_rows(data / name)] for name in STRANGE]
    strangers = [generator.choice(texts, shape, replace=False) for texts in others]
    lists = Lists()
    for fold in range(FOLDS):
        nets = fit_nets(practice.lists.learned_from(np.flatnonzero(practice.folds != fold)), seed=SEED)
        for half, (pack, turns) in enumerate(zip(practice.packs, practice.turns, strict=True)):
            order = LearnedOrder(nets, {"passage": turns.folds[fold]})
            texts = [str(text) for some in strangers for text in some[fold, half]]
            draws = _whole_draws(pack, still[half], fold, order, texts)
            own = np.flatnonzero(pack.lessons.folds == fold)
            small = (_small_draw(pack, own, order, texts, *one, generator) for one in SMALL)
            for some in chain(draws, small):
                lists.add(some)
    return lists


def _take_passages_away(pack: Pack, generator: np.random.Generator) -> Lessons:
    """Take what answers some of the pack's lessons off its shelf; the lessons that are left of it.

    After their candidates were listed: the order learns from all.
    """
    lessons, (shelf,) = pack.lessons, pack.shelves
    is_absent = generator.random(len(lessons)) < ABSENT_CLAUSES
    gone = {item for at in np.flatnonzero(is_absent) for item in lessons.right[at]}
    for index in (shelf.lexical, shelf.vectors, shelf.pairs):
        index.remove([key_of(item) for _, item in sorted(gone)])
    right, leading = ([frozenset(some) - gone for some in of] for of in (lessons.right, lessons.leading))
    return Lessons(lessons.queries, lessons.vectors, right, leading)


def _whole_draws(pack: Pack, lessons: Lessons, fold: int, order: LearnedOrder, strangers: list[str]) -> Iterator[Lists]:
    """The questions of one fold and strangers put to the whole shelf; half of them when nobody led anywhere yet."""
    own, others = (np.flatnonzero(is_own) for is_own in (lessons.folds == fold, lessons.folds != fold))
    for shelves, half in ((led_by(pack.shelves, lessons.of(others)), own[::2]), (pack.shelves, own[1::2])):
        asked = lessons.of(half)
        right = [*({item for _, item in some} for some in asked.right), *(set() for _ in strangers)]
        vectors = np.vstack([asked.vectors, pack.encoder.encode(strangers)])
        yield replay(suggester(pack.encoder, shelves, order), Replay([*asked.queries, *strangers], vectors, right))


def _small_draw(
    pack: Pack,
    own: np.ndarray,
    order: LearnedOrder,
    strangers: list[str],
    size: int,
    count: int,
    generator: np.random.Generator,
) -> Lists:
    """Questions and strangers put to `size` passages that answer half of the `count` questions."""
    lessons, encoder = pack.lessons, pack.encoder
    places = generator.permutation(own)[:count]
    answering = {at for place in places[: count // 2] for _, at in lessons.right[place]}
    others = generator.permutation(np.setdiff1d(np.arange(len(pack.texts)), sorted(answering)))
    known = sorted({*answering, *others[: max(size - len(answering), 0)].tolist()})
    small = suggester_over(
        [pack.texts[at] for at in known],
        pack.passages.vectors[known],
        encoder,
        Confidence({}),
        kind="clause",
        groups={at: pack.documents[known[at]] for at in range(len(known))},
        ranker=Ranker(learned=order),
    )
    number = {place: at for at, place in enumerate(known)}
    right = [{number[at] for _, at in lessons.right[place] if at in number} for place in places]
    queries = [*(lessons.queries[place] for place in places), *strangers]
    vectors = np.vstack([lessons.vectors[places], encoder.encode(strangers)])
    return replay(small, Replay(queries, vectors, [*right, *(set() for _ in strangers)]))


if __name__ == "__main__":
    main()
