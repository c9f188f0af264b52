import numpy as np
import pytest
from scipy import sparse, special

from helpdesk.nlp.counts import Counts
from helpdesk.nlp.logits import log_softmax, logsumexp, softmax


def drawn(generator, terms, items):
    """Counts, three in four of them nothing, and the same as a matrix of SciPy's."""
    dense = generator.integers(1, 5, size=(terms, items)) * (generator.random((terms, items)) < 0.25)
    of_items = sparse.csc_array(dense.astype(np.uint8)).tocoo()
    return Counts.of(of_items.row, of_items.col, of_items.data, dense.shape), sparse.csr_array(dense.astype(np.uint8))


def same(counts, matrix):
    matrix.sort_indices()
    return (
        counts.starts.tolist() == matrix.indptr.tolist()
        and counts.items.tolist() == matrix.indices.tolist()
        and counts.values.tolist() == matrix.data.tolist()
        and (counts.terms, counts.width) == matrix.shape
    )


@pytest.fixture(params=range(5))
def generator(request):
    return np.random.default_rng(request.param)


class TestCounts:
    def test_it_holds_what_a_sparse_matrix_holds(self, generator):
        counts, matrix = drawn(generator, 7, 11)
        assert same(counts, matrix)
        assert counts.lengths().tolist() == matrix.sum(axis=0).tolist()
        assert counts.frequencies().tolist() == np.diff(matrix.indptr).tolist()

    def test_items_are_left_out_and_numbered_anew(self, generator):
        counts, matrix = drawn(generator, 7, 11)
        kept = generator.random(11) < 0.5
        assert same(counts.of_items(kept), sparse.csr_array(matrix[:, np.flatnonzero(kept)]))
        assert same(counts.of_items(np.ones(11, dtype=bool)), matrix)

    def test_terms_that_no_item_has_are_left_out(self, generator):
        counts, matrix = drawn(generator, 30, 3)
        used = np.flatnonzero(counts.frequencies())
        assert len(used) < 30
        assert same(counts.of_terms(used), sparse.csr_array(matrix[used]))

    def test_items_stand_beside_others_that_know_more_terms(self, generator):
        (counts, matrix), (others, more) = drawn(generator, 4, 5), drawn(generator, 9, 6)
        matrix.resize((9, 5))
        assert same(counts.beside(others), sparse.csr_array(sparse.hstack([matrix, more])))

    def test_nothing_stands_beside_something(self, generator):
        counts, matrix = drawn(generator, 4, 5)
        nothing = Counts.of(*(np.empty(0, dtype=kind) for kind in (np.int32, np.int32, np.uint8)), (0, 0))
        assert same(nothing.beside(counts), matrix)
        assert nothing.lengths().tolist() == []

    def test_a_term_that_came_later_stands_nowhere(self, generator):
        counts, _ = drawn(generator, 4, 5)
        assert counts.items[counts.span(4)].tolist() == []


class TestLogits:
    def test_they_are_those_of_scipy(self, generator):
        values = generator.normal(0, 300, size=(4, 9))
        assert logsumexp(values) == pytest.approx(special.logsumexp(values, axis=1))
        assert log_softmax(values) == pytest.approx(special.log_softmax(values, axis=1))
        assert softmax(values) == pytest.approx(special.softmax(values, axis=1))
        assert softmax(values[0]) == pytest.approx(special.softmax(values[0]))
