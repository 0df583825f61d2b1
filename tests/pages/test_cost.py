"""One sentence says what a leaf costs, and claims no more than was measured."""

from lab.study.tree.table import summary
from pages.ui import cost
from tests.lab.study.tree.test_table import row

LABELS = ["alarm", "not_alarm"]


def result(*rows, labels=LABELS):
    told = [each | {"confusion": [[90, 10], [5, 95]]} for each in rows]
    return {"summary": summary(told), "rows": told, "labels": labels}


def test_one_seed_is_told_as_one_seed():
    told = cost.sentence(result(row("PTQ", 0, 0.92, 80), row("PCQAT", 0, 0.90, 40)), "PCQAT")
    assert told == (
        "**PCQAT** takes 40 B zipped (50% of PTQ’s) and 1 k cycles (100% of PTQ’s); it is 2.00 points less accurate "
        "than PTQ, by one seed, and misses 10.0 % of the alarm windows (10.0 %). It is the smallest leaf."
    )


def test_a_difference_within_its_interval_is_no_difference():
    rows = [row(path, seed, score) for seed, scores in enumerate([(0.90, 0.91), (0.94, 0.92), (0.92, 0.93)])
            for path, score in zip(("PTQ", "CQAT"), scores, strict=True)]  # fmt: skip
    assert "as accurate as PTQ, as far as 3 seeds tell (95 %: -4.30 to +4.30 points)" in cost.sentence(
        result(*rows), "CQAT"
    )


def test_a_difference_beyond_its_interval_is_told_with_it():
    rows = [
        row(path, seed, score + seed / 1_000) for seed in range(3) for path, score in (("PTQ", 0.95), ("CQAT", 0.9))
    ]
    rows[5]["accuracy_int8"] -= 0.003
    told = cost.sentence(result(*rows), "CQAT")
    assert "it is 5.10 points less accurate than PTQ (95 %: -5.53 to -4.67, 3 seeds)" in told


def test_without_ptq_there_is_nothing_to_compare_with():
    told = cost.sentence(result(row("PQAT", 0, 0.91, 40), labels=["cat", "dog"]), "PQAT")
    assert told == (
        "**PQAT** takes 40 B zipped and 1 k cycles; 91.0 % of held-out examples are decided rightly. Walk PTQ too, to "
        "compare."
    )


def test_other_labels_than_alarms_have_no_misses():
    assert "misses" not in cost.sentence(result(row("PTQ", 0, 0.9), row("QAT", 0, 0.9), labels=["cat", "dog"]), "QAT")


def test_a_broken_promise_is_said():
    told = cost.sentence(result(row("PTQ", 0, 0.9), row("PQAT", 0, 0.9, 20, kept=False)), "PQAT")
    assert told.endswith("It does **not** keep what it promises.")


def test_the_smallest_keeps_its_promises():
    rows = summary([row("PTQ", 0, 0.9, 80), row("PQAT", 0, 0.9, 20, kept=False), row("CQAT", 0, 0, failed="no")])
    assert cost.smallest(rows) == "PTQ"
    assert cost.smallest(summary([row("PTQ", 0, 0, failed="no")])) is None
