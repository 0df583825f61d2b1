import pytest

from lab.errors import BadInput
from lab.study.tree.limits import broken, limits_of
from tests.lab.study.tree.test_table import row

ROWS = [row("PTQ", 0, 0.96, 80), row("PCQAT", 0, 0.93, 40)]


def test_rows_within_their_limits_break_none():
    assert broken(ROWS, limits_of(["gzip_bytes<=80", "accuracy_int8 >= 0.93", "cycles<=1e3"])) == []


def test_each_broken_limit_is_a_sentence_with_both_numbers():
    assert broken(ROWS, limits_of(["gzip_bytes<=50", "accuracy_int8>=.95"])) == [
        "PTQ, seed 0 has gzip_bytes 80, more than 50", "PCQAT, seed 0 has accuracy_int8 0.93, less than 0.95",
    ]  # fmt: skip


def test_what_failed_or_was_not_measured_breaks_a_limit():
    rows = [row("PQAT", 0, 0, failed="no"), row("CQAT", 0, 0.9) | {"cycles": None, "cycles_why": "no cross compiler"}]
    assert broken(rows, limits_of(["cycles<=1000"])) == [
        "PQAT, seed 0 failed: no", "CQAT, seed 0 has no cycles: no cross compiler",
    ]  # fmt: skip


def test_a_promise_not_kept_breaks_limits_of_any_kind():
    assert broken([row("PQAT", 0, 0.9, kept=False)], limits_of(["seconds<=9"])) == [
        "PQAT, seed 0 does not keep what it promises"
    ]


@pytest.mark.parametrize("text", ["", "size<=3", "gzip_bytes<3", "gzip_bytes<=", "gzip_bytes<=many", "cycles<=1.2.3"])
def test_what_is_no_limit_is_refused(text):
    with pytest.raises(BadInput, match="limit"):
        limits_of([text])
