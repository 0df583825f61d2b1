from dataclasses import replace

import numpy as np
import pytest

from lab.errors import BadInput, Cancelled
from lab.learn import fitting, training
from lab.learn.models import ARTICLE
from lab.learn.schedule import ALL_LAYERS, BASELINE, HEAD, Schedule
from lab.sound.features import PUBLISHED
from tests.lab.learn.sounds import TINY, examples, learning_set

QUICK = Schedule("baseline", epochs=6, rate=1e-2, patience=6)
STAGES = (Schedule("head", 12, 2e-2), Schedule("all layers", 2, 5e-3), Schedule("own recordings", 1, 1e-3))


@pytest.fixture(scope="module")
def baseline():
    return training.train_on(learning_set(3), TINY, QUICK)


def test_a_baseline_learns_bands_and_scores_windows_and_clips(baseline):
    assert baseline.scores["windows"]["accuracy"] > 0.9
    assert baseline.scores["clips"]["count"] == 15
    assert "Total params" in baseline.summary
    assert baseline.model.output_shape == (None, 3)


def test_each_epoch_is_told_with_its_stage(baseline):
    assert [row["epoch"] for row in baseline.history] == list(range(1, 7))
    assert {"stage", "loss", "accuracy", "val_loss", "val_accuracy"} <= set(baseline.history[0])


def test_equal_seeds_give_equal_networks():
    data, quick = learning_set(2), Schedule("baseline", 1, 1e-3)
    first, second, other = (training.train_on(data, TINY, quick, seed).model.get_weights() for seed in (3, 3, 4))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


def test_the_first_stage_moves_only_the_head(baseline):
    data = learning_set(2, labels=("alarm", "rest"))
    made = training.finetune_on(baseline, data, ("alarm",), None, STAGES[:1])
    pairs = zip(baseline.model.get_weights()[:-2], made.model.get_weights()[:-2], strict=True)
    assert all(np.array_equal(before, after) for before, after in pairs)


def test_finetuning_leaves_the_baseline_as_it_is_and_gives_one_probability(baseline):
    before = [weights.copy() for weights in baseline.model.get_weights()]
    data = learning_set(2, labels=("alarm", "rest"))
    made = training.finetune_on(baseline, data, ("alarm",), data, STAGES)
    assert made.model.output_shape == (None, 1)
    assert made.scores["windows"]["accuracy"] > 0.9
    assert [row["stage"] for row in made.history] == 12 * ["head"] + 2 * ["all layers"] + ["own recordings"]
    assert all(np.array_equal(a, b) for a, b in zip(before, baseline.model.get_weights(), strict=True))


def test_more_labels_give_a_softmax_with_the_positive_first(baseline):
    data = learning_set(3, labels=training.ordered(("dog", "alarm", "cat"), ("alarm",)))
    made = training.finetune_on(baseline, data, ("alarm",), None, STAGES[:1])
    assert made.labels == ("alarm", "dog", "cat")
    assert made.model.output_shape == (None, 3)


def test_a_positive_label_that_is_not_there_is_refused():
    with pytest.raises(BadInput, match="labelled fire"):
        training.ordered(("dog", "cat"), ("fire",))


def test_another_spec_than_the_baselines_is_refused(baseline):
    with pytest.raises(BadInput, match="published"):
        training.finetune_on(baseline, learning_set(2, PUBLISHED), ("a",))


def test_a_callback_that_raises_stops_training():
    def stop(row):
        raise Cancelled

    with pytest.raises(Cancelled):
        training.train_on(learning_set(2), TINY, QUICK, on_epoch=stop)


def test_early_stopping_keeps_the_best_weights():
    data = learning_set(2)
    seen = examples(60)
    wrong = replace(seen, classes=1 - seen.classes)  # the better it learns, the worse it scores
    against = replace(data, validate=wrong)
    made = training.train_on(against, TINY, Schedule("baseline", 30, 1e-2, patience=2))
    assert len(made.history) < 30
    best = min(row["val_loss"] for row in made.history)
    assert made.history[-1]["val_loss"] > best


def test_the_articles_network_learns_published_magnitudes():
    made = training.train_on(learning_set(2, PUBLISHED), ARTICLE, Schedule("baseline", 4, 5e-3))
    assert made.scores["windows"]["accuracy"] > 0.9


def test_the_articles_schedules_are_the_articles():
    assert (BASELINE.epochs, BASELINE.rate, BASELINE.decay_after, BASELINE.patience) == (250, 1e-3, 100, 25)
    assert (HEAD.epochs, HEAD.rate, HEAD.decay_after, HEAD.patience) == (25, 1e-2, 10, 5)
    assert (ALL_LAYERS.epochs, ALL_LAYERS.rate) == (10, 1e-4)
    assert HEAD.decayed(9, 1e-2) == 1e-2
    assert HEAD.decayed(10, 1e-2) == pytest.approx(0.009048, abs=1e-6)


@pytest.mark.parametrize("bad", [{"epochs": 0}, {"rate": 0.0}, {"batch": 0}])
def test_an_impossible_schedule_is_refused(bad):
    with pytest.raises(BadInput):
        Schedule(**{"stage": "x", "epochs": 1, "rate": 1e-3, **bad})


def drawing(data, asked):
    """Return the examples as ones whose copies change, fewer or more with each draw."""

    def fresh(epoch):
        asked.append(epoch)
        return data.train.take(np.arange(200 + 10 * (epoch % 7)))

    return replace(data, fresh=fresh)


def test_each_epoch_asks_for_its_own_copies_and_stages_count_on(baseline):
    asked = []
    data = drawing(learning_set(2, labels=("alarm", "rest")), asked)
    training.finetune_on(baseline, data, ("alarm",), None, (Schedule("head", 3, 1e-2), Schedule("all layers", 2, 1e-3)))
    assert asked == [0, 1, 2, 3, 4]


def test_an_epoch_has_the_same_number_of_windows_whatever_was_drawn():
    data, asked = learning_set(2), []
    batches = fitting.fresh_batches(drawing(data, asked).fresh, data.train, 32, False, {0: 2.0}, seed=4)
    for _ in range(3):
        rounds = list(batches.as_numpy_iterator())
        assert [len(inputs) for inputs, *_ in rounds] == [32] * 7 + [16]
        classes, weights = (np.concatenate([each[place] for each in rounds]) for place in (1, 2))
        assert weights.tolist() == np.where(classes == 0, 2.0, 1.0).tolist()
        assert rounds[0][0].shape == (32, 31, 32, 1)
    assert asked == [0, 1, 2]


def test_fresh_copies_train_a_network_and_equal_seeds_give_equal_ones():
    quick = Schedule("baseline", epochs=4, rate=1e-2)
    made = [training.train_on(drawing(learning_set(2), []), TINY, quick, 3) for _ in range(2)]
    assert made[0].scores["windows"]["accuracy"] > 0.9
    first, second = (each.model.get_weights() for each in made)
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_stopping_and_a_sound_that_is_gone_end_training_with_their_own_sentence():
    def stop(row):
        raise Cancelled

    def gone(epoch):
        if epoch == 2:
            raise BadInput("The file 3f2a… is gone from the store.")
        return learning_set(2).train

    with pytest.raises(Cancelled):
        training.train_on(drawing(learning_set(2), []), TINY, QUICK, on_epoch=stop)
    with pytest.raises(BadInput, match="is gone from the store"):
        training.train_on(replace(learning_set(2), fresh=gone), TINY, QUICK)
