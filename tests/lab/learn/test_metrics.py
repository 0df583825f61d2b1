import numpy as np

from lab.learn import metrics

TRUTH = np.array([True, True, True, False, False])
SAID = np.array([True, True, False, True, False])


def test_binary_scores_are_shares_of_what_they_name():
    assert metrics.binary_scores(TRUTH, SAID) == {
        "count": 5,
        "accuracy": 0.6,
        "precision": 0.666667,
        "recall": 0.666667,
    }


def test_precision_of_nothing_said_is_none():
    assert metrics.binary_scores(TRUTH, np.zeros(5, bool))["precision"] is None


def test_confusion_has_the_truth_in_rows():
    table = metrics.confusion(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 0]), 3)
    assert table.tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 0]]


def test_class_means_leave_out_classes_that_never_occur():
    scores = metrics.class_scores(np.array([0, 0, 1]), np.array([0, 1, 1]), ["a", "b", "never"])
    assert (scores["accuracy"], scores["recall"], scores["precision"]) == (0.666667, 0.75, 0.75)


def test_a_curve_trades_recall_for_precision():
    truth = np.array([True, True, False, False])
    curve = metrics.threshold_curve(truth, np.array([0.9, 0.4, 0.6, 0.1]), (0.2, 0.5, 0.8, 0.95))
    assert curve["recall"] == [1.0, 0.5, 0.5, 0.0]
    assert curve["precision"] == [0.666667, 0.5, 1.0, None]
    assert curve["false_positive_rate"] == [0.5, 0.5, 0.0, 0.0]


def test_a_curve_agrees_with_counting_one_by_one():
    rng = np.random.default_rng(0)
    truth, probability = rng.random(200) < 0.4, rng.random(200)
    curve = metrics.threshold_curve(truth, probability)
    for limit, recall in zip(curve["threshold"], curve["recall"], strict=True):
        heard = [p >= limit for p, alarm in zip(probability, truth, strict=True) if alarm]
        assert abs(recall - sum(heard) / len(heard)) < 1e-6
