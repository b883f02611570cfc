"""What belongs together is on one side of every cut, and what is alone is cut as scikit-learn cuts it."""

import logging

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split

from acme_ml.data.splitting import TiedFolds, Ties, find_sides, hold_out, tie
from acme_ml.errors import DataError

RANDOM = np.random.default_rng(0)
ALONE = np.arange(200, dtype=np.uint64)
LABELS = RANDOM.permutation(np.repeat(["a", "b"], [150, 50]))


def sides(ties: Ties, labels: NDArray[np.str_] | None = None, folds: int = 4) -> list[tuple[set[int], set[int]]]:
    """Return the rows on both sides of the first cut, and of each fold of the rows to train on."""
    train, test = hold_out(ties, 0.25, 0, labels)
    assert sorted([*train, *test]) == list(range(len(ties.groups)))
    cuts = TiedFolds(folds, ties.take(train), None if labels is None else labels[train]).split()
    return [(set(train), set(test)), *((set(train[left]), set(train[right])) for left, right in cuts)]


def test_examples_that_are_all_different_are_cut_as_ever() -> None:
    ties = tie(ALONE)
    train, test = hold_out(ties, 0.25, 3, LABELS)
    expected = train_test_split(np.arange(200), test_size=0.25, stratify=LABELS, random_state=3)
    assert [train.tolist(), test.tolist()] == [part.tolist() for part in expected]
    for labels, plain in ((LABELS[train], StratifiedKFold(4)), (None, KFold(4))):
        found = list(TiedFolds(4, ties.take(train), labels).split())
        for part, other in zip(found, plain.split(train, labels), strict=True):
            assert [places.tolist() for places in part] == [places.tolist() for places in other]


def test_equal_examples_are_on_one_side(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    keys = RANDOM.permutation(np.repeat(ALONE, 4))
    labels = LABELS[keys.astype(int)]
    for left, right in sides(tie(keys), labels):
        assert not set(keys[list(left)]) & set(keys[list(right)])
        assert np.isclose((labels[list(right)] == "b").mean(), 0.25, atol=0.03)
    assert "600 of 800 examples are copies of others" in caplog.text


def test_where_few_examples_differ_equal_ones_are_no_copies(caplog: pytest.LogCaptureFixture) -> None:
    ties = tie(np.repeat(ALONE[:8], 100))
    assert len(np.unique(ties.groups)) == 800
    assert "only 8 examples of 800 differ: equal ones are trained and tested on" in caplog.text


def test_what_was_split_before_stays_where_it_was_and_the_rest_is_cut_anew() -> None:
    keys = np.arange(300, dtype=np.uint64)
    known = (keys[:160], keys[160:200])
    found = find_sides(lambda: keys, known)
    train, test = hold_out(tie(keys), 0.25, 0, RANDOM.choice(["a", "b"], 300), sides=found)
    assert set(range(160)) <= set(train)
    assert set(range(160, 200)) <= set(test)
    assert len(set(test) - set(range(200))) == 25
    assert find_sides(lambda: keys, None) is None


def test_a_group_of_which_something_was_learned_is_no_more_held_out() -> None:
    keys = np.arange(300, dtype=np.uint64)
    found = find_sides(lambda: keys, (keys[:100], keys[100:200]))
    train, test = hold_out(tie(keys, groups=keys // 6), 0.25, 0, sides=found)
    assert set(range(102)) <= set(train)
    assert set(range(102, 200)) <= set(test)


def test_few_new_examples_are_measured_on_and_none_left_is_split_anew(caplog: pytest.LogCaptureFixture) -> None:
    keys = np.arange(101, dtype=np.uint64)
    train, test = hold_out(tie(keys), 0.25, 0, sides=find_sides(lambda: keys, (keys[:80], keys[80:100])))
    assert (len(train), set(test)) == (80, set(range(80, 101)))
    train, test = hold_out(tie(keys), 0.25, 0, sides=find_sides(lambda: keys, (keys, keys[:0])))
    assert len(test) == 26
    assert "they are split anew" in caplog.text


@pytest.mark.parametrize("labels", [None, "of rows"])
def test_a_group_is_on_one_side(labels: str | None) -> None:
    people = RANDOM.integers(0, 40, 800).astype(str)
    classes = None if labels is None else RANDOM.choice(["a", "b"], 800)
    for left, right in sides(tie(RANDOM.integers(0, 9, 800).astype(np.uint64), groups=people), classes):
        assert not set(people[list(left)]) & set(people[list(right)])
        assert right


def test_what_is_later_is_tested_on() -> None:
    times = RANDOM.integers(0, 60, 800).astype(float)
    first, *folds = sides(tie(RANDOM.integers(0, 9, 800).astype(np.uint64), times=times))
    for left, right in (first, *folds):
        assert times[list(left)].max() < times[list(right)].min()
    assert len(first[1]) == pytest.approx(200, abs=20)


@pytest.mark.parametrize(
    ("ties", "problem"),
    [
        (tie(ALONE, groups=np.zeros(200)), "all examples have one group"),
        (tie(ALONE, times=np.zeros(200)), "all examples have one time"),
        (tie(ALONE, times=np.array([0.0] * 100 + [1.0] * 100)), "no example of 'b' is left to train on"),
    ],
)
def test_what_cannot_be_cut_is_refused(ties: Ties, problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        hold_out(ties, 0.25, 0, np.repeat(["a", "b"], 100))


@pytest.mark.parametrize("ties", [tie(ALONE, groups=ALONE % 3), tie(ALONE, times=ALONE % 4)])
def test_more_folds_than_there_are_groups_or_times_are_refused(ties: Ties) -> None:
    with pytest.raises(DataError, match=r"cannot be cut into the 4 folds that evaluation\.folds asks for"):
        list(TiedFolds(4, ties).split())
